#include "aws/s3_place.h"

#include <algorithm>

namespace dray {
namespace {

constexpr std::string_view domain = ".amazonaws.com";
constexpr std::string_view domain_in_china = ".amazonaws.com.cn";

bool is_amazon(std::string_view host) {
  return host.ends_with(domain) || host.ends_with(domain_in_china);
}

bool is_host(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':' ||
           c == '[' || c == ']';
  });
}

// Of "bucket.s3.eu-west-1.amazonaws.com", "s3-eu-west-1.amazonaws.com"; "" where it is not told.
std::string region_in(std::string_view host) {
  if (!is_amazon(host)) return {};
  const std::size_t dot = host.starts_with("s3") ? 0 : host.find(".s3") + 1;
  const std::string_view behind = host.substr(std::min(dot + 3, host.size()));
  const std::string_view label = behind.substr(0, behind.find('.'));
  return label.find('-') == std::string_view::npos ? std::string() : std::string(label);
}

}  // namespace

std::string amazon_s3_host(std::string_view region) {
  std::string host = "s3.";
  host.append(region).append(region.starts_with("cn-") ? domain_in_china : domain);
  return host;
}

std::optional<S3Place> redirection(const HttpResponse& response, const S3Refusal& refusal,
                                   const std::string& bucket, const HttpParameters& query,
                                   const S3Place& from) {
  auto to = request_to(response.headers.find("location"));
  if (!to) to = request_to(from.scheme + "://" + refusal.endpoint);
  if (!to || !is_host(to->host)) return std::nullopt;
  if (from.scheme == "https" && to->scheme != "https") return std::nullopt;
  if (is_amazon(from.host) && !is_amazon(to->host)) return std::nullopt;
  S3Place place{from.region, to->scheme, to->host, to->host.starts_with(bucket + '.'), {}};
  if (std::string region = region_in(to->host); !region.empty()) place.region = std::move(region);
  for (auto& parameter : to->query) {
    const bool is_known = std::ranges::any_of(
        query, [&](const auto& known) { return known.first == parameter.first; });
    if (!is_known) place.query.push_back(std::move(parameter));
  }
  return place;
}

}  // namespace dray
