// The machinery below S3Client: one call as one or more signed requests, until one of them counts.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "aws/s3.h"
#include "aws/s3_endpoint.h"
#include "aws/s3_error.h"
#include "aws/sigv4.h"
#include "base/thread_pool.h"

namespace dray {

struct S3Call {
  std::string method;
  S3Operation operation;  // its endpoint is filled in
  HttpParameters query;
  HttpHeaders headers;
  std::string_view body;  // borrowed
  // Adds what differs from try to try; may be empty.
  std::function<void(HttpHeaders&)> before_try;
  // What a successful answer's body goes to, as HttpClient::receive; empty: it is kept.
  HttpClient::TakesBody takes_body;
  HttpClient::Sink sink;
  std::stop_token stop;
};

// How often one call was tried, and what was tried to mend it. Progress resets the count.
struct S3Tries {
  unsigned failures = 0;
  unsigned moves = 0;
  std::optional<S3Endpoint> detour;  // for this call alone
  bool clock_set = false;
  bool credentials_renewed = false;
};

class S3Client::Impl {
 public:
  Impl(S3Options options, HttpRequest endpoint, std::shared_ptr<CredentialsProvider> credentials)
      : options_(std::move(options)),
        endpoint_(std::move(endpoint)),
        credentials_(std::move(credentials)),
        http_(options_.http) {}

  // Only answers of success (2xx, and no error inside); all others are explained.
  Result<HttpResponse> call(S3Call call);
  // The last answer, whatever it says.
  Result<HttpResponse> answer_to(S3Call& call, S3Tries& tries);

  const S3Options& options() const { return options_; }
  // They do what goes on while its caller does something else.
  ThreadPool& threads() { return threads_; }
  // With what is written: its encryption.
  void add_encryption(HttpHeaders& headers) const;

 private:
  HttpRequest request_for(const S3Call& call, const S3Endpoint& endpoint) const;
  S3Endpoint endpoint_in(const std::string& bucket, const std::string& region) const;
  bool is_virtual_host(const std::string& bucket) const;
  S3Endpoint endpoint_for(const std::string& bucket);
  void remember(const std::string& bucket, S3Endpoint endpoint);
  bool mend(const HttpResponse& response, const S3Call& call, const S3Endpoint& endpoint,
            const Credentials& credentials, S3Tries& tries);
  bool move(const HttpResponse& response, const S3Refusal& refusal, const S3Call& call,
            const S3Endpoint& endpoint, const Credentials& credentials, S3Tries& tries);
  std::string ask_region(const S3Call& call, const S3Endpoint& endpoint,
                         const Credentials& credentials);
  bool set_clock(const HttpResponse& response, S3Tries& tries);
  std::chrono::sys_seconds now();

  const S3Options options_;
  const HttpRequest endpoint_;  // of S3Options::endpoint; without a host: Amazon's own
  const std::shared_ptr<CredentialsProvider> credentials_;
  HttpClient http_;
  std::mutex mutex_;
  std::map<std::string, S3Endpoint> endpoints_;  // by bucket, where they turned out to be
  std::chrono::seconds clock_offset_{0};
  RequestSigner signer_;
  ThreadPool threads_;  // the last one, for its work uses all others
};

// The reader of S3Client::get.
std::unique_ptr<ByteReader> read_object(std::shared_ptr<S3Client::Impl> client,
                                        S3GetRequest request);

// The upload of S3Client::upload.
Result<std::unique_ptr<S3Upload>> begin_upload(std::shared_ptr<S3Client::Impl> client,
                                               const std::string& bucket, const std::string& key);

// Without the quotes around it.
std::string plain_etag(std::string_view etag);

}  // namespace dray
