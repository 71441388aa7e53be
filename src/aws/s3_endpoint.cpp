#include "aws/s3_endpoint.h"

#include <algorithm>

namespace dray {
namespace {

constexpr std::string_view domain = ".amazonaws.com";
constexpr std::string_view domain_in_china = ".amazonaws.com.cn";

// A name in DNS has no longer label.
constexpr std::size_t region_bytes_max = 63;

bool is_amazon(std::string_view host) {
  return host.ends_with(domain) || host.ends_with(domain_in_china);
}

std::string_view without_bucket(std::string_view host, const std::string& bucket) {
  if (host.starts_with(bucket + '.')) host.remove_prefix(bucket.size() + 1);
  return host;
}

// "s3.eu-west-1.amazonaws.com", "s3-eu-west-1.amazonaws.com", "s3.dualstack.eu-west-1...": S3
// itself. Other names of Amazon's may be a customer's own server.
bool is_amazon_s3(std::string_view host) {
  if (!is_amazon(host) || !host.starts_with("s3")) return false;
  host.remove_suffix((host.ends_with(domain) ? domain : domain_in_china).size());
  const std::size_t end = std::min(host.find('.'), host.size());
  std::string_view behind = host.substr(end);
  if (behind.starts_with(".dualstack")) behind.remove_prefix(std::string_view(".dualstack").size());
  return behind.empty() || (behind.front() == '.' && is_s3_region(behind.substr(1)));
}

bool is_host(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == ':' ||
           c == '[' || c == ']';
  });
}

// The region in "bucket.s3.eu-west-1.amazonaws.com" or "s3-eu-west-1.amazonaws.com"; "" where it is
// not told.
std::string region_in(std::string_view host) {
  if (!is_amazon(host)) return {};
  const std::size_t dot = host.starts_with("s3") ? 0 : host.find(".s3") + 1;
  std::string_view behind = host.substr(std::min(dot + 3, host.size()));
  if (behind.starts_with("dualstack.")) behind.remove_prefix(std::string_view("dualstack.").size());
  const std::string_view label = behind.substr(0, behind.find('.'));
  return label.find('-') == std::string_view::npos ? std::string() : std::string(label);
}

}  // namespace

bool is_s3_region(std::string_view text) {
  return !text.empty() && text.size() <= region_bytes_max && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

std::string amazon_s3_host(std::string_view region) {
  std::string host = "s3.";
  host.append(region).append(region.starts_with("cn-") ? domain_in_china : domain);
  return host;
}

std::optional<S3Endpoint> redirection(const HttpResponse& response, const S3Refusal& refusal,
                                      const std::string& bucket, const HttpParameters& query,
                                      const S3Endpoint& from) {
  auto to = request_to(response.headers.find("location"));
  if (!to) to = request_to(from.scheme + "://" + refusal.endpoint);
  if (!to || !is_host(to->host)) return std::nullopt;
  if (from.scheme == "https" && to->scheme != "https") return std::nullopt;
  const std::string_view asked = without_bucket(from.host, bucket);
  const std::string_view named = without_bucket(to->host, bucket);
  if (named != asked && !(is_amazon_s3(asked) && is_amazon_s3(named))) return std::nullopt;
  S3Endpoint endpoint{from.region, to->scheme, to->host, to->host.starts_with(bucket + '.'), {}};
  if (std::string region = region_in(to->host); !region.empty())
    endpoint.region = std::move(region);
  for (auto& parameter : to->query) {
    const bool is_known = std::ranges::any_of(
        query, [&](const auto& known) { return known.first == parameter.first; });
    if (!is_known) endpoint.query.push_back(std::move(parameter));
  }
  return endpoint;
}

}  // namespace dray
