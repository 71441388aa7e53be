// Schedules and instants by chance, the same for the same seed: zones whose clocks change, instants
// near the changes, expressions that come often and such that come once in years.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>
#include <string>
#include <vector>

#include "schedule/schedule.h"
#include "schedule/zone.h"

namespace dray::testing_support {

class RandomSchedules {
 public:
  explicit RandomSchedules(unsigned seed) : random_(seed) {}

  // Names of zones, each of which does something that others do not.
  static const std::vector<std::string>& zones();
  const std::string& zone();

  // Five fields that parse_cron() reads, though they may mean what never comes.
  std::string cron();
  // The same with a character more, less or other; most are expressions no more.
  std::string with_a_slip(std::string text);
  // An interval of whole minutes, times of the day or a cron expression, and nothing else.
  ScheduleText timetable();
  // Adds quiet hours that leave time, jitter and an allowance, or some of them.
  void add_rules(ScheduleText& text);

  // A whole second from `begin` to `end`, most of them within two days of a change of the clocks.
  std::chrono::sys_seconds instant(const Zone& zone, std::chrono::sys_seconds begin,
                                   std::chrono::sys_seconds end);

  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(random_() % bound); }
  bool chance(std::uint32_t percent) { return below(100) < percent; }

 private:
  std::string field(unsigned low, unsigned high, const std::vector<std::string>& names,
                    std::uint32_t percent_of_asterisks);
  std::string item(unsigned low, unsigned high, const std::vector<std::string>& names);
  std::string value(unsigned number, unsigned low, const std::vector<std::string>& names);
  std::string time_of_day();

  std::mt19937 random_;
};

}  // namespace dray::testing_support
