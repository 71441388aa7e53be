// Credentials that the place where we run hands out: a container's, a machine's.
#pragma once

#include <optional>

#include "aws/credentials.h"
#include "base/result.h"

namespace dray {

// The credentials of a container of ECS or EKS; nothing if the environment does not say that there
// are any.
Result<std::optional<Credentials>> container_credentials(const AwsEnvironment& environment,
                                                         const HttpOptions& http);

// The credentials of an EC2 instance's role, from version 2 of its metadata service; nothing where
// there is no such service, or the instance has no role. Elsewhere than on EC2 it takes two seconds
// to find out.
Result<std::optional<Credentials>> instance_credentials(const AwsEnvironment& environment,
                                                        const HttpOptions& http);

}  // namespace dray
