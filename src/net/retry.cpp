#include "net/retry.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <string>

#include "base/hash.h"

namespace dray {
namespace {

// The pause doubles so often at most: beyond it pause_max holds anyway.
constexpr unsigned doublings_max = 16;

}  // namespace

Result<void> pause_before(const RetryPolicy& policy, unsigned attempt, std::string_view retry_after,
                          const std::stop_token& stop) {
  using std::chrono::milliseconds;
  const auto most = std::min<std::int64_t>(
      policy.pause_base.count() << std::min(attempt, doublings_max), policy.pause_max.count());
  auto pause = static_cast<std::int64_t>(random_seed() % static_cast<std::uint64_t>(most + 1));
  std::int64_t asked_seconds = 0;
  const auto read =
      std::from_chars(retry_after.data(), retry_after.data() + retry_after.size(), asked_seconds);
  if (read.ec == std::errc{} && asked_seconds > 0) {
    pause = std::max(pause, std::min(asked_seconds, policy.pause_max.count() / 1000) * 1000);
  }
  std::mutex mutex;
  std::condition_variable_any never;
  std::unique_lock lock(mutex);
  never.wait_for(lock, stop, milliseconds(pause), [] { return false; });
  if (stop.stop_requested()) return cancelled_error();
  return {};
}

std::optional<std::chrono::seconds> clock_offset(const HttpResponse& response,
                                                 std::chrono::sys_seconds now) {
  const std::string date(response.headers.find("date"));
  const time_t theirs = curl_getdate(date.c_str(), nullptr);
  if (date.empty() || theirs < 0) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(theirs)) - now;
}

}  // namespace dray
