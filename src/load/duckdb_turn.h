// Whose turn it is to load into a DuckDB that several sessions of this process have open. Of other
// processes none has the file.
//
// Threads: any.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>

#include "base/result.h"

namespace dray {

class DuckTurn {
 public:
  // Waits until nobody has the turn; whoever has it already keeps it. Errors: `transient` when the
  // time is over; `cancelled` soon after `is_cancelled` has become true.
  Result<void> take(const void* who, std::chrono::seconds wait_max,
                    const std::function<bool()>& is_cancelled);
  // Nothing if somebody else has it.
  void give_back(const void* who);
  // Rises whenever a turn has ended: what was read before may be old.
  std::uint64_t ended() const;

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  const void* holder_ = nullptr;
  std::uint64_t ended_ = 0;
};

}  // namespace dray
