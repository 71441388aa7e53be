#include "aws/sigv4.h"

#include <algorithm>
#include <map>

#include "aws/digest.h"
#include "base/hash.h"

namespace dray {
namespace {

constexpr std::string_view algorithm = "AWS4-HMAC-SHA256";

// "20130524T000000Z"
std::string basic_time(std::chrono::sys_seconds time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  const auto two = [](auto number) {
    const std::string digits = std::to_string(number);
    return digits.size() < 2 ? '0' + digits : digits;
  };
  return std::to_string(static_cast<int>(date.year())) + two(static_cast<unsigned>(date.month())) +
         two(static_cast<unsigned>(date.day())) + 'T' + two(clock.hours().count()) +
         two(clock.minutes().count()) + two(clock.seconds().count()) + 'Z';
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
std::string canonical_value(std::string_view value) {
  std::string text;
  for (const char c : value) {
    if (c == ' ' && (text.empty() || text.back() == ' ')) continue;
    text += c;
  }
  if (!text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

using SignedHeaders = std::map<std::string, std::string>;

SignedHeaders signed_headers(const HttpRequest& request) {
  SignedHeaders headers{{"host", request.host}};
  for (const auto& [name, value] : request.headers) {
    if (name != "authorization") headers[name] = canonical_value(value);
  }
  return headers;
}

std::string names_of(const SignedHeaders& headers) {
  std::string names;
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
  std::string text = request.method + '\n' + path + '\n' + canonical_query(request.query) + '\n';
  for (const auto& [name, value] : headers)
    text.append(name).append(":").append(value).append("\n");
  text += '\n' + names + '\n';
  return text.append(hash);
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
  const std::string place = day + '/' + scope.region + '/' + scope.service;
  const std::scoped_lock lock(mutex_);
  if (place != place_ || secret != secret_) {
    key_ = Secret(signing_key(secret, day, scope));
    place_ = place;
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
  const std::string place = day + '/' + scope.region + '/' + scope.service + "/aws4_request";
  const SignedHeaders headers = signed_headers(request);
  const std::string names = names_of(headers);
  const std::string canonical = canonical_text(request, headers, names, scope.service, hash);
  const std::string to_sign =
      std::string(algorithm) + '\n' + time + '\n' + place + '\n' + sha256_hex(canonical);
  const std::string signature =
      to_hex(hmac_sha256(key_for(credentials.secret_access_key, day, scope), to_sign));
  request.headers.set("authorization",
                      std::string(algorithm) + " Credential=" + credentials.access_key_id + '/' +
                          place + ", SignedHeaders=" + names + ", Signature=" + signature);
}

}  // namespace dray
