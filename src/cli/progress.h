// How far a sync is: a bar on a terminal, a line now and then elsewhere.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "cli/environment.h"
#include "run/sync.h"

namespace dray {

// SyncProgress at one instant.
struct ProgressSnapshot {
  SyncProgress::Phase phase = SyncProgress::Phase::listing;
  std::uint64_t objects_total = 0;
  std::uint64_t objects_done = 0;
  std::uint64_t bytes_total = 0;
  std::uint64_t bytes_done = 0;
  std::uint64_t lines = 0;
  std::uint64_t rows_total = 0;
  std::uint64_t rows_loaded = 0;
};

ProgressSnapshot snapshot_of(const SyncProgress& progress);

// One line of at most `columns` columns, without a line break. `elapsed` is the time spent in the
// current phase. Pure.
std::string progress_bar(std::string_view title, const ProgressSnapshot& at,
                         std::chrono::milliseconds elapsed, std::size_t columns);

// "shop: reading: 12 of 30 objects, 5.2 MB of 12 MB, 98,000 lines". Pure.
std::string progress_line(std::string_view title, const ProgressSnapshot& at);

enum class ProgressForm { none, bar, lines };

// Shows `progress` from construction to destruction, on a thread of its own. The last thing it does
// is to take the bar away.
class ProgressDisplay {
 public:
  ProgressDisplay(const Environment& environment, ProgressForm form, std::string title,
                  const SyncProgress& progress);
  ~ProgressDisplay();
  ProgressDisplay(const ProgressDisplay&) = delete;
  ProgressDisplay& operator=(const ProgressDisplay&) = delete;

  // A line of its own on stderr, above the bar. From any thread.
  void say(std::string_view line);

 private:
  void run(const std::stop_token& stop);
  void draw(std::chrono::steady_clock::time_point now);
  void clear();

  const Environment& environment_;  // outlives this
  ProgressForm form_;
  std::string title_;
  const SyncProgress& progress_;  // outlives this
  SyncProgress::Phase phase_ = SyncProgress::Phase::listing;
  std::chrono::steady_clock::time_point phase_began_ = std::chrono::steady_clock::now();
  bool bar_is_drawn_ = false;
  std::mutex mutex_;  // all writing to stderr, and what is drawn there
  std::condition_variable_any wake_;
  std::jthread thread_;  // the last member: it stops before the others go
};

}  // namespace dray
