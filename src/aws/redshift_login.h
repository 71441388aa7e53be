// A database user and a password that lasts minutes, for who AWS says we are.
//
// Sources: Amazon Redshift API Reference, "GetClusterCredentials", "GetClusterCredentialsWithIAM";
// Redshift Serverless API Reference, "GetCredentials"; Management Guide, "Using IAM authentication
// to generate database user credentials".
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "aws/credentials.h"
#include "base/result.h"
#include "base/secret.h"

namespace dray {

struct RedshiftLoginRequest {
  std::string workgroup;  // of Serverless; else
  std::string cluster;    // of a provisioned cluster
  std::string database;
  // The user of a cluster whose password is asked for (GetClusterCredentials); "": the IAM identity
  // itself (GetClusterCredentialsWithIAM).
  std::string user;
  bool auto_create = false;         // the user, if it does not exist
  std::vector<std::string> groups;  // that it joins for this session
  std::string region;
  // Only a login has to happen within it; a session lives on.
  std::chrono::seconds duration{900};
};

struct RedshiftLogin {
  std::string user;  // as it has to be given at the login: "IAM:name"
  Secret password;
};

// Errors are `config` when a person must act (no permission, no such cluster), with the permission
// that is missing; `transient` for what may pass.
Result<RedshiftLogin> request_redshift_login(const RedshiftLoginRequest& request,
                                             CredentialsProvider& credentials,
                                             const AwsEnvironment& environment,
                                             const HttpOptions& http);

}  // namespace dray
