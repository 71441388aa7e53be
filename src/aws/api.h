// Calls of AWS's other services: STS, Redshift, whatever takes a POST and answers with XML or JSON.
#pragma once

#include <string>

#include "aws/credentials.h"
#include "base/result.h"
#include "net/http_client.h"
#include "net/retry.h"

namespace dray {

struct AwsCall {
  std::string service;  // as it is signed: "sts", "redshift"
  std::string region;
  std::string url;      // "https://sts.eu-west-1.amazonaws.com/"
  HttpHeaders headers;  // content-type, x-amz-target
  std::string body;
};

// Signs and sends it, again while that is worth a try: what may pass, a clock that is off,
// credentials that have expired. Without `credentials` it is not signed. The answer may be any
// status; that of all tries failed without one is an error (`transient`).
Result<HttpResponse> call_aws(HttpClient& http, CredentialsProvider* credentials,
                              const AwsCall& call, const RetryPolicy& retry);

// Sends a request that needs no signature, again while that is worth a try.
Result<HttpResponse> send_retrying(HttpClient& http, const HttpRequest& request,
                                   const RetryPolicy& retry);

// A body of type application/x-www-form-urlencoded.
std::string form_of(const HttpParameters& parameters);

// The code of an answer that is no success: "AccessDenied"; "" if it says none.
std::string aws_error_code(const HttpResponse& response);
// The same with the service's own words, for messages.
std::string aws_error_text(const HttpResponse& response);

// Where a service of Amazon's answers; AWS_ENDPOINT_URL_<SERVICE> and AWS_ENDPOINT_URL go before.
std::string aws_endpoint(const AwsEnvironment& environment, const std::string& service,
                         const std::string& region);

}  // namespace dray
