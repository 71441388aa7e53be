#include "schedule/next_run.h"

namespace dray {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_seconds;

namespace {

// The first run whose instant of the timetable, jitter on top of it, is `from` or later.
NextRun first_run(const Schedule& schedule, sys_seconds from, DueBecause because, sys_seconds now) {
  NextRun run;
  run.planned = next_occurrence(schedule.timetable, schedule.zone, from - schedule.delay);
  run.due = run.planned + schedule.delay;
  run.because = because;
  if (run.due < now) {
    run.due = now;
    run.because = DueBecause::overdue;
  }
  const sys_seconds allowed = schedule.quiet.end_of_quiet(schedule.zone, run.due);
  if (allowed != run.due) {
    run.due = allowed;
    run.because = DueBecause::quiet_hours;
  }
  return run;
}

// The first instant at `from` or after it of which quiet hours, if it is in some, end at `end` or
// later: the beginning of those that go over `end`, or `end`.
sys_seconds first_put_off(const Schedule& schedule, sys_seconds from, sys_seconds end) {
  sys_seconds found = end;
  while (from < found) {
    const sys_seconds middle = from + (found - from) / 2;
    if (schedule.quiet.end_of_quiet(schedule.zone, middle) >= end) {
      found = middle;
    } else {
      from = middle + seconds(1);
    }
  }
  return found;
}

}  // namespace

std::string_view to_string(DueBecause because) {
  switch (because) {
    case DueBecause::timetable:
      return "timetable";
    case DueBecause::allowance:
      return "max_per_day";
    case DueBecause::overdue:
      return "overdue";
    case DueBecause::quiet_hours:
      return "quiet";
  }
  return "";
}

NextRun next_run(const Schedule& schedule, const Begun& begun, sys_seconds now) {
  const sys_seconds from = begun.last ? *begun.last + seconds(1) : begun.known_since;
  const bool used_up = begun.last && schedule.begins_per_day_max &&
                       begun.in_day_of_last >= *schedule.begins_per_day_max;
  if (used_up) {
    // What the day had no allowance for is left out, not put off: so it is not overdue later on.
    const sys_seconds day_end = local_day(schedule, *begun.last).end;
    const NextRun in_time = first_run(schedule, from, DueBecause::timetable, from);
    if (in_time.due < day_end) {
      const sys_seconds next_day = first_put_off(schedule, from, day_end);
      return first_run(schedule, next_day, DueBecause::allowance, now);
    }
  }
  return first_run(schedule, from, DueBecause::timetable, now);
}

LocalDay local_day(const Schedule& schedule, sys_seconds instant) {
  const auto day = schedule.zone.day_of(instant);
  return {schedule.zone.day_begin(day), schedule.zone.day_begin(day + days(1))};
}

}  // namespace dray
