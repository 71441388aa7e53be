// A time zone as a value: what its clocks show at an instant, and when they first show a time.
//
// Pure functions. Instants and times of the years 1 to 9999, to the second. A local time says what
// clocks show, so it may come twice (clocks are set back) or never (they are set forward).
// Threads: any; copies of a Zone share a table that nobody changes.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

namespace dray {

class Zone {
 public:
  // Between two changes the clocks are `offset` ahead of UTC.
  struct Change {
    std::chrono::sys_seconds at;
    std::chrono::seconds offset;
  };

  // The time from one change to the next.
  struct Stretch {
    std::chrono::sys_seconds begin;
    std::chrono::sys_seconds end;  // The first instant that is not in it.
    std::chrono::seconds offset;
    std::chrono::seconds offset_before;
  };

  // UTC.
  Zone();
  // The changes in the order of time, one at least; what the first says holds before it, too.
  Zone(std::string name, const std::vector<Change>& changes);

  const std::string& name() const { return name_; }

  // The stretch that has `instant`.
  Stretch stretch_at(std::chrono::sys_seconds instant) const;
  std::chrono::local_seconds clock_at(std::chrono::sys_seconds instant) const;

  // The first instant at which the clocks show `time` or a later one: the first of two if it comes
  // twice, the first after the gap if it never comes. Never falls as `time` rises.
  std::chrono::sys_seconds first_shown(std::chrono::local_seconds time) const;
  // The latest time that the clocks have shown at `instant` or before it. While clocks that were
  // set back catch up it stands still. Never falls as `instant` rises.
  std::chrono::local_seconds latest_shown(std::chrono::sys_seconds instant) const;

  // A zone's day begins at midnight, or at the first instant after it if clocks leave midnight out,
  // and lasts until the next one begins: every instant is in one day. Where clocks are set back
  // over midnight, what they show again belongs to the day that had begun.
  std::chrono::local_days day_of(std::chrono::sys_seconds instant) const;
  std::chrono::sys_seconds day_begin(std::chrono::local_days day) const;

 private:
  struct Entry {
    std::chrono::sys_seconds begin;
    std::chrono::seconds offset;
    std::chrono::local_seconds shown_before;  // Later than all that clocks showed before `begin`.
  };

  std::size_t entry_at(std::chrono::sys_seconds instant) const;
  std::chrono::sys_seconds entry_end(std::size_t entry) const;

  std::string name_;
  std::shared_ptr<const std::vector<Entry>> entries_;
};

}  // namespace dray
