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

using AwsProfile = std::map<std::string, std::string, std::less<>>;

// ~/.aws/config and ~/.aws/credentials (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE), read as one:
// what the second says of a profile goes before what the first does. A file that is not there is
// empty.
Result<std::map<std::string, AwsProfile, std::less<>>> read_aws_profiles(
    const AwsEnvironment& environment);

// What the environment and the profile say of how to reach AWS; "" for what they do not.
struct AwsPlace {
  std::string region;    // AWS_REGION, AWS_DEFAULT_REGION, region
  std::string endpoint;  // AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, endpoint_url
  std::string ca_file;   // AWS_CA_BUNDLE, ca_bundle
};

// `profile` "" is AWS_PROFILE, else "default".
Result<AwsPlace> find_aws_place(const AwsEnvironment& environment, const std::string& profile);

}  // namespace dray
