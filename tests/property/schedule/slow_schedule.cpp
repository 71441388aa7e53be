#include "property/schedule/slow_schedule.h"

#include <algorithm>
#include <cstdlib>
#include <set>
#include <sstream>
#include <string_view>
#include <utility>

namespace dray::property {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

// How much earlier to begin with walking: to see a day's beginning, or all that clocks which are
// set back by hours at most showed before.
constexpr seconds day_and_more = std::chrono::hours(26);
constexpr seconds set_back_max = std::chrono::hours(4);

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);)
    out.push_back(part);
  return out;
}

int number(const std::string& text) {
  const std::string_view words = "sunmontuewedthufrisat";
  const std::string_view months = "janfebmaraprmayjunjulaugsepoctnovdec";
  if (const std::size_t at = words.find(text); at != std::string_view::npos) {
    return static_cast<int>(at / 3);
  }
  if (const std::size_t at = months.find(text); at != std::string_view::npos) {
    return static_cast<int>(at / 3) + 1;
  }
  return std::atoi(text.c_str());  // NOLINT: the generator writes numbers
}

// The values from `low` to `high` that `field` has.
std::set<int> values_of(const std::string& field, int low, int high) {
  std::set<int> values;
  for (const std::string& item : split(field, ',')) {
    const std::vector<std::string> parts = split(item, '/');
    const int step = parts.size() == 2 ? number(parts[1]) : 1;
    const std::vector<std::string> ends = split(parts[0], '-');
    const int first = parts[0] == "*" ? low : number(ends.front());
    const int last = parts[0] == "*" ? high : number(ends.back());
    for (int value = first; value <= last; value += step)
      values.insert(value);
  }
  return values;
}

seconds offset_at(const Zone& zone, sys_seconds instant) {
  return zone.clock_at(instant).time_since_epoch() - instant.time_since_epoch();
}

minutes minute_of_day(const std::string& text) {
  const std::vector<std::string> parts = split(text, ':');
  return minutes(number(parts[0]) * 60 + number(parts[1]));
}

}  // namespace

SlowSchedule::SlowSchedule(const ScheduleText& text, Zone zone, seconds delay)
    : text_(text), zone_(std::move(zone)), delay_(delay), fields_(split(text.cron, ' ')) {
  if (!fields_.empty()) {
    minutes_ = values_of(fields_[0], 0, 59);
    hours_ = values_of(fields_[1], 0, 23);
    days_ = values_of(fields_[2], 1, 31);
    months_ = values_of(fields_[3], 1, 12);
    weekdays_ = values_of(fields_[4], 0, 7);
    if (weekdays_.contains(7)) weekdays_.insert(0);
  }
  for (const std::string& window : text.quiet) {
    const std::vector<std::string> ends = split(window, '-');
    quiet_.emplace_back(minute_of_day(ends[0]), minute_of_day(ends[1]));
  }
}

bool SlowSchedule::has(local_seconds minute) const {
  const local_days day = std::chrono::floor<days>(minute);
  const auto of_day = std::chrono::floor<minutes>(minute - day);
  if (!text_.times.empty()) {
    return std::ranges::any_of(
        text_.times, [&](const std::string& time) { return minute_of_day(time) == of_day; });
  }
  if (!minutes_.contains(static_cast<int>(of_day.count() % 60))) return false;
  if (!hours_.contains(static_cast<int>(of_day.count() / 60))) return false;
  const std::chrono::year_month_day date(day);
  if (!months_.contains(static_cast<int>(static_cast<unsigned>(date.month())))) return false;
  const bool in_month = days_.contains(static_cast<int>(static_cast<unsigned>(date.day())));
  const bool in_week = weekdays_.contains(static_cast<int>(std::chrono::weekday(day).c_encoding()));
  const bool either = fields_[2][0] != '*' && fields_[4][0] != '*';
  return either ? in_month || in_week : in_month && in_week;
}

void SlowSchedule::walk(
    seconds before, sys_seconds from, sys_seconds to,
    const std::function<void(sys_seconds, local_seconds, local_seconds)>& visit) const {
  sys_seconds minute = std::chrono::floor<minutes>(from) - before;
  local_seconds shown = zone_.clock_at(minute);
  for (; minute < to; minute += minutes(1)) {
    const local_seconds now = zone_.clock_at(minute);
    visit(minute, shown + minutes(1), now);
    shown = std::max(shown, now);
  }
}

