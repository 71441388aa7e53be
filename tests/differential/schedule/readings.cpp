#include "differential/schedule/readings.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <sstream>

#include "schedule/parse_cron.h"

namespace dray::schedule_oracles {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using std::chrono::year_month;
using std::chrono::year_month_day;

namespace {

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);)
    out.push_back(part);
  return out;
}

local_seconds clock(sys_seconds instant, seconds offset) {
  return local_seconds(instant.time_since_epoch() + offset);
}

sys_seconds at_offset(local_seconds time, seconds offset) {
  return sys_seconds(time.time_since_epoch() - offset);
}

DayRule day_rule_of_whole_asterisks(const std::string& text) {
  const std::vector<std::string> fields = split(text, ' ');
  return fields.at(2) == "*" || fields.at(4) == "*" ? DayRule::both : DayRule::either;
}

// The instant that has a minute which the beginning of `stretch` leaves out.
std::optional<sys_seconds> out_of_gap(Gap gap, const Zone::Stretch& stretch, local_seconds minute) {
  const local_seconds landing = clock(stretch.begin, stretch.offset);
  if (gap == Gap::left_out) return std::nullopt;
  if (gap == Gap::at_end_same_day) {
    const bool same_day = std::chrono::floor<days>(minute) == std::chrono::floor<days>(landing);
    return same_day ? std::optional(stretch.begin) : std::nullopt;
  }
  // A day that is left out has hours, but no hour after them is another.
  if (landing - clock(stretch.begin, stretch.offset_before) >= days(1)) return std::nullopt;
  const auto of_hour = minute - std::chrono::floor<hours>(minute);
  const local_seconds landed = std::chrono::floor<hours>(landing) + of_hour;
  if (landed < landing) return std::nullopt;
  return at_offset(landed, stretch.offset);
}

// The midnight that clocks show again because of the change that `stretch` begins with.
std::optional<local_seconds> midnight_again(const Zone::Stretch& stretch) {
  const local_seconds first = clock(stretch.begin, stretch.offset);
  const local_seconds midnight = std::chrono::ceil<days>(first);
  if (midnight >= clock(stretch.begin, stretch.offset_before)) return std::nullopt;
  return midnight;
}

// One search for one expression.
class Search {
 public:
  Search(const Reading& reading, const Cron& cron, const Zone& zone, sys_seconds after)
      : reading_(reading), cron_(cron), zone_(zone), after_(after) {}

  sys_seconds next() const {
    for (sys_seconds from = after_ + seconds(1);;) {
      const Zone::Stretch stretch = zone_.stretch_at(from);
      const sys_seconds regular = next_regular(stretch, from);
      const sys_seconds next = std::min(next_of_gap(stretch).value_or(regular), regular);
      if (next < stretch.end && !before_second_midnight(stretch, next)) return next;
      from = stretch.end;
    }
  }

 private:
  // cron-parser knows of no change that it did not come by.
  bool came_by(const Zone::Stretch& stretch) const { return after_ < stretch.begin; }

  sys_seconds next_regular(const Zone::Stretch& stretch, sys_seconds from) const {
    local_seconds shown = clock(from, stretch.offset);
    const local_seconds before = clock(stretch.begin, stretch.offset_before);
    const std::optional<local_seconds> midnight = midnight_again(stretch);
    if (reading_.fold == Fold::first ||
        (reading_.fold == Fold::first_walked_over && came_by(stretch))) {
      shown = std::max(shown, before);
    } else if (reading_.fold == Fold::second_midnight && came_by(stretch)) {
      const bool day_before = midnight && clock(after_, stretch.offset_before) < *midnight;
      shown = std::max(shown, day_before ? *midnight : before);
    }
    return at_offset(next_minute(cron_, shown), stretch.offset);
  }

  std::optional<sys_seconds> next_of_gap(const Zone::Stretch& stretch) const {
    if (!came_by(stretch)) return std::nullopt;
    const local_seconds landing = clock(stretch.begin, stretch.offset);
    std::optional<sys_seconds> first;
    for (local_seconds minute = next_minute(cron_, clock(stretch.begin, stretch.offset_before));
         minute < landing; minute = next_minute(cron_, minute + seconds(1))) {
      const std::optional<sys_seconds> moved = out_of_gap(reading_.gap, stretch, minute);
      if (moved && (!first || *moved < *first)) first = moved;
    }
    return first;
  }

  bool before_second_midnight(const Zone::Stretch& stretch, sys_seconds next) const {
    if (reading_.fold != Fold::second_midnight) return false;
    const std::optional<local_seconds> midnight = midnight_again(zone_.stretch_at(stretch.end));
    return midnight && clock(after_, stretch.offset) < *midnight &&
           clock(next, stretch.offset) >= *midnight;
  }

  const Reading& reading_;
  const Cron& cron_;
  const Zone& zone_;
  sys_seconds after_;
};

