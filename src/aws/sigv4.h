// AWS Signature Version 4, in the authorization header.
// https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html
#pragma once

#include <chrono>
#include <mutex>
#include <string>
#include <string_view>

#include "aws/credentials.h"
#include "net/http.h"

namespace dray {

struct SigningScope {
  std::string region;
  std::string service;  // "s3", "sts", "redshift"
  std::chrono::sys_seconds time;
};

// Adds x-amz-date, x-amz-security-token, for S3 x-amz-content-sha256, and authorization to the
// request's headers. Signs all headers that are there, and the host. `hash` is sha256_hex of
// the body, or "UNSIGNED-PAYLOAD".
void sign_request(HttpRequest& request, const Credentials& credentials, const SigningScope& scope,
                  std::string_view hash);

// The same for many requests: what those of one day and scope share is made once. Threads: safe
// from several at once.
class RequestSigner {
 public:
  void sign(HttpRequest& request, const Credentials& credentials, const SigningScope& scope,
            std::string_view hash);

 private:
  std::string key_for(const Secret& secret, const std::string& day, const SigningScope& scope);

  std::mutex mutex_;
  // What the last request was signed with:
  Secret secret_;
  std::string key_scope_;  // day, region, service
  Secret key_;
};

// The text that is hashed and signed, of a request that has its headers: for tests and for reading
// along when a server says SignatureDoesNotMatch.
std::string canonical_request(const HttpRequest& request, std::string_view service,
                              std::string_view hash);

}  // namespace dray
