// A cron expression as a value: which minutes of which days it means.
//
// Pure functions of local time: what clocks show. What becomes of times that clocks show twice or
// never is decided by next_occurrence() (schedule/timetable.h).
#pragma once

#include <chrono>
#include <cstdint>

namespace dray {

// How the two fields of days go together. Vixie's rule: `either` unless one of them begins with *.
enum class DayRule {
  both,    // A day that both fields have.
  either,  // A day that one of them has.
};

// What becomes of hours that a change of the clock leaves out or brings twice.
enum class HourRule {
  fixed,    // Each time of the day once.
  elapsed,  // The hour field has * or a step: the distance between runs counts.
};

// Bit n of a field is its value n.
struct Cron {
  std::uint64_t minutes = 0;   // 0 to 59
  std::uint32_t hours = 0;     // 0 to 23
  std::uint32_t days = 0;      // of the month: 1 to 31
  std::uint32_t months = 0;    // 1 to 12
  std::uint32_t weekdays = 0;  // 0 to 6: Sunday to Saturday
  DayRule day_rule = DayRule::both;
  HourRule hour_rule = HourRule::fixed;

  bool operator==(const Cron&) const = default;
};

bool has_day(const Cron& cron, std::chrono::local_days day);

// Whether any day of the calendar, which repeats itself after 400 years, is in it.
bool ever_comes(const Cron& cron);

// The first minute of `cron`, which must come some time, at `from` or after it. The result is a
// whole minute.
std::chrono::local_seconds next_minute(const Cron& cron, std::chrono::local_seconds from);

}  // namespace dray
