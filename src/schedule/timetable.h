// When a source is due by its own plan: the instants of an interval, a cron expression or times of
// the day, in a time zone.
//
// Pure functions.
#pragma once

#include <chrono>
#include <variant>
#include <vector>

#include "schedule/cron.h"
#include "schedule/zone.h"

namespace dray {

// Elapsed time from the beginning of the zone's day (Zone::day_begin), again from the beginning of
// the next. From one day on: whole days, at the beginning of each n-th; days are counted from
// Monday, 1970-01-05, so that seven of them are a week that begins on Monday.
struct Every {
  std::chrono::seconds length;

  bool operator==(const Every&) const = default;
};

// Minutes after midnight as clocks show them, rising, less than a day.
struct TimesOfDay {
  std::vector<std::chrono::minutes> times;

  bool operator==(const TimesOfDay&) const = default;
};

using Timetable = std::variant<Every, Cron, TimesOfDay>;

// The first instant of `timetable` at `from` or after it.
//
// Times of the day, and a cron expression whose hours are `fixed`, come once each, whatever the
// zone's clocks do: at the first of two instants that show them; what clocks leave out comes at the
// first instant after the gap, where several become one.
//
// A cron expression whose hours are `elapsed` comes at every instant that shows one of its minutes
// and, for as long as a change of the clocks is, at those that would show one had they not been
// changed. So "*/15 * * * *" goes on every 15 minutes through both changes. Around one there may be
// a run more. None are further apart than on other days, but for a step of more hours than the
// change: it may be longer by that in autumn, because after it clocks show the step's own hours.
std::chrono::sys_seconds next_occurrence(const Timetable& timetable, const Zone& zone,
                                         std::chrono::sys_seconds from);

}  // namespace dray
