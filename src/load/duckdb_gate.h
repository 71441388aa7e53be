// How many sessions of this process have a DuckDB open. What would end another one's transaction,
// as closing the file does, is for a session that is alone, and nobody comes in meanwhile.
//
// Only load/duckdb*.cpp include this. Threads: any.
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>

#include "base/result.h"

namespace dray {

class DuckGate {
 public:
  // A session's place among them, from before it has a connection until it has none. Borrows the
  // gate. To come in it waits until nothing is done alone.
  class Place {
   public:
    explicit Place(DuckGate& gate) : gate_(gate) {
      const std::scoped_lock lock(gate_.mutex_);
      ++gate_.sessions_;
    }
    ~Place() {
      const std::scoped_lock lock(gate_.mutex_);
      --gate_.sessions_;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    // Runs `work`, which returns a Result<void>, if no other session has a place.
    template <typename Work>
    Result<void> alone(Work&& work) const {
      const std::scoped_lock lock(gate_.mutex_);
      return gate_.sessions_ == 1 ? std::forward<Work>(work)() : Result<void>();
    }

   private:
    DuckGate& gate_;
  };

 private:
  std::mutex mutex_;
  std::size_t sessions_ = 0;
};

}  // namespace dray
