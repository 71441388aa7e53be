// When to try again, and how long to wait before.
#pragma once

#include <chrono>
#include <optional>
#include <stop_token>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace dray {

struct RetryPolicy {
  unsigned attempts_max = 8;
  // The pause before the n-th new attempt is a random part of base * 2^n, at most pause_max: "full
  // jitter", so that many who were turned away together do not come back together.
  std::chrono::milliseconds pause_base{100};
  std::chrono::milliseconds pause_max{20'000};
};

// Waits before attempt number `attempt` (1: the first one was not enough), at least as long as the
// answer asks for in its retry-after. `cancelled` when `stop` came first.
Result<void> pause_before(const RetryPolicy& policy, unsigned attempt, std::string_view retry_after,
                          const std::stop_token& stop);

// The service's time less ours, from the answer's date; nothing if it has none that can be read.
std::optional<std::chrono::seconds> clock_offset(const HttpResponse& response,
                                                 std::chrono::sys_seconds now);

}  // namespace dray
