#include <pugixml.hpp>

#include <algorithm>
#include <sstream>

#include "aws/digest.h"
#include "aws/s3_call.h"

namespace dray {
namespace {

// S3 takes 10,000 parts. Twice the size after every 2,000 of them makes room for 496 GiB while an
// upload of ordinary size holds little.
constexpr std::size_t part_bytes_first = 8U << 20;
constexpr std::size_t parts_per_size = 2000;

std::string to_text(const pugi::xml_document& document) {
  std::ostringstream text;
  document.save(text, "", pugi::format_raw);
  return text.str();
}

class MultipartUpload final : public S3Upload {
 public:
  MultipartUpload(std::shared_ptr<S3Client::Impl> client, S3Operation operation, std::string id)
      : client_(std::move(client)), operation_(std::move(operation)), id_(std::move(id)) {}

  ~MultipartUpload() override {
    // Nobody is left to tell; a lifecycle rule of the bucket removes what stays.
    if (is_open_) (void)abort();
  }

  Result<void> write(std::span<const char> bytes) override {
    while (!bytes.empty()) {
      const std::size_t wanted = part_bytes() - part_.size();
      const std::size_t count = std::min(wanted, bytes.size());
      part_.append(bytes.data(), count);
      bytes = bytes.subspan(count);
      if (part_.size() == part_bytes()) DRAY_TRY(send_part());
    }
    return {};
  }

  Result<std::string> complete() override {
    // An object has at least one part, which may be empty.
    if (!part_.empty() || etags_.empty()) DRAY_TRY(send_part());
    const std::string body = parts_xml();
    S3Call call = to_call("POST", body);
    call.query = {{"uploadId", id_}};
    call.headers.set("content-type", "application/xml");
    S3Tries tries;
    auto response = client_->answer_to(call, tries);
    if (!response) {
      is_open_ = response.error().cause == Cause::cancelled;
      Error error = std::move(response).error().within(operation_.uri());
      if (error.cause == Cause::transient) error.cause = Cause::in_doubt;
      return error;
    }
    const S3Refusal refusal = read_refusal(*response);
    if (response->status == 200 && refusal.code.empty()) {
      is_open_ = false;
      return etag_in(response->body);
    }
    // The reply to an earlier try may have been lost after it had succeeded; libcurl also sends a
    // request again by itself, on a kept connection that turns out to be closed.
    if (refusal.code == "NoSuchUpload") return find_completed();
    return explain(refusal, call.operation);
  }

  Result<void> abort() override {
    is_open_ = false;
    S3Call call = to_call("DELETE", {});
    call.operation.action = "abort the upload of";
    call.operation.permission = "s3:AbortMultipartUpload";
    call.query = {{"uploadId", id_}};
    DRAY_TRY(client_->call(std::move(call)));
    return {};
  }

 private:
  std::size_t part_bytes() const { return part_bytes_first << (etags_.size() / parts_per_size); }

  S3Call to_call(std::string method, std::string_view body) const {
    S3Call call;
    call.method = std::move(method);
    call.operation = operation_;
    call.body = body;
    return call;
  }

  Result<void> send_part() {
    S3Call call = to_call("PUT", part_);
    call.query = {{"partNumber", std::to_string(etags_.size() + 1)}, {"uploadId", id_}};
    DRAY_ASSIGN(const HttpResponse response, client_->call(std::move(call)));
    etags_.push_back(plain_etag(response.headers.find("etag")));
    part_.clear();
    return {};
  }

  std::string parts_xml() const {
    pugi::xml_document document;
    pugi::xml_node root = document.append_child("CompleteMultipartUpload");
    root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
    for (std::size_t i = 0; i < etags_.size(); ++i) {
      pugi::xml_node part = root.append_child("Part");
      part.append_child("PartNumber").text() = static_cast<unsigned>(i) + 1;
      part.append_child("ETag").text() = ('"' + etags_[i] + '"').c_str();
    }
    return to_text(document);
  }

  Result<std::string> etag_in(const std::string& body) {
    pugi::xml_document document;
    if (!document.load_buffer(body.data(), body.size())) {
      return in_doubt_error("the answer to the completed upload is not XML");
    }
    std::string etag =
        plain_etag(document.child("CompleteMultipartUploadResult").child_value("ETag"));
    if (!etag.empty()) return etag;
    // Ceph's gateway leaves it out.
    DRAY_ASSIGN(const auto object, S3Client(client_).head(operation_.bucket, operation_.key));
    if (object) return object->etag;
    return in_doubt_error(operation_.uri() + ": is not there after its upload");
  }

  // The MD5 of the parts' MD5s and their number, where the ETags are MD5s (not with KMS).
  std::optional<std::string> expected_etag() const {
    std::string digests;
    for (const std::string& etag : etags_) {
      const auto digest = from_hex(etag);
      if (!digest || digest->size() != 16) return std::nullopt;
      digests += *digest;
    }
    return to_hex(md5(digests)) + '-' + std::to_string(etags_.size());
  }

  Result<std::string> find_completed() {
    is_open_ = false;
    const auto expected = expected_etag();
    const auto found = S3Client(client_).head(operation_.bucket, operation_.key);
    if (expected && found && *found && (*found)->etag == *expected) return *expected;
    const std::string gone = operation_.uri() + ": the upload is gone";
    if (expected && found) {
      return transient_error(gone +
                             " and was not completed: somebody else aborted it, or a "
                             "lifecycle rule of the bucket did; upload it again");
    }
    return Error{Cause::in_doubt,
                 gone + ", and whether it was completed is not known; upload it again"};
  }

  const std::shared_ptr<S3Client::Impl> client_;
  const S3Operation operation_;
  const std::string id_;
  std::string part_;                // what has come since the last one was sent
  std::vector<std::string> etags_;  // of those that were sent
  bool is_open_ = true;
};

}  // namespace

Result<std::unique_ptr<S3Upload>> begin_upload(std::shared_ptr<S3Client::Impl> client,
                                               const std::string& bucket, const std::string& key) {
  const S3Operation operation{"write", "s3:PutObject", bucket, key, {}};
  S3Call call;
  call.method = "POST";
  call.operation = operation;
  call.query = {{"uploads", ""}};
  client->add_encryption(call.headers);
  DRAY_ASSIGN(const HttpResponse response, client->call(std::move(call)));
  pugi::xml_document document;
  (void)document.load_buffer(response.body.data(), response.body.size());
  std::string id = document.child("InitiateMultipartUploadResult").child_value("UploadId");
  if (id.empty()) {
    return transient_error(operation.uri() +
                           ": the answer has no upload id; is it S3 that answers?");
  }
  return std::unique_ptr<S3Upload>(
      std::make_unique<MultipartUpload>(std::move(client), operation, std::move(id)));
}

}  // namespace dray
