// When the next run of a source is due, and why then.
//
// Pure functions: the same arguments, the same answer; nothing is remembered between two calls, so
// a daemon that was started anew goes on as if it had never been away.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "schedule/schedule.h"

namespace dray {

// What is known of the runs of a source into a warehouse. A run counts from its beginning on,
// whatever becomes of it and whoever began it.
struct Begun {
  // When the last one began; nothing if none ever did.
  std::optional<std::chrono::sys_seconds> last;
  // How many began in its day (local_day), itself included. If that day is over, today has none.
  std::size_t in_day_of_last = 0;
  // Where no run ever began: since when the schedule is there. What was due before then is not
  // made up.
  std::chrono::sys_seconds known_since;
};

// What decides the instant; of several the last in this order.
enum class DueBecause {
  timetable,    // The timetable, and jitter.
  allowance,    // max_per_day: the day's runs have begun, so it is the first of the next day.
  overdue,      // It was due before now, and did not begin: made up at once, and once.
  quiet_hours,  // It fell into quiet hours, and is due at their end.
};

std::string_view to_string(DueBecause because);

struct NextRun {
  // When to begin, or for what should have begun already, now.
  std::chrono::sys_seconds due;
  DueBecause because = DueBecause::timetable;
  // The instant of the timetable that it is for, of several that are made up the first; jitter
  // comes on top of it.
  std::chrono::sys_seconds planned;

  bool operator==(const NextRun&) const = default;
};

// A run that began after an instant of the timetable, jitter on top of it, has done what was due
// then. Of those later than the last run the first that has the day's allowance decides. `now` is
// not before `begun.last`, unless the machine's clock was set back: then a run counts all the same.
NextRun next_run(const Schedule& schedule, const Begun& begun, std::chrono::sys_seconds now);

struct LocalDay {
  std::chrono::sys_seconds begin;
  std::chrono::sys_seconds end;  // The first instant that is not in it.

  bool operator==(const LocalDay&) const = default;
};

// The day of the schedule's zone that has `instant` (Zone::day_of): within it runs are counted for
// max_per_day.
LocalDay local_day(const Schedule& schedule, std::chrono::sys_seconds instant);

}  // namespace dray
