// Where a bucket's requests go, and where an answer sends them instead. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "aws/s3_error.h"
#include "net/http.h"

namespace dray {

struct S3Endpoint {
  std::string region;  // for which requests are signed
  std::string scheme;
  std::string host;
  bool has_bucket = false;  // the host's name begins with the bucket's: the path does not
  HttpParameters query;     // what a redirection wants besides
};

// Whether a server's word for a region can be one: it becomes part of a host's name, and of
// headers.
bool is_s3_region(std::string_view text);

// Amazon's own endpoint of a region.
std::string amazon_s3_host(std::string_view region);

// Where a refusal of 301 or 307 says that `bucket` should be asked instead of at `from`, for a
// request with this query; nothing if it does not. Nor if that were a step from encrypted to plain,
// or to another host: keys that were given for one endpoint sign nothing for another, but for those
// of Amazon's S3 among themselves.
std::optional<S3Endpoint> redirection(const HttpResponse& response, const S3Refusal& refusal,
                                      const std::string& bucket, const HttpParameters& query,
                                      const S3Endpoint& from);

}  // namespace dray
