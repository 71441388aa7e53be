#include "aws/retry.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <condition_variable>
#include <mutex>
#include <string>

#include "base/hash.h"

namespace dray {
namespace {

// Of those that share the doubling: beyond it pause_max holds anyway.
constexpr unsigned doublings_max = 16;

// S3's, and those that the other services use for the same.
// https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html
constexpr std::array<std::string_view, 18> retried_codes = {
    "BadDigest",
    "BandwidthLimitExceeded",
    "EC2ThrottledException",
    "IDPCommunicationError",
    "IncompleteBody",
    "InternalError",
    "InternalFailure",
    "OperationAborted",
    "PriorRequestNotComplete",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestTimeout",
    "ServiceUnavailable",
    "SlowDown",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "XAmzContentSHA256Mismatch",
};

template <std::size_t count>
bool is_one_of(const std::array<std::string_view, count>& words, std::string_view word) {
  return std::ranges::find(words, word) != words.end();
}

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

bool is_worth_retrying(int status, std::string_view code) {
  if (status == 408 || status == 429 || status == 509) return true;
  // Not 501: what a server has not implemented it will not have done so in a second.
  if (status == 500 || (status >= 502 && status <= 504)) return true;
  return is_one_of(retried_codes, code);
}

bool is_expired_credentials(std::string_view code) {
  constexpr std::array<std::string_view, 4> codes = {"ExpiredToken", "ExpiredTokenException",
                                                     "TokenRefreshRequired", "InvalidToken"};
  return is_one_of(codes, code);
}

bool is_clock_skew(std::string_view code) {
  constexpr std::array<std::string_view, 4> codes = {"RequestTimeTooSkewed", "RequestExpired",
                                                     "RequestInTheFuture", "InvalidSignatureTime"};
  return is_one_of(codes, code);
}

std::optional<std::chrono::seconds> clock_offset(const HttpResponse& response,
                                                 std::chrono::sys_seconds now) {
  const std::string date(response.headers.find("date"));
  const time_t theirs = curl_getdate(date.c_str(), nullptr);
  if (date.empty() || theirs < 0) return std::nullopt;
  return std::chrono::sys_seconds(std::chrono::seconds(theirs)) - now;
}

}  // namespace dray
