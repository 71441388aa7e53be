#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "gen/options.h"
#include "gen/plan.h"
#include "gen/render.h"
#include "gen/schedule.h"

namespace dray::gen {

struct Counts {
  std::uint64_t events = 0;      // Good lines with a messageId of their own.
  std::uint64_t lines = 0;       // events + duplicates + bad
  std::uint64_t raw_bytes = 0;   // Newlines included.
  std::uint64_t duplicates = 0;  // Lines beyond the first of their messageId.
  std::uint64_t bad = 0;         // Lines that cannot be loaded.
  std::uint64_t late = 0;        // Of the events: received days later.
  std::uint64_t conflicts = 0;   // Of the events: with a property of another type.

  Counts& operator+=(const Counts& other);
  bool operator==(const Counts&) const = default;
};

// The text of a log as a pure function of options and index: no state, no clock, no disk. Any
// thread may call any method at any time.
class Generator {
 public:
  // Options for which fault_of() is absent.
  explicit Generator(Options options);
  Generator(const Generator&) = delete;
  Generator& operator=(const Generator&) = delete;

  // Appends all lines that belong to one index in [0, events), newlines included: its event, and
  // where the shares say so a duplicate of an earlier event and a bad line.
  void append(std::uint64_t index, std::string& out, Counts& counts) const;

  // The event that is sent again at `index`; absent where none is.
  std::optional<std::uint64_t> duplicate_at(std::uint64_t index) const;

  const Options& options() const { return options_; }
  const Schedule& schedule() const { return schedule_; }

 private:
  void append_duplicate(const Event& now, std::uint64_t of, std::string& out) const;
  void append_bad(const Event& like, std::string& out) const;

  Options options_;
  std::uint64_t key_;
  Schedule schedule_;
  Planner planner_;
  Renderer renderer_;
};

}  // namespace dray::gen
