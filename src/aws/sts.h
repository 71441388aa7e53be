// Credentials for a role, from AWS's Security Token Service.
#pragma once

#include <chrono>
#include <string>

#include "aws/credentials.h"
#include "base/result.h"

namespace dray {

struct Role {
  std::string arn;
  std::string external_id;   // "": none is asked for
  std::string session_name;  // "": dray
  std::chrono::seconds duration{3600};
};

// Where STS is and how to speak to it.
struct StsEndpoint {
  std::string url;
  std::string region;
  HttpOptions http;
};

// `region` "" is STS's global endpoint.
StsEndpoint sts_endpoint(const AwsEnvironment& environment, const std::string& region,
                         const HttpOptions& http);

Result<Credentials> assume_role(const StsEndpoint& endpoint, const Role& role,
                                CredentialsProvider& credentials);

// With a token that somebody else has signed, read from its file anew each time: it is replaced
// before it expires.
Result<Credentials> assume_role_with_token(const StsEndpoint& endpoint, const Role& role,
                                           const std::string& token_file);

}  // namespace dray
