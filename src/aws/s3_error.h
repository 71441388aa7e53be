// What S3's refusals mean, and what a person can do about them. Pure functions.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace dray {

// What was asked for, in words for messages.
struct S3Operation {
  std::string_view action;      // "list", "read", "write", "delete"
  std::string_view permission;  // "s3:ListBucket"
  std::string bucket;
  std::string key;       // "" for a bucket
  std::string endpoint;  // scheme and host

  // "s3://bucket/key"
  std::string uri() const;
};

// An answer that is no success, in S3's XML or, without a body, by its status alone.
struct S3Refusal {
  int status = 0;
  std::string code;      // "NoSuchKey"; "" when nobody said
  std::string message;   // the server's, cut, printable; servers may leave it out
  std::string region;    // where the bucket is, if the answer says so
  std::string endpoint;  // the host to ask instead, likewise
  std::string redirect;  // the same for messages, printable, whether or not it may be followed
};

S3Refusal read_refusal(const HttpResponse& response);

// The code that a body with <Error> at its root gives, also behind a status of 200; "" for others.
std::string error_code(std::string_view body);

Error explain(const S3Refusal& refusal, const S3Operation& operation);

}  // namespace dray
