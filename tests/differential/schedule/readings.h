// What croner 11 and cron-parser 5 make of a cron expression where it is not what Dray makes of it.
//
// Each difference is here, as a rule. docs/schedules.md has the reasons for Dray's own.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "schedule/cron.h"
#include "schedule/zone.h"

namespace dray::schedule_oracles {

// Local minutes that clocks leave out.
enum class Gap {
  left_out,
  at_end_same_day,  // at the first instant after the gap, unless that is in another day
  in_landing_hour,  // at the same minute of the hour in which the gap ends
};

// Local minutes that clocks show twice.
enum class Fold {
  first,
  both,
  // The first, unless the search begins between the two: then it is not known that there was one.
  first_walked_over,
  // Likewise, but where midnight is among them there is nothing before its second.
  second_midnight,
};

// Days 29 to 31 in months that have fewer.
enum class MonthEnd {
  none,
  // Taken for the first days of the next month: what comes before them is lost.
  spills_over,
};

struct Reading {
  Gap gap;
  Fold fold;
  MonthEnd month_end = MonthEnd::none;
};

// croner takes one minute of one hour for a fixed time, and all else for an interval, which it lets
// come when clocks show it: never or twice.
Reading croner_reading(const Cron& cron);

// cron-parser takes every hour for an interval, and other hours for times of the day. A midnight
// that comes twice is either to it, by how it got there.
std::vector<Reading> cron_parser_readings(const Cron& cron);

// The first instant after `after` that has `cron` read so. Both libraries read one difference more:
// only a field that is "*" does not restrict the day, where Vixie's cron looks at its first letter.
// `text` is what `cron` was read from.
std::chrono::sys_seconds next_by(const Reading& reading, const std::string& text, const Cron& cron,
                                 const Zone& zone, std::chrono::sys_seconds after);

// cron-parser walks by hours of the clock, and knows that one comes twice because the hour does not
// change. At a change that is not from one full hour to another, or back by two, it stumbles: it
// gives up, or lands beside what it looks for.
bool makes_cron_parser_stumble(const Zone& zone, std::chrono::sys_seconds after,
                               std::chrono::sys_seconds until);

// cron-parser refuses a list that has a value twice.
bool has_a_value_twice(const std::string& text);

}  // namespace dray::schedule_oracles
