// Schedules, slowly and plainly: the settings' texts are asked of each minute that passes.
//
// It shares with src/schedule what a zone's clocks show at an instant, which the C library bears
// out (tests/unit/schedule/zone_data_test.cpp), how long jitter delays a source, and nothing else.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "schedule/next_run.h"
#include "schedule/schedule.h"
#include "schedule/zone.h"

namespace dray::property {

class SlowSchedule {
 public:
  // Intervals are whole minutes.
  SlowSchedule(const ScheduleText& text, Zone zone, std::chrono::seconds delay);

  // The instants of the timetable from `from` to before `to`.
  std::vector<std::chrono::sys_seconds> occurrences(std::chrono::sys_seconds from,
                                                    std::chrono::sys_seconds to) const;

  // What next_run() is to say, if the instant of the timetable is before `to`.
  std::optional<NextRun> next_run(const Begun& begun, std::chrono::sys_seconds now,
                                  std::chrono::sys_seconds to) const;

  bool is_quiet(std::chrono::sys_seconds instant) const;
  std::chrono::local_days day_of(std::chrono::sys_seconds instant) const;

 private:
  // Each minute from `before` `from` to `to`, with all local minutes that the clocks show or leave
  // out then and have not shown before.
  void walk(std::chrono::seconds before, std::chrono::sys_seconds from, std::chrono::sys_seconds to,
            const std::function<void(std::chrono::sys_seconds minute,
                                     std::chrono::local_seconds first_new,
                                     std::chrono::local_seconds last_new)>& visit) const;
  bool has(std::chrono::local_seconds minute) const;
  std::chrono::sys_seconds after_quiet(std::chrono::sys_seconds instant) const;

  ScheduleText text_;
  Zone zone_;
  std::chrono::seconds delay_;
  std::vector<std::string> fields_;  // of cron, and their values
  std::set<int> minutes_;
  std::set<int> hours_;
  std::set<int> days_;
  std::set<int> months_;
  std::set<int> weekdays_;
  std::vector<std::pair<std::chrono::seconds, std::chrono::seconds>> quiet_;
};

}  // namespace dray::property
