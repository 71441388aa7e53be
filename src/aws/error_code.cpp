#include "aws/error_code.h"

#include <algorithm>
#include <array>

namespace dray {
namespace {

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

}  // namespace dray
