// The schedule of a source into a warehouse, and what a person writes for it.
//
// Pure functions, but for parse_schedule(), which looks the time zone up (schedule/zone_data.h).
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schedule/quiet_hours.h"
#include "schedule/timetable.h"
#include "schedule/zone.h"

namespace dray {

// The settings as they were written; "" and {} are settings that are not there. docs/schedules.md
// says what each may be.
struct ScheduleText {
  // One of these three.
  std::string every{};               // "15m", "1h", "1d"
  std::string cron{};                // "*/15 * * * *", "@daily"
  std::vector<std::string> times{};  // "06:00", "18:30"

  std::string timezone{};            // "Europe/Berlin"; else UTC
  std::vector<std::string> quiet{};  // "22:00-06:00"
  std::string jitter{};              // "5m"
  std::string max_per_day{};         // "24"
};

struct Schedule {
  Timetable timetable;
  Zone zone;
  // What jitter makes of this source and warehouse: runs are due that much later than the timetable
  // says, and quiet hours last that much longer.
  std::chrono::seconds delay{0};
  QuietHours quiet;
  std::optional<std::size_t> begins_per_day_max;
};

// `source` and `warehouse` are the names by which they are known, which decide what jitter does.
//
// `config`: a text is not what its setting may be, or no run would ever be due. The message has the
// setting, the text and the place in it, and repeats what was written; the remedy what to write.
Result<Schedule> parse_schedule(const ScheduleText& text, std::string_view source,
                                std::string_view warehouse);

// At least 0, and less than `jitter` unless that is 0: the same for the same names, on every
// machine and in every version; spread evenly over different names.
std::chrono::seconds jitter_delay(std::chrono::seconds jitter, std::string_view source,
                                  std::string_view warehouse);

}  // namespace dray
