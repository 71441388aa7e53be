// A part of an S3 bucket as an ObjectStore.
#pragma once

#include <memory>

#include "aws/s3.h"
#include "base/result.h"
#include "source/object_store.h"

namespace dray {

// The objects below s3://bucket/prefix/. Keys are relative to the prefix, which ends with '/'
// whether or not `place` does; versions are ETags. A `place` that looks like an event file
// ("s3://bucket/a/b.json.gz", without a '/' at its end) is that object alone, under its name.
// Nothing is asked of the server yet.
//
// A reader fetches in a thread of its own from the opening on; what fails, fails in read(). An
// object whose content is not the listed one, at whatever moment of the reading, is `bad_data`.
std::unique_ptr<ObjectStore> open_s3_store(std::shared_ptr<S3Client> client, S3Url place);

// Whether the place can be listed: one request.
Result<void> check_s3_store(S3Client& client, const S3Url& place);

}  // namespace dray
