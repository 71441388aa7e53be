#include "schedule/schedule.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "base/hash.h"
#include "base/text.h"
#include "config/values.h"
#include "schedule/in_quotes.h"
#include "schedule/parse_cron.h"
#include "schedule/zone_data.h"

namespace dray {

using std::chrono::days;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr std::size_t day_minutes = 24 * 60;
// What a list may have: each minute of the day.
constexpr std::size_t entries_max = day_minutes;

// "quiet, entry 2"
std::string entry_name(std::string_view setting, std::size_t index) {
  return std::string(setting) + ", entry " + std::to_string(index + 1);
}

Error text_error(std::string_view setting, std::string_view text, std::string what,
                 std::string remedy) {
  return config_error(std::string(setting) + " " + in_quotes(text) + ": " + std::move(what),
                      std::move(remedy));
}

// "1h 30m" less what is 0; for remedies.
std::string length_text(seconds length) {
  struct Unit {
    seconds length;
    char letter;
  };
  constexpr std::array units = {Unit{days(1), 'd'}, Unit{std::chrono::hours(1), 'h'},
                                Unit{minutes(1), 'm'}, Unit{seconds(1), 's'}};
  std::string out;
  for (const Unit& unit : units) {
    const auto count = length / unit.length;
    if (count == 0) continue;
    length -= count * unit.length;
    if (!out.empty()) out += ' ';
    out += std::to_string(count) + unit.letter;
  }
  return out.empty() ? "0s" : out;
}

Result<seconds> parse_length(std::string_view setting, std::string_view text) {
  const std::optional<seconds> length = parse_age(text);
  if (length) return *length;
  const std::size_t number_end = std::min(text.find_first_not_of("0123456789. "), text.size());
  return text_error(setting, text,
                    "it is no length of time (character " + std::to_string(number_end + 1) + ")",
                    "write a number and a unit, such as 15m, 1h or 1d");
}

Result<Timetable> parse_every(std::string_view text) {
  constexpr seconds length_min = minutes(1);
  constexpr seconds length_max = days(366);
  DRAY_ASSIGN(const seconds length, parse_length("every", text));
  if (length < length_min) {
    return text_error("every", text, "it is less than a minute", "write 1m or more");
  }
  if (length > length_max) {
    return text_error("every", text, "it is more than 366 days",
                      "write 366d or less, or a cron expression such as @yearly");
  }
  if (length > days(1) && length % seconds(days(1)) != seconds(0)) {
    const auto whole_days = length / seconds(days(1));
    return text_error(
        "every", text, "more than a day must be whole days",
        "write " + std::to_string(whole_days) + "d or " + std::to_string(whole_days + 1) + "d");
  }
  return Timetable(Every{length});
}

struct TimeText {
  minutes time{0};
  std::size_t bytes = 0;  // What was read of the text.
};

// "06:00" or "6:00" at the front of `text`; 24:00 is the end of the day.
std::optional<TimeText> leading_time(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon != 1 && colon != 2) return std::nullopt;
  if (text.size() < colon + 3) return std::nullopt;
  const auto digit = [&](std::size_t at) { return static_cast<int>(text[at] - '0'); };
  for (std::size_t i = 0; i < colon + 3; ++i) {
    if (i != colon && !is_digit(text[i])) return std::nullopt;
  }
  const int hour = colon == 1 ? digit(0) : digit(0) * 10 + digit(1);
  const int minute = digit(colon + 1) * 10 + digit(colon + 2);
  const minutes time = std::chrono::hours(hour) + minutes(minute);
  if (minute > 59 || time > days(1)) return std::nullopt;
  return TimeText{time, colon + 3};
}

Result<Timetable> parse_times(const std::vector<std::string>& texts) {
  constexpr std::string_view remedy = "write hours and minutes, from 00:00 to 23:59";
  if (texts.size() > entries_max) {
    return config_error("times: more than one entry for each minute of the day",
                        "write every: 1m, or a cron expression");
  }
  TimesOfDay plan;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    const std::string_view text = trimmed(texts[i]);
    const std::optional<TimeText> time = leading_time(text);
    if (!time) {
      return text_error(entry_name("times", i), texts[i], "it is no time of the day",
                        std::string(remedy));
    }
    if (time->bytes != text.size()) {
      return text_error(entry_name("times", i), texts[i],
                        "there is more than hours and minutes (character " +
                            std::to_string(time->bytes + 1) + ")",
                        std::string(remedy));
    }
    if (time->time == days(1)) {
      return text_error(entry_name("times", i), texts[i], "it is no time of the day",
                        "write 00:00");
    }
    plan.times.push_back(time->time);
  }
  std::ranges::sort(plan.times);
  plan.times.erase(std::unique(plan.times.begin(), plan.times.end()), plan.times.end());
  return Timetable(std::move(plan));
}

