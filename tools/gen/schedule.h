#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "gen/options.h"

namespace dray::gen {

// When: spreads the events over the days and hours. Memory grows with the days only.
class Schedule {
 public:
  explicit Schedule(const Options& options);

  struct Place {
    std::uint32_t day;
    std::uint64_t of_day;    // The event's number within its day,
    std::uint64_t day_size;  // of so many.
  };
  Place place(std::uint64_t index) const;

  std::int64_t midnight_ms(std::uint32_t day) const {
    return start_ms_ + std::int64_t{day} * 86'400'000;
  }

  // The moment at which event `of_day` of a day is due: rising, dense in the evening, thin at
  // night.
  std::int64_t due_ms(std::uint32_t day, std::uint64_t of_day, std::uint64_t day_size) const;

  std::uint32_t days() const { return static_cast<std::uint32_t>(first_.size() - 1); }
  std::uint64_t first_of(std::uint32_t day) const { return first_[day]; }

 private:
  std::int64_t start_ms_;
  std::vector<std::uint64_t> first_;  // By day, the index of its first event; one more at the end.
};

// Where: cuts the events into objects. Each covers a range of events of one day (with Layout::flat
// of any days).
class Objects {
 public:
  Objects(const Options& options, const Split& split, const Schedule& schedule);

  struct Object {
    std::string key;  // The path below the output directory.
    std::uint64_t first;
    std::uint64_t end;
  };
  std::uint64_t count() const { return first_object_.back(); }
  Object at(std::uint64_t number) const;

 private:
  Split split_;
  std::string source_id_;
  std::uint64_t key_;
  const Schedule& schedule_;                 // Outlives this.
  std::vector<std::uint64_t> first_event_;   // By group (a day, or all); one more at the end.
  std::vector<std::uint64_t> first_object_;  // The same for the objects.
};

}  // namespace dray::gen
