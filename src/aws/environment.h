// AWS's own settings: environment variables and the files of profiles.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dray {

// The value of an environment variable; an empty one counts as none.
using AwsEnvironment = std::function<std::optional<std::string>(std::string_view name)>;

// This process's own.
AwsEnvironment process_environment();

// The settings of one section.
using AwsProfile = std::map<std::string, std::string, std::less<>>;
using AwsProfiles = std::map<std::string, AwsProfile, std::less<>>;

struct AwsFiles {
  AwsProfiles profiles;
  AwsProfiles sso_sessions;  // [sso-session NAME]
};

// ~/.aws/config and ~/.aws/credentials (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE), read as one:
// what the second says of a profile goes before what the first does. A file that is not there is
// empty.
Result<AwsFiles> read_aws_files(const AwsEnvironment& environment);

// "" if it has no such setting.
std::string value_of(const AwsProfile& profile, std::string_view key);

// What the environment and the profile say of how to reach AWS; "" for what they do not.
struct AwsConnection {
  std::string region;    // AWS_REGION, AWS_DEFAULT_REGION, region
  std::string endpoint;  // AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, endpoint_url
  std::string ca_file;   // AWS_CA_BUNDLE, ca_bundle
};

// `profile` "" is AWS_PROFILE, else "default".
Result<AwsConnection> find_aws_connection(const AwsEnvironment& environment,
                                          const std::string& profile);

}  // namespace dray