Result<Timetable> parse_timetable(const ScheduleText& text) {
  std::vector<std::string> given;
  if (!text.every.empty()) given.emplace_back("every");
  if (!text.cron.empty()) given.emplace_back("cron");
  if (!text.times.empty()) given.emplace_back("times");
  if (given.empty()) {
    return config_error("the schedule does not say when",
                        "write one of every: 1h, cron: \"0 * * * *\" and times: [\"06:00\"]");
  }
  if (given.size() > 1) {
    return config_error("the schedule has " + given[0] + " and " + given[1], "keep one of them");
  }
  if (!text.every.empty()) return parse_every(text.every);
  if (!text.times.empty()) return parse_times(text.times);
  DRAY_ASSIGN(const Cron cron, parse_cron(text.cron));
  return Timetable(cron);
}

Result<QuietHours::Window> parse_window(const std::string& setting, const std::string& written) {
  constexpr std::string_view remedy =
      "write two times of the day with a dash between them, such as \"22:00-06:00\"";
  const std::string_view text = trimmed(written);
  const std::size_t dash = std::min(text.find('-'), text.size());
  const std::string_view begin_text = trimmed(text.substr(0, dash));
  const std::string_view end_text = trimmed(text.substr(std::min(dash + 1, text.size())));
  const std::optional<TimeText> begin = leading_time(begin_text);
  if (!begin || begin->bytes != begin_text.size() || begin->time == days(1)) {
    return text_error(setting, written, "it begins with no time of the day (character 1)",
                      std::string(remedy));
  }
  const std::optional<TimeText> end = leading_time(end_text);
  if (!end || end->bytes != end_text.size()) {
    return text_error(
        setting, written,
        "it ends with no time of the day (character " + std::to_string(dash + 2) + ")",
        std::string(remedy));
  }
  if (begin->time == end->time) {
    return text_error(setting, written, "it ends where it begins",
                      "write an end that is not the beginning, or leave it out");
  }
  return QuietHours::Window{begin->time, end->time};
}

Result<std::vector<QuietHours::Window>> parse_windows(const std::vector<std::string>& texts) {
  if (texts.size() > entries_max) {
    return config_error("quiet: more than one entry for each minute of the day", "write fewer");
  }
  std::vector<QuietHours::Window> windows;
  for (std::size_t i = 0; i < texts.size(); ++i) {
    DRAY_ASSIGN(const QuietHours::Window window, parse_window(entry_name("quiet", i), texts[i]));
    windows.push_back(window);
  }
  return windows;
}

Result<seconds> parse_jitter(std::string_view text) {
  if (text.empty()) return seconds(0);
  DRAY_ASSIGN(const seconds jitter, parse_length("jitter", text));
  if (jitter > days(1)) {
    return text_error("jitter", text, "it is more than a day", "write 1d or less");
  }
  return jitter;
}

Result<std::optional<std::size_t>> parse_max_per_day(std::string_view written) {
  const std::string_view text = trimmed(written);
  if (text.empty()) return std::optional<std::size_t>();
  std::size_t count = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = failure == std::errc{} && end == text.data() + text.size();
  if (whole && count >= 1 && count <= day_minutes) return std::optional(count);
  if (whole && count == 0) {
    return text_error("max_per_day", written, "no run would ever begin",
                      "write 1 or more, or take the schedule away");
  }
  return text_error("max_per_day", written, "it is no number of runs in a day",
                    "write a whole number from 1 to " + std::to_string(day_minutes));
}

// Whatever the delay turns out to be, some time of the day is left.
Result<void> check_rest(const QuietHours& quiet, seconds jitter) {
  const seconds rest = quiet.longest_rest();
  if (rest == seconds(0)) {
    return config_error("quiet: the windows leave no time of the day in which a run may begin",
                        "leave some time between them");
  }
  if (rest >= jitter) return {};
  return config_error("quiet: the windows leave " + length_text(rest) +
                          " of the day at most, and jitter is " + length_text(jitter),
                      "write a jitter of " + length_text(rest) + " or less, or shorter windows");
}

}  // namespace

seconds jitter_delay(seconds jitter, std::string_view source, std::string_view warehouse) {
  if (jitter <= seconds(0)) return seconds(0);
  std::string names(source);
  names += '\0';  // In no name, so that no two pairs make one text.
  names += warehouse;
  return seconds(xxh3(names) % static_cast<std::uint64_t>(jitter.count()));
}

Result<Schedule> parse_schedule(const ScheduleText& text, std::string_view source,
                                std::string_view warehouse) {
  Schedule schedule;
  DRAY_ASSIGN(schedule.timetable, parse_timetable(text));
  DRAY_ASSIGN(schedule.zone, find_zone(trimmed(text.timezone)));
  DRAY_ASSIGN(const seconds jitter, parse_jitter(text.jitter));
  DRAY_ASSIGN(const std::vector<QuietHours::Window> windows, parse_windows(text.quiet));
  DRAY_TRY(check_rest(QuietHours(windows, seconds(0)), jitter));
  DRAY_ASSIGN(schedule.begins_per_day_max, parse_max_per_day(text.max_per_day));
  schedule.delay = jitter_delay(jitter, source, warehouse);
  schedule.quiet = QuietHours(windows, schedule.delay);
  return schedule;
}

}  // namespace dray
