#include "schedule/timetable.h"

#include <algorithm>

namespace dray {

using std::chrono::days;
using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

constexpr local_days first_monday{days(4)};

// How many days `day` is after one at which an interval of `length` begins.
days days_into(local_days day, days length) {
  const days passed = (day - first_monday) % length;
  return passed < days(0) ? passed + length : passed;
}

sys_seconds next_in(const Every& every, const Zone& zone, sys_seconds from) {
  local_days day = zone.day_of(from);
  if (every.length >= days(1)) {
    const days length = std::chrono::floor<days>(every.length);
    if (zone.day_begin(day) < from) day += days(1);
    const days into = days_into(day, length);
    return zone.day_begin(into == days(0) ? day : day + (length - into));
  }
  const sys_seconds begin = zone.day_begin(day);
  const auto rounds = (from - begin + every.length - seconds(1)) / every.length;
  return std::min(begin + rounds * every.length, zone.day_begin(day + days(1)));
}

local_seconds next_minute(const TimesOfDay& plan, local_seconds from) {
  const local_days today = std::chrono::floor<days>(from);
  for (const minutes time : plan.times) {
    if (today + time >= from) return today + time;
  }
  return today + days(1) + plan.times.front();
}

// The first instant at which the clocks show a time of `plan` or a later one.
template <typename Plan>
sys_seconds next_fixed(const Plan& plan, const Zone& zone, sys_seconds from) {
  // What clocks have shown before `from` has come already.
  const local_seconds shown = zone.latest_shown(from - seconds(1));
  return zone.first_shown(next_minute(plan, shown + seconds(1)));
}

sys_seconds at_offset(local_seconds time, seconds offset) {
  return sys_seconds(time.time_since_epoch() - offset);
}

local_seconds clock(sys_seconds instant, seconds offset) {
  return local_seconds(instant.time_since_epoch() + offset);
}

sys_seconds next_elapsed(const Cron& cron, const Zone& zone, sys_seconds from) {
  while (true) {
    const Zone::Stretch stretch = zone.stretch_at(from);
    sys_seconds next = at_offset(next_minute(cron, clock(from, stretch.offset)), stretch.offset);
    // For as long as the clocks were set forward or back by, what they would else have shown.
    const sys_seconds change_end =
        stretch.begin + std::chrono::abs(stretch.offset - stretch.offset_before);
    if (from < change_end) {
      const sys_seconds unchanged =
          at_offset(next_minute(cron, clock(from, stretch.offset_before)), stretch.offset_before);
      if (unchanged < change_end) next = std::min(next, unchanged);
    }
    if (next < stretch.end) return next;
    from = stretch.end;
  }
}

struct NextOccurrence {
  const Zone& zone;
  sys_seconds from;

  sys_seconds operator()(const Every& every) const { return next_in(every, zone, from); }
  sys_seconds operator()(const TimesOfDay& plan) const { return next_fixed(plan, zone, from); }
  sys_seconds operator()(const Cron& cron) const {
    return cron.hour_rule == HourRule::elapsed ? next_elapsed(cron, zone, from)
                                               : next_fixed(cron, zone, from);
  }
};

}  // namespace

sys_seconds next_occurrence(const Timetable& timetable, const Zone& zone, sys_seconds from) {
  return std::visit(NextOccurrence{zone, from}, timetable);
}

}  // namespace dray