std::vector<sys_seconds> SlowSchedule::occurrences(sys_seconds from, sys_seconds to) const {
  std::vector<sys_seconds> out;
  const auto add = [&](sys_seconds minute) {
    if (minute >= from) out.push_back(minute);
  };
  if (text_.every.ends_with('d')) {
    const auto length = std::atoi(text_.every.c_str());  // NOLINT: as above
    const local_days monday = std::chrono::floor<days>(local_seconds(days(4)));
    walk(day_and_more, from, to,
         [&](sys_seconds minute, local_seconds first_new, local_seconds last_new) {
           for (local_seconds time = first_new; time <= last_new; time += minutes(1)) {
             const local_days day = std::chrono::floor<days>(time);
             if (time != day || (day - monday).count() % length != 0) continue;
             add(minute);
             return;
           }
         });
  } else if (!text_.every.empty()) {
    const minutes length(std::atoi(text_.every.c_str()));  // NOLINT: as above
    std::optional<sys_seconds> day_begin;
    walk(day_and_more, from, to,
         [&](sys_seconds minute, local_seconds first_new, local_seconds last_new) {
           for (local_seconds time = first_new; time <= last_new; time += minutes(1)) {
             if (time == std::chrono::floor<days>(time)) day_begin = minute;
           }
           if (day_begin && (minute - *day_begin) % length == seconds(0)) add(minute);
         });
  } else if (!fields_.empty() && fields_[1].find_first_of("*/") != std::string::npos) {
    seconds offset = offset_at(zone_, std::chrono::floor<minutes>(from) - day_and_more);
    seconds offset_before = offset;
    sys_seconds changed{};
    walk(day_and_more, from, to, [&](sys_seconds minute, local_seconds, local_seconds) {
      const seconds now = offset_at(zone_, minute);
      if (now != offset) {
        offset_before = std::exchange(offset, now);
        changed = minute;
      }
      const local_seconds shown(minute.time_since_epoch() + offset);
      // For as long as the clocks were changed by, what they would else have shown counts too.
      const seconds change =
          offset > offset_before ? offset - offset_before : offset_before - offset;
      const bool in_change = minute < changed + change;
      if (has(shown) || (in_change && has(shown - offset + offset_before))) add(minute);
    });
  } else {
    walk(day_and_more, from, to,
         [&](sys_seconds minute, local_seconds first_new, local_seconds last_new) {
           for (local_seconds time = first_new; time <= last_new; time += minutes(1)) {
             if (!has(time)) continue;
             add(minute);
             return;
           }
         });
  }
  return out;
}

bool SlowSchedule::is_quiet(sys_seconds instant) const {
  const local_seconds shown = zone_.clock_at(instant);
  const seconds of_day = shown - std::chrono::floor<days>(shown);
  for (const auto& [begin, end_of_window] : quiet_) {
    seconds end = end_of_window;
    if (end <= begin) end += days(1);
    end += delay_;
    for (const seconds time : {of_day, of_day + days(1)}) {
      if (time >= begin && time < end) return true;
    }
  }
  return false;
}

sys_seconds SlowSchedule::after_quiet(sys_seconds instant) const {
  while (is_quiet(instant))
    instant += seconds(1);
  return instant;
}

local_days SlowSchedule::day_of(sys_seconds instant) const {
  local_seconds latest{};
  walk(set_back_max, instant, instant + seconds(1),
       [&](sys_seconds, local_seconds first_new, local_seconds now) {
         latest = std::max({latest, first_new - minutes(1), now});
       });
  return std::chrono::floor<days>(latest);
}

std::optional<NextRun> SlowSchedule::next_run(const Begun& begun, sys_seconds now,
                                              sys_seconds to) const {
  const bool used_up = begun.last && !text_.max_per_day.empty() &&
                       begun.in_day_of_last >= static_cast<std::size_t>(number(text_.max_per_day));
  const local_days day_of_last = begun.last ? day_of(*begun.last) : local_days();
  const sys_seconds from = begun.last ? *begun.last + seconds(1) : begun.known_since;
  DueBecause because = DueBecause::timetable;
  for (const sys_seconds planned : occurrences(from - delay_, to)) {
    const sys_seconds delayed = planned + delay_;
    if (used_up && day_of(after_quiet(delayed)) == day_of_last) {
      because = DueBecause::allowance;
      continue;
    }
    if (delayed < now) because = DueBecause::overdue;
    const sys_seconds wanted = std::max(delayed, now);
    const sys_seconds due = after_quiet(wanted);
    if (due != wanted) because = DueBecause::quiet_hours;
    return NextRun{due, because, planned};
  }
  return std::nullopt;
}

}  // namespace dray::property
