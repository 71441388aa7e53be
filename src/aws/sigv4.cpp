#include "aws/sigv4.h"

#include <algorithm>
#include <vector>

#include "aws/digest.h"

namespace dray {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

// A request to S3 has so many, so that what is put together is rarely moved.
constexpr std::size_t signed_headers_expected = 12;
constexpr std::size_t text_bytes_expected = 256;

// "20130524T000000Z"
std::string basic_time(std::chrono::sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  std::string text = "00000000T000000Z";
  const auto put = [&text](std::size_t behind, std::int64_t number) {
    for (; number > 0; number /= 10)
      text[--behind] = static_cast<char>('0' + number % 10);
  };
  put(4, static_cast<int>(date.year()));
  put(6, static_cast<unsigned>(date.month()));
  put(8, static_cast<unsigned>(date.day()));
  put(11, clock.hours().count());
  put(13, clock.minutes().count());
  put(15, clock.seconds().count());
  return text;
}

// Encoded first, then sorted: the order of the encoded names counts.
std::string canonical_query(const HttpParameters& query) {
  HttpParameters encoded;
  for (const auto& [name, value] : query)
    encoded.emplace_back(uri_encode(name), uri_encode(value));
  std::ranges::sort(encoded);
  std::string text;
  for (const auto& [name, value] : encoded) {
    if (!text.empty()) text += '&';
    text.append(name).append("=").append(value);
  }
  return text;
}

// Blanks at the ends go, and of several in a row all but one.
void append_canonical(std::string& text, std::string_view value) {
  bool is_behind_blank = true;
  for (const char c : value) {
    if (c == ' ' && is_behind_blank) continue;
    is_behind_blank = c == ' ';
    text += c;
  }
  if (!value.empty() && is_behind_blank && text.back() == ' ') text.pop_back();
}

// The headers by name; borrows the request's.
using SignedHeaders = std::vector<std::pair<std::string_view, std::string_view>>;

SignedHeaders signed_headers(const HttpRequest& request) {
  SignedHeaders headers;
  headers.reserve(signed_headers_expected);
  headers.emplace_back("host", request.host);
  for (const auto& [name, value] : request.headers) {
    if (name != "authorization") headers.emplace_back(name, value);
  }
  std::ranges::sort(headers);
  return headers;
}

std::string names_of(const SignedHeaders& headers) {
  std::string names;
  names.reserve(text_bytes_expected);
  for (const auto& [name, value] : headers) {
    if (!names.empty()) names += ';';
    names += name;
  }
  return names;
}

std::string signing_key(const Secret& secret, std::string_view day, const SigningScope& scope) {
  std::string key = hmac_sha256("AWS4" + secret.reveal(), day);
  key = hmac_sha256(key, scope.region);
  key = hmac_sha256(key, scope.service);
  return hmac_sha256(key, "aws4_request");
}

std::string canonical_text(const HttpRequest& request, const SignedHeaders& headers,
                           const std::string& names, std::string_view service,
                           std::string_view hash) {
  // Every service but S3 signs the path encoded once more than it is sent.
  const std::string path =
      service == "s3" ? request.path : uri_encode(request.path, EncodeSlash::no);
  std::string text;
  text.reserve(4 * text_bytes_expected);
  text.append(request.method).append("\n").append(path).append("\n");
  text.append(canonical_query(request.query)).append("\n");
  for (const auto& [name, value] : headers) {
    text.append(name).append(":");
    append_canonical(text, value);
    text += '\n';
  }
  return text.append("\n").append(names).append("\n").append(hash);
}

}  // namespace

std::string canonical_request(const HttpRequest& request, std::string_view service,
                              std::string_view hash) {
  const SignedHeaders headers = signed_headers(request);
  return canonical_text(request, headers, names_of(headers), service, hash);
}

void sign_request(HttpRequest& request, const Credentials& credentials, const SigningScope& scope,
                  std::string_view hash) {
  RequestSigner().sign(request, credentials, scope, hash);
}

std::string RequestSigner::key_for(const Secret& secret, const std::string& day,
                                   const SigningScope& scope) {
  const std::string key_scope = day + '/' + scope.region + '/' + scope.service;
  const std::scoped_lock lock(mutex_);
  if (key_scope != key_scope_ || secret != secret_) {
    key_ = Secret(signing_key(secret, day, scope));
    key_scope_ = key_scope;
    secret_ = secret;
  }
  return key_.reveal();
}

void RequestSigner::sign(HttpRequest& request, const Credentials& credentials,
                         const SigningScope& scope, std::string_view hash) {
  const std::string time = basic_time(scope.time);
  const std::string day = time.substr(0, 8);
  request.headers.set("x-amz-date", time);
  if (scope.service == "s3") request.headers.set("x-amz-content-sha256", std::string(hash));
  if (!credentials.session_token.empty()) {
    request.headers.set("x-amz-security-token", credentials.session_token.reveal());
  }
  const std::string credential_scope =
      day + '/' + scope.region + '/' + scope.service + "/aws4_request";
  const SignedHeaders headers = signed_headers(request);
  const std::string names = names_of(headers);
  const std::string canonical = canonical_text(request, headers, names, scope.service, hash);
  std::string to_sign;
  to_sign.reserve(text_bytes_expected);
  to_sign.append(algorithm)
      .append("\n")
      .append(time)
      .append("\n")
      .append(credential_scope)
      .append("\n");
  to_sign.append(to_hex(sha256(canonical)));
  const std::string signature =
      to_hex(hmac_sha256(key_for(credentials.secret_access_key, day, scope), to_sign));
  std::string authorization;
  authorization.reserve(2 * text_bytes_expected);
  authorization.append(algorithm).append(" Credential=").append(credentials.access_key_id);
  authorization.append("/").append(credential_scope).append(", SignedHeaders=").append(names);
  authorization.append(", Signature=").append(signature);
  request.headers.set("authorization", std::move(authorization));
}

}  // namespace dray
