#include "load/duckdb_turn.h"

namespace dray {

Result<void> DuckTurn::take(const void* who, std::chrono::seconds wait_max,
                            const std::function<bool()>& is_cancelled) {
  // Nobody wakes a session that is interrupted; it looks for itself.
  constexpr std::chrono::milliseconds look_every(100);
  const auto until = std::chrono::steady_clock::now() + wait_max;
  std::unique_lock lock(mutex_);
  while (holder_ != nullptr && holder_ != who) {
    if (is_cancelled()) return cancelled_error();
    if (std::chrono::steady_clock::now() >= until) {
      return transient_error(
          "another sync of this process loads this file, and did not end within " +
          std::to_string(wait_max.count()) + " seconds");
    }
    changed_.wait_for(lock, look_every);
  }
  holder_ = who;
  return {};
}

void DuckTurn::give_back(const void* who) {
  const std::scoped_lock lock(mutex_);
  if (holder_ != who) return;
  holder_ = nullptr;
  ++ended_;
  changed_.notify_all();
}

std::uint64_t DuckTurn::ended() const {
  const std::scoped_lock lock(mutex_);
  return ended_;
}

}  // namespace dray
