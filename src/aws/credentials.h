// Who we are to AWS: keys, and where they come from.
//
// Threads: a provider may be used from several threads at once.
// Errors: `config` when a person must act (nothing found, a profile that is not there); `transient`
// for what may pass (the metadata service does not answer). No message shows a secret.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "aws/environment.h"
#include "base/result.h"
#include "base/secret.h"
#include "net/http_client.h"

namespace dray {

struct Credentials {
  using Time = std::chrono::sys_seconds;

  std::string access_key_id;
  Secret secret_access_key;
  Secret session_token;         // empty for permanent keys
  std::optional<Time> expires;  // nothing: never

  bool operator==(const Credentials&) const = default;
};

class CredentialsProvider {
 public:
  virtual ~CredentialsProvider() = default;
  // Those at hand, or new ones when the old expire within minutes.
  virtual Result<Credentials> get() = 0;
  // A service did not take `credentials` any more: the next get() asks for others.
  virtual void refused(const Credentials& credentials) = 0;
};

// These and no others.
std::shared_ptr<CredentialsProvider> fixed_credentials(Credentials credentials);

struct CredentialsOptions {
  AwsEnvironment environment;
  std::string profile;      // "": AWS_PROFILE, else "default"
  std::string role_arn;     // assumed with what the chain finds; "": none
  std::string external_id;  // for role_arn
  std::string region;       // of the STS that is asked; "": its global endpoint
  HttpOptions http;
};

// The usual chain, in the usual order; the first source that is configured is the one that counts,
// also when it fails:
//   1. AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN (unless a profile is named here)
//   2. the profile in ~/.aws/credentials and ~/.aws/config: a role_arn with source_profile,
//      credential_source or web_identity_token_file; keys; a single sign-on; a credential_process
//   3. AWS_WEB_IDENTITY_TOKEN_FILE with AWS_ROLE_ARN
//   4. the container: AWS_CONTAINER_CREDENTIALS_RELATIVE_URI or _FULL_URI
//   5. the instance's metadata service, version 2
// Nothing is asked before the first get().
std::shared_ptr<CredentialsProvider> credentials_chain(CredentialsOptions options);

}  // namespace dray
