// Times of the day in which no run begins.
//
// Pure functions.
#pragma once

#include <chrono>
#include <vector>

#include "schedule/zone.h"

namespace dray {

// The times of the day that they have, in seconds after midnight: [begin, end), rising, apart from
// each other, within one day. Never all of the day.
class QuietHours {
 public:
  struct Window {
    std::chrono::seconds begin;
    std::chrono::seconds end;

    bool operator==(const Window&) const = default;
  };

  // None.
  QuietHours() = default;

  // Windows in any order, overlapping or not; one that ends before it begins goes over midnight.
  // Begins are less than a day, ends a day at most. Each lasts `longer` than it says, less than a
  // day. Windows that leave no time of the day are refused by nobody here: see longest_rest().
  QuietHours(const std::vector<Window>& windows, std::chrono::seconds longer);

  const std::vector<Window>& windows() const { return windows_; }

  // The longest time without a quiet one, over midnight too; 0 if they leave none.
  std::chrono::seconds longest_rest() const;

  // `instant`, or if the zone's clocks show a quiet time then, the first instant after it at which
  // they do not. longest_rest() must not be 0.
  std::chrono::sys_seconds end_of_quiet(const Zone& zone, std::chrono::sys_seconds instant) const;

 private:
  std::vector<Window> windows_;
};

}  // namespace dray
