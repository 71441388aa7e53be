#include "aws/s3_error.h"

#include <pugixml.hpp>

#include "aws/error_code.h"
#include "aws/s3_endpoint.h"
#include "net/retry.h"

namespace dray {
namespace {

// One sentence; S3's own are shorter.
constexpr std::size_t s3_words_bytes_max = 300;

// A server's words go to a terminal: no control characters, and not without end.
std::string printable(std::string_view text) {
  std::string clean;
  for (const char c : text.substr(0, s3_words_bytes_max))
    clean += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  return clean;
}

std::string_view host_of(std::string_view endpoint) {
  const std::size_t scheme_end = endpoint.find("://");
  return scheme_end == std::string_view::npos ? endpoint : endpoint.substr(scheme_end + 3);
}

std::string said(const S3Refusal& refusal) {
  std::string text = refusal.code.empty() ? "HTTP " + std::to_string(refusal.status) : refusal.code;
  if (!refusal.message.empty()) text += ": " + refusal.message;
  return text;
}

Error no_permission(const S3Refusal& refusal, const S3Operation& operation) {
  std::string resource = "arn:aws:s3:::" + operation.bucket;
  if (operation.permission != "s3:ListBucket") {
    resource += '/' + (operation.key.empty() ? "*" : operation.key);
  }
  std::string text = "no permission to " + std::string(operation.action) + " it (" + said(refusal) +
                     "); allow " + std::string(operation.permission) + " on " + resource;
  if (operation.permission == "s3:GetObject") {
    text += ", and kms:Decrypt if it is encrypted with a key of KMS";
  }
  if (operation.permission == "s3:PutObject") {
    text += ", and kms:GenerateDataKey if it is encrypted with a key of KMS";
  }
  return config_error(std::move(text));
}

struct Known {
  std::string_view code;
  Cause cause;
  std::string_view meaning;
};

constexpr Known known_codes[] = {
    {"NoSuchKey", Cause::bad_data, "gone since it was listed"},
    {"PreconditionFailed", Cause::bad_data, "changed since it was listed"},
    {"InvalidRange", Cause::bad_data, "changed since it was listed"},
    {"InvalidObjectState", Cause::bad_data,
     "it is archived (Glacier); restore it, then sync again"},
    {"InvalidBucketName", Cause::config, "that is no name for a bucket; check the address"},
    {"KeyTooLongError", Cause::config, "the key is longer than 1,024 bytes"},
    {"InvalidAccessKeyId", Cause::config,
     "the access key is not known there; check AWS_ACCESS_KEY_ID, the profile and the endpoint"},
    {"SignatureDoesNotMatch", Cause::config,
     "the secret key does not belong to the access key; check AWS_SECRET_ACCESS_KEY or the "
     "profile"},
    {"InvalidToken", Cause::config,
     "the session token does not belong to the access key; check AWS_SESSION_TOKEN, or unset it "
     "with permanent keys"},
    {"ExpiredToken", Cause::config, "the session token has expired; get new credentials"},
    {"RequestTimeTooSkewed", Cause::config,
     "this machine's clock is off, and the server did not tell the time; set the clock"},
    {"NoSuchUpload", Cause::transient,
     "the upload is gone; somebody else aborted it, or a lifecycle rule did"},
    {"EntityTooLarge", Cause::config, "it is larger than the server takes"},
    {"InvalidPart", Cause::transient, "the server has lost a part of it"},
};

const Known* find_known(std::string_view code) {
  for (const Known& known : known_codes) {
    if (known.code == code) return &known;
  }
  return nullptr;
}

// HEAD has no body, so that the status alone must do.
std::string code_of(int status, bool is_object) {
  switch (status) {
    case 301:
      return "PermanentRedirect";
    case 307:
      return "TemporaryRedirect";
    case 304:
    case 412:
      return "PreconditionFailed";
    case 403:
      return "AccessDenied";
    case 404:
      return is_object ? "NoSuchKey" : "NoSuchBucket";
    case 416:
      return "InvalidRange";
    default:
      return {};
  }
}

}  // namespace

std::string S3Operation::uri() const { return "s3://" + bucket + '/' + key; }

std::string error_code(std::string_view body) {
  pugi::xml_document document;
  if (!document.load_buffer(body.data(), body.size())) return {};
  return document.child("Error").child_value("Code");
}

S3Refusal read_refusal(const HttpResponse& response) {
  S3Refusal refusal;
  refusal.status = response.status;
  refusal.region = response.headers.find("x-amz-bucket-region");
  if (const auto to = request_to(response.headers.find("location"))) {
    refusal.redirect = printable(to->scheme + "://" + to->host);
  }
  pugi::xml_document document;
  if (document.load_buffer(response.body.data(), response.body.size())) {
    const pugi::xml_node error = document.child("Error");
    refusal.code = printable(error.child_value("Code"));
    refusal.message = printable(error.child_value("Message"));
    if (refusal.region.empty()) refusal.region = error.child_value("Region");
    refusal.endpoint = error.child_value("Endpoint");
  }
  if (!is_s3_region(refusal.region)) refusal.region.clear();
  if (refusal.redirect.empty()) refusal.redirect = printable(refusal.endpoint);
  return refusal;
}

Error explain(const S3Refusal& refusal, const S3Operation& operation) {
  S3Refusal full = refusal;
  if (full.code.empty()) {
    full.code = code_of(refusal.status, operation.permission != "s3:ListBucket");
  }
  const std::string uri = operation.uri() + ": ";
  if (full.status >= 300 && full.status < 400 && !full.redirect.empty() &&
      !full.redirect.ends_with(host_of(operation.endpoint))) {
    return config_error(uri + operation.endpoint + " sends this request to another host, " +
                        full.redirect +
                        ", and keys are used for none but the endpoint that they were given for; "
                        "if the bucket is there, set endpoint to it");
  }
  if (full.code == "AccessDenied" || full.code == "AllAccessDisabled" ||
      full.code == "AccountProblem") {
    return no_permission(full, operation).within(operation.uri());
  }
  if (full.code == "NoSuchBucket") {
    return config_error(uri + "there is no bucket \"" + operation.bucket + "\" at " +
                        operation.endpoint + "; check the address, the region and the endpoint");
  }
  if (full.code == "PermanentRedirect" || full.code == "TemporaryRedirect" ||
      full.code == "AuthorizationHeaderMalformed" ||
      full.code == "IllegalLocationConstraintException") {
    return config_error(uri + "the bucket is in another region than " + operation.endpoint +
                        " serves (" + said(full) + "); set region, or the endpoint of the bucket");
  }
  if (const Known* known = find_known(full.code)) {
    // What became of one object is told beside its key.
    if (known->cause == Cause::bad_data) return bad_data_error(std::string(known->meaning));
    return {known->cause, uri + std::string(known->meaning) + " (" + said(full) + ")"};
  }
  const Cause cause = is_worth_retrying(full.status, full.code) ? Cause::transient : Cause::config;
  return {cause, uri + "the server refuses to " + std::string(operation.action) + " it (" +
                     said(full) + ")"};
}

}  // namespace dray
