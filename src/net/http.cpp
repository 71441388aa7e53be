#include "net/http.h"

#include <algorithm>
#include <cstddef>

namespace dray {
namespace {

// S3's answers have about as many, and so have requests to it.
constexpr std::size_t response_headers_expected = 12;

std::string lower_case(std::string_view text) {
  std::string lower(text);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

HttpHeaders::HttpHeaders(std::initializer_list<std::pair<std::string, std::string>> headers) {
  for (const auto& [name, value] : headers)
    set(name, value);
}

void HttpHeaders::set(std::string_view name, std::string value) {
  std::string lower = lower_case(name);
  for (auto& [known, old] : headers_) {
    if (known != lower) continue;
    old = std::move(value);
    return;
  }
  if (headers_.empty()) headers_.reserve(response_headers_expected);
  headers_.emplace_back(std::move(lower), std::move(value));
}

std::string_view HttpHeaders::find(std::string_view name) const {
  for (const auto& [known, value] : headers_) {
    if (known == name) return value;
  }
  return {};
}

bool HttpHeaders::contains(std::string_view name) const {
  return std::ranges::any_of(headers_, [&](const auto& header) { return header.first == name; });
}

std::string uri_encode(std::string_view text, EncodeSlash slash) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  encoded.reserve(text.size() + 16);
  for (const char c : text) {
    if (is_unreserved(c) || (c == '/' && slash == EncodeSlash::no)) {
      encoded.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    encoded.push_back('%');
    encoded.push_back(digits[byte >> 4]);
    encoded.push_back(digits[byte & 15]);
  }
  return encoded;
}

std::string uri_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      decoded.push_back(' ');
      continue;
    }
    const bool is_code = text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
                         hex_value(text[i + 2]) >= 0;
    if (!is_code) {
      decoded.push_back(text[i]);
      continue;
    }
    decoded.push_back(static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2])));
    i += 2;
  }
  return decoded;
}

Result<HttpRequest> request_to(std::string_view url) {
  HttpRequest request;
  const std::size_t scheme_end = url.find("://");
  request.scheme = lower_case(url.substr(0, scheme_end));
  const bool is_known = request.scheme == "http" || request.scheme == "https";
  std::string_view rest =
      scheme_end == std::string_view::npos ? std::string_view{} : url.substr(scheme_end + 3);
  const std::size_t host_end = rest.find_first_of("/?#");
  request.host = lower_case(rest.substr(0, host_end));
  // A password in front of the host would end up in the messages of those who show the host.
  if (!is_known || request.host.empty() || request.host.find('@') != std::string::npos) {
    return config_error("an endpoint is not an address; write it like https://host:port");
  }
  rest = host_end == std::string_view::npos ? std::string_view{} : rest.substr(host_end);
  rest = rest.substr(0, rest.find('#'));
  const std::size_t question = rest.find('?');
  if (const std::string_view path = rest.substr(0, question); !path.empty()) request.path = path;
  if (question == std::string_view::npos) return request;
  rest.remove_prefix(question + 1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('&'), rest.size());
    const std::string_view pair = rest.substr(0, end);
    const std::size_t equals = pair.find('=');
    request.query.emplace_back(
        uri_decode(pair.substr(0, equals)),
        equals == std::string_view::npos ? std::string() : uri_decode(pair.substr(equals + 1)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return request;
}

}  // namespace dray