// Whether MonthEnd::spills_over loses `day` on the way from `after`.
bool is_lost(const Cron& cron, local_days day, local_days after) {
  const year_month_day date(day);
  const local_days month_begin(date.year() / date.month() / 1);
  if (after >= month_begin) return false;
  const year_month before = date.year() / date.month() - std::chrono::months(1);
  if ((cron.months >> static_cast<unsigned>(before.month()) & 1) == 0) return false;
  const local_days last(before / std::chrono::last);
  const auto length = static_cast<unsigned>(year_month_day(last).day());
  for (unsigned missing = length + 1; missing <= 31; ++missing) {
    const local_days taken = last + days(missing - length);
    const unsigned weekday = std::chrono::weekday(taken).c_encoding();
    const bool in_month = (cron.days >> missing & 1) != 0;
    const bool in_week = (cron.weekdays >> weekday & 1) != 0;
    const bool found = cron.day_rule == DayRule::either ? in_month || in_week : in_month && in_week;
    if (found) return day < taken;
  }
  return false;
}

// The values of an item of the i-th field. What it would never come with is not asked here.
std::uint64_t values_of(const std::string& item, std::size_t i) {
  std::vector<std::string> alone = {"0", "0", "*", "*", "*"};
  alone.at(i) = item;
  const Result<Cron> cron =
      parse_cron(alone[0] + " " + alone[1] + " " + alone[2] + " " + alone[3] + " " + alone[4]);
  const std::array<std::uint64_t, 5> values = {cron.value().minutes, cron.value().hours,
                                               cron.value().days, cron.value().months,
                                               cron.value().weekdays};
  return values.at(i);
}

// Of one month alone cron-parser passes over days that it never has, before it looks for
// duplicates.
std::uint64_t days_passed_over(const std::string& text) {
  const std::uint64_t months = parse_cron(text).value().months;
  if (!std::has_single_bit(months)) return 0;
  const auto month = static_cast<unsigned>(std::countr_zero(months));
  const year_month_day last(local_days(
      year_month(std::chrono::year(2000), std::chrono::month(month)) / std::chrono::last));
  return ~std::uint64_t{0} << (static_cast<unsigned>(last.day()) + 1);
}

local_days day_at(const Zone& zone, sys_seconds instant) {
  return std::chrono::floor<days>(zone.clock_at(instant));
}

}  // namespace

Reading croner_reading(const Cron& cron) {
  const bool fixed = std::has_single_bit(cron.minutes) && std::has_single_bit(cron.hours);
  if (fixed) return {Gap::at_end_same_day, Fold::first, MonthEnd::spills_over};
  return {Gap::left_out, Fold::both, MonthEnd::spills_over};
}

std::vector<Reading> cron_parser_readings(const Cron& cron) {
  constexpr std::uint32_t all_hours = (1U << 24) - 1;
  if (cron.hours == all_hours) {
    return {{Gap::left_out, Fold::both}, {Gap::left_out, Fold::second_midnight}};
  }
  return {{Gap::in_landing_hour, Fold::first_walked_over},
          {Gap::in_landing_hour, Fold::second_midnight}};
}

sys_seconds next_by(const Reading& reading, const std::string& text, const Cron& cron,
                    const Zone& zone, sys_seconds after) {
  Cron read = cron;
  read.day_rule = day_rule_of_whole_asterisks(text);
  sys_seconds next = Search(reading, read, zone, after).next();
  if (reading.month_end == MonthEnd::spills_over) {
    while (is_lost(read, day_at(zone, next), day_at(zone, after))) {
      next = Search(reading, read, zone, next).next();
    }
  }
  return next;
}

bool makes_cron_parser_stumble(const Zone& zone, sys_seconds after, sys_seconds until) {
  // It looks an hour ahead.
  for (Zone::Stretch stretch = zone.stretch_at(until + hours(1)); stretch.begin > after;
       stretch = zone.stretch_at(stretch.begin - seconds(1))) {
    if (stretch.offset_before - stretch.offset > hours(1)) return true;
    for (const seconds offset : {stretch.offset_before, stretch.offset}) {
      const local_seconds shown = clock(stretch.begin, offset);
      if (shown != std::chrono::floor<hours>(shown)) return true;
    }
  }
  return false;
}

bool has_a_value_twice(const std::string& text) {
  const std::vector<std::string> fields = split(text, ' ');
  for (std::size_t i = 0; i < fields.size(); ++i) {
    std::uint64_t seen = 0;
    for (const std::string& item : split(fields[i], ',')) {
      const std::uint64_t values = values_of(item, i) & ~(i == 2 ? days_passed_over(text) : 0);
      if ((seen & values) != 0) return true;
      seen |= values;
    }
  }
  return false;
}

}  // namespace dray::schedule_oracles
