// Credentials of a single sign-on (IAM Identity Center) that a person has signed in to with AWS's
// command line: its cached token, and what the portal gives for it.
#pragma once

#include <string>

#include "aws/credentials.h"
#include "base/result.h"

namespace dray {

struct SsoAccess {
  std::string profile;  // for messages
  std::string session;  // the name of an [sso-session]; "": the older way, without one
  std::string start_url;
  std::string region;
  std::string account_id;
  std::string role_name;
};

// Errors: `config` with the command that signs in if there is no token, or it has expired;
// `transient` if the portal does not answer. The token is in no message.
Result<Credentials> sso_credentials(const AwsEnvironment& environment, const SsoAccess& access,
                                    const HttpOptions& http);

}  // namespace dray
