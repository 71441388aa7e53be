#include "support/random_schedules.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace dray::testing_support {

using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

const std::vector<std::string> no_names;
const std::vector<std::string> month_words = {"jan", "feb", "mar", "apr", "may", "jun",
                                              "jul", "aug", "sep", "oct", "nov", "dec"};
const std::vector<std::string> weekday_words = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

}  // namespace

const std::vector<std::string>& RandomSchedules::zones() {
  static const std::vector<std::string> all = {
      "UTC",                  // never changes
      "Europe/Berlin",        // 02:00 and 03:00
      "Europe/London",        // over UTC's own hour
      "America/New_York",     //
      "America/Sao_Paulo",    // at midnight
      "America/Havana",       // at midnight, and back to midnight
      "America/St_Johns",     // at 00:01 until 2011, half hours off
      "America/Santiago",     // at 24:00
      "Africa/Casablanca",    // four times a year
      "Africa/Cairo",         //
      "Antarctica/Troll",     // two hours
      "Asia/Kathmandu",       // 45 minutes off
      "Asia/Tehran",          // at midnight, half hours off
      "Asia/Beirut",          //
      "Atlantic/Azores",      // 00:00 to 01:00
      "Australia/Lord_Howe",  // half an hour
      "Pacific/Chatham",      // 02:45
      "Pacific/Apia",         // left a day out
  };
  return all;
}

const std::string& RandomSchedules::zone() {
  return zones().at(below(static_cast<std::uint32_t>(zones().size())));
}

std::string RandomSchedules::value(unsigned number, unsigned low,
                                   const std::vector<std::string>& names) {
  const std::size_t index = number - low;
  if (index < names.size() && chance(40)) return names[index];
  return std::to_string(number);
}

std::string RandomSchedules::item(unsigned low, unsigned high,
                                  const std::vector<std::string>& names) {
  const unsigned first = low + below(high - low + 1);
  if (chance(50)) return value(first, low, names);
  const unsigned last = first + below(high - first + 1);
  // Range and step in names would not show that Sunday is 0 and 7.
  std::string range = value(first, low, names) + "-" + std::to_string(last);
  if (last > first && chance(40)) range += "/" + std::to_string(1 + below(last - first));
  return range;
}

std::string RandomSchedules::field(unsigned low, unsigned high,
                                   const std::vector<std::string>& names,
                                   std::uint32_t percent_of_asterisks) {
  if (chance(percent_of_asterisks)) return "*";
  if (chance(25)) return "*/" + std::to_string(1 + below(high - low));
  std::string out = item(low, high, names);
  while (chance(30))
    out += "," + item(low, high, names);
  return out;
}

std::string RandomSchedules::cron() {
  const std::string minute = field(0, 59, no_names, 10);
  const std::string hour = field(0, 23, no_names, 30);
  const std::string day = field(1, 31, no_names, 60);
  const std::string month = field(1, 12, month_words, 75);
  const std::string weekday = field(0, 7, weekday_words, 60);
  return minute + " " + hour + " " + day + " " + month + " " + weekday;
}

std::string RandomSchedules::with_a_slip(std::string text) {
  constexpr std::string_view letters = "0123456789*,-/?#~LWHabcdefgjmnoprstuvy";
  const std::size_t at = below(static_cast<std::uint32_t>(text.size()));
  const char letter = letters.at(below(static_cast<std::uint32_t>(letters.size())));
  switch (below(3)) {
    case 0:
      text.insert(at, 1, letter);
      break;
    case 1:
      text.erase(at, 1);
      break;
    default:
      text.at(at) = letter;
  }
  return text;
}

std::string RandomSchedules::time_of_day() {
  // Many in the hours in which clocks change.
  const std::uint32_t minute = chance(60) ? below(240) : below(24 * 60);
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "%02u:%02u", minute / 60, minute % 60);
  return text.data();
}

ScheduleText RandomSchedules::timetable() {
  ScheduleText text;
  text.timezone = zone();
  switch (below(4)) {
    case 0:
      text.every = chance(80) ? std::to_string(1 + below(24 * 60 - 1)) + "m"
                              : std::to_string(1 + below(9)) + "d";
      break;
    case 1:
      do
        text.times.push_back(time_of_day());
      while (chance(75));
      break;
    default:
      text.cron = cron();
  }
  return text;
}

void RandomSchedules::add_rules(ScheduleText& text) {
  if (chance(50)) {
    // At least an hour is left, and jitter is less.
    const std::uint32_t begin = below(24 * 60);
    const std::uint32_t to_midnight = 24 * 60 - begin;
    const bool until_midnight = chance(20) && to_midnight <= 23 * 60;
    const std::uint32_t end = begin + (until_midnight ? to_midnight : 1 + below(23 * 60 - 1));
    std::array<char, 16> window{};
    std::snprintf(window.data(), window.size(), "%02u:%02u-%02u:%02u", begin / 60, begin % 60,
                  end / 60 % 24, end % 60);
    text.quiet.emplace_back(window.data());
  }
  if (chance(50)) text.jitter = std::to_string(1 + below(59)) + "m";
  if (chance(50)) text.max_per_day = std::to_string(1 + below(chance(50) ? 5 : 100));
}

sys_seconds RandomSchedules::instant(const Zone& zone, sys_seconds begin, sys_seconds end) {
  const auto within = [&](sys_seconds low, seconds length) {
    return low + seconds(below(static_cast<std::uint32_t>(length.count())));
  };
  const sys_seconds any = within(begin, end - begin);
  const Zone::Stretch stretch = zone.stretch_at(any);
  if (stretch.begin < begin || chance(20)) return any;
  // Many in the time that a change leaves out or brings twice.
  const seconds change = std::chrono::abs(stretch.offset - stretch.offset_before);
  const seconds around = chance(50) ? change : std::chrono::days(2);
  return std::clamp(within(stretch.begin - around, 2 * around), begin, end);
}

}  // namespace dray::testing_support
