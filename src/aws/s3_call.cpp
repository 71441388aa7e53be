#include "aws/s3_call.h"

#include <algorithm>

#include "aws/error_code.h"
#include "base/hash.h"

namespace dray {
namespace {

// Where everybody starts: S3's oldest region answers for any bucket and says where it is.
constexpr std::string_view first_region = "us-east-1";

// A bucket has one endpoint; more moves than this are a circle.
constexpr unsigned moves_max = 2;

// A name that is also a DNS label, so that the certificate for *.s3.REGION.amazonaws.com fits.
bool is_dns_label(std::string_view bucket) {
  return std::ranges::all_of(
      bucket, [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

// Without the bucket, for messages.
std::string endpoint_of(const std::string& bucket, const S3Endpoint& endpoint) {
  return endpoint.scheme + "://" +
         endpoint.host.substr(endpoint.has_bucket ? bucket.size() + 1 : 0);
}

bool is_success(const HttpResponse& response) {
  return response.status >= 200 && response.status < 300 &&
         // CompleteMultipartUpload answers 200 before it knows.
         (response.body.empty() || error_code(response.body).empty());
}

}  // namespace

namespace {

// What is sent is hashed, and most requests send nothing.
const std::string& hash_of_nothing() {
  static const std::string hash = sha256_hex({});
  return hash;
}

}  // namespace

std::string plain_etag(std::string_view etag) {
  if (etag.size() >= 2 && etag.front() == '"' && etag.back() == '"') {
    etag = etag.substr(1, etag.size() - 2);
  }
  return std::string(etag);
}

void S3Client::Impl::add_encryption(HttpHeaders& headers) const {
  if (options_.encryption == S3Encryption::none) return;
  const bool is_kms = options_.encryption == S3Encryption::kms;
  headers.set("x-amz-server-side-encryption", is_kms ? "aws:kms" : "AES256");
  if (is_kms && !options_.kms_key_id.empty()) {
    headers.set("x-amz-server-side-encryption-aws-kms-key-id", options_.kms_key_id);
  }
}

S3Endpoint S3Client::Impl::endpoint_in(const std::string& bucket, const std::string& region) const {
  S3Endpoint endpoint{region, endpoint_.scheme, endpoint_.host, is_virtual_host(bucket), {}};
  if (endpoint.host.empty()) endpoint.host = amazon_s3_host(region);
  if (endpoint.has_bucket) endpoint.host = bucket + '.' + endpoint.host;
  return endpoint;
}

bool S3Client::Impl::is_virtual_host(const std::string& bucket) const {
  if (options_.addressing != S3Addressing::automatic) {
    return options_.addressing == S3Addressing::virtual_host;
  }
  return endpoint_.host.empty() && is_dns_label(bucket);
}

HttpRequest S3Client::Impl::request_for(const S3Call& call, const S3Endpoint& endpoint) const {
  HttpRequest request;
  request.method = call.method;
  request.scheme = endpoint.scheme;
  request.host = endpoint.host;
  std::string path = endpoint_.path == "/" ? "" : endpoint_.path;
  if (endpoint.has_bucket) {
    path += '/';
  } else {
    path += '/' + uri_encode(call.operation.bucket);
    if (!call.operation.key.empty()) path += '/';
  }
  request.path = path + uri_encode(call.operation.key, EncodeSlash::no);
  request.query = call.query;
  request.query.insert(request.query.end(), endpoint.query.begin(), endpoint.query.end());
  request.headers = call.headers;
  if (call.before_try) call.before_try(request.headers);
  if (options_.requester_pays == RequesterPays::yes) {
    request.headers.set("x-amz-request-payer", "requester");
  }
  request.body = call.body;
  return request;
}

S3Endpoint S3Client::Impl::endpoint_for(const std::string& bucket) {
  const std::scoped_lock lock(mutex_);
  if (const auto known = endpoints_.find(bucket); known != endpoints_.end()) return known->second;
  return endpoint_in(bucket, options_.region.empty() ? std::string(first_region) : options_.region);
}

void S3Client::Impl::remember(const std::string& bucket, S3Endpoint endpoint) {
  const std::scoped_lock lock(mutex_);
  endpoints_[bucket] = std::move(endpoint);
}

std::chrono::sys_seconds S3Client::Impl::now() {
  const std::scoped_lock lock(mutex_);
  return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now()) + clock_offset_;
}

// A bucket's region is a header of whatever is answered for it, also of a refusal.
std::string S3Client::Impl::ask_region(const S3Call& call, const S3Endpoint& endpoint,
                                       const Credentials& credentials) {
  S3Call ask;
  ask.method = "HEAD";
  ask.operation.bucket = call.operation.bucket;
  HttpRequest request = request_for(ask, endpoint);
  signer_.sign(request, credentials, {endpoint.region, "s3", now()}, hash_of_nothing());
  const auto response = http_.receive(request, {}, {}, call.stop);
  return response ? read_refusal(*response).region : std::string();
}

// https://docs.aws.amazon.com/AmazonS3/latest/userguide/Redirects.html
bool S3Client::Impl::move(const HttpResponse& response, const S3Refusal& refusal,
                          const S3Call& call, const S3Endpoint& endpoint,
                          const Credentials& credentials, S3Tries& tries) {
  const bool is_redirection = refusal.status == 301 || refusal.status == 307;
  // The region also comes with refusals that have nothing to do with it.
  const bool may_be_elsewhere =
      is_redirection || refusal.status == 400 || refusal.code == "AccessDenied";
  if (!may_be_elsewhere || tries.moves >= moves_max) return false;
  const std::string& bucket = call.operation.bucket;
  std::string region = refusal.region;
  if (is_redirection && region.empty()) region = ask_region(call, endpoint, credentials);
  if (!region.empty() && region != endpoint.region) {
    ++tries.moves;
    tries.detour.reset();
    remember(bucket, endpoint_in(bucket, region));
    return true;
  }
  if (!is_redirection) return false;
  auto other = redirection(response, refusal, bucket, call.query, endpoint);
  if (!other) return false;
  ++tries.moves;
  if (refusal.status == 301) {
    other->query.clear();
    remember(bucket, *std::move(other));
  } else {
    tries.detour = std::move(other);
  }
  return true;
}

bool S3Client::Impl::set_clock(const HttpResponse& response, S3Tries& tries) {
  if (tries.clock_set) return false;
  const auto ours = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  const auto offset = clock_offset(response, ours);
  if (!offset) return false;
  tries.clock_set = true;
  const std::scoped_lock lock(mutex_);
  clock_offset_ = *offset;
  return true;
}

// Whether what was wrong is put right, so that the next try differs from the last.
bool S3Client::Impl::mend(const HttpResponse& response, const S3Call& call,
                          const S3Endpoint& endpoint, const Credentials& credentials,
                          S3Tries& tries) {
  const S3Refusal refusal = read_refusal(response);
  if (move(response, refusal, call, endpoint, credentials, tries)) return true;
  if (is_clock_skew(refusal.code)) return set_clock(response, tries);
  // An answer to HEAD has no code.
  const bool may_be_expired =
      is_expired_credentials(refusal.code) ||
      (refusal.status == 400 && refusal.code.empty() && !credentials.session_token.empty());
  if (!may_be_expired || tries.credentials_renewed) return false;
  tries.credentials_renewed = true;
  credentials_->refused(credentials);
  return true;
}

Result<HttpResponse> S3Client::Impl::answer_to(S3Call& call, S3Tries& tries) {
  if (!call.stop.stop_possible()) call.stop = options_.http.stop;
  const std::string hash = call.body.empty() ? hash_of_nothing() : sha256_hex(call.body);
  while (true) {
    DRAY_ASSIGN(const Credentials credentials, credentials_->get());
    const S3Endpoint endpoint = tries.detour ? *tries.detour : endpoint_for(call.operation.bucket);
    call.operation.endpoint = endpoint_of(call.operation.bucket, endpoint);
    HttpRequest request = request_for(call, endpoint);
    signer_.sign(request, credentials, {endpoint.region, "s3", now()}, hash);
    auto response = http_.receive(request, call.takes_body, call.sink, call.stop);
    std::string retry_after;
    if (!response) {
      if (response.error().cause != Cause::transient) return response;
    } else if (is_success(*response)) {
      return response;
    } else {
      if (mend(*response, call, endpoint, credentials, tries)) continue;
      std::string code = read_refusal(*response).code;
      if (!is_worth_retrying(response->status, code)) return response;
      retry_after = response->headers.find("retry-after");
    }
    if (++tries.failures >= options_.retry.attempts_max) return response;
    DRAY_TRY(pause_before(options_.retry, tries.failures, retry_after, call.stop));
  }
}

Result<HttpResponse> S3Client::Impl::call(S3Call call) {
  S3Tries tries;
  auto response = answer_to(call, tries);
  const std::string tried =
      tries.failures > 1 ? " (tried " + std::to_string(tries.failures) + " times)" : "";
  if (!response) {
    Error error = std::move(response).error();
    if (error.cause == Cause::cancelled) return error;
    error.message += tried;
    return std::move(error).within(call.operation.uri());
  }
  if (is_success(*response)) return response;
  Error error = explain(read_refusal(*response), call.operation);
  error.message += tried;
  return error;
}

}  // namespace dray
