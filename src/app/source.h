// From a source's settings to the store that reads it.
#pragma once

#include <memory>
#include <stop_token>

#include "aws/s3.h"
#include "base/result.h"
#include "base/trace.h"
#include "config/config.h"
#include "source/object_store.h"

namespace dray {

// A client for a place in S3; what the settings do not say comes from the environment and the files
// that AWS's own tools read. `stop` ends whatever it waits for;
// `trace` sees each request.
Result<std::shared_ptr<S3Client>> open_s3_client(const S3Settings& settings, std::stop_token stop,
                                                 Trace trace = {});

// Looks at nothing yet.
Result<std::unique_ptr<ObjectStore>> open_source(const SourceConfig& source, std::stop_token stop,
                                                 Trace trace = {});

// Whether the source can be read at all.
Result<void> check_source(const SourceConfig& source);

}  // namespace dray
