#include "aws/s3.h"

#include <pugixml.hpp>

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

#include "aws/digest.h"
#include "aws/error_code.h"
#include "aws/s3_call.h"

namespace dray {
namespace {

// Pages in a row without a key behind those before. S3 may give empty pages where it passes over
// what was deleted in a bucket with versions; this many are ten million of those.
constexpr std::uint64_t pages_in_place_max = 10'000;

// DeleteObjects takes no more.
constexpr std::size_t keys_per_removal_max = 1000;

Error not_a_listing(const S3Operation& operation) {
  return transient_error(operation.uri() + ": the answer is no listing; is it S3 that answers" +
                         (operation.endpoint.empty() ? "?" : " at " + operation.endpoint + "?"));
}

// One <Contents>; nothing if it is not as it should be.
std::optional<S3Object> read_contents(const pugi::xml_node& node, bool is_encoded) {
  S3Object object;
  object.key = node.child_value("Key");
  if (is_encoded) object.key = uri_decode(object.key);
  object.etag = plain_etag(node.child_value("ETag"));
  const std::string_view size = node.child_value("Size");
  const auto read = std::from_chars(size.data(), size.data() + size.size(), object.size_bytes);
  if (read.ec != std::errc{} || read.ptr != size.data() + size.size() || object.key.empty()) {
    return std::nullopt;
  }
  return object;
}

Result<S3Page> read_page(const HttpResponse& response, const S3Operation& operation) {
  pugi::xml_document document;
  if (!document.load_buffer(response.body.data(), response.body.size())) {
    return not_a_listing(operation);
  }
  const pugi::xml_node root = document.child("ListBucketResult");
  if (!root) return not_a_listing(operation);
  S3Page page;
  // We ask for it, and a server that did not do so does not say it.
  const bool is_encoded = std::string_view(root.child_value("EncodingType")) == "url";
  for (const pugi::xml_node& node : root.children("Contents")) {
    auto object = read_contents(node, is_encoded);
    if (!object) return not_a_listing(operation);
    page.objects.push_back(*std::move(object));
  }
  if (std::string_view(root.child_value("IsTruncated")) != "true") return page;
  page.next_token = root.child_value("NextContinuationToken");
  // Without a way to go on, the rest would be missing in silence.
  if (page.next_token.empty()) return not_a_listing(operation);
  return page;
}

// Whether a listing goes on.
class ListingProgress {
 public:
  // False when it goes round in a circle.
  bool goes_on_with(const S3Page& page) {
    if (!tokens_.insert(page.next_token).second) return false;
    const auto greatest = std::ranges::max_element(page.objects, {}, &S3Object::key);
    // Only of a server that sorts is what comes later greater.
    const bool is_sorted = std::ranges::is_sorted(page.objects, {}, &S3Object::key);
    if (!is_sorted || (greatest != page.objects.end() && greatest->key > greatest_)) {
      pages_in_place_ = 0;
    }
    if (greatest != page.objects.end()) greatest_ = std::max(greatest_, greatest->key);
    return ++pages_in_place_ <= pages_in_place_max;
  }

 private:
  std::set<std::string> tokens_;
  std::string greatest_;
  std::uint64_t pages_in_place_ = 0;
};

std::string removal_xml(std::span<const std::string> keys) {
  pugi::xml_document document;
  pugi::xml_node root = document.append_child("Delete");
  root.append_attribute("xmlns") = "http://s3.amazonaws.com/doc/2006-03-01/";
  root.append_child("Quiet").text() = true;
  for (const std::string& key : keys)
    root.append_child("Object").append_child("Key").text() = key.c_str();
  std::ostringstream text;
  document.save(text, "", pugi::format_raw);
  return text.str();
}

// In quiet mode the answer names only what could not be removed.
Result<void> check_removal(const HttpResponse& response, const S3Operation& operation) {
  pugi::xml_document document;
  if (!document.load_buffer(response.body.data(), response.body.size())) {
    return transient_error(operation.uri() + ": the answer to the deletion is not XML");
  }
  const pugi::xml_node failed = document.child("DeleteResult").child("Error");
  if (!failed) return {};
  S3Refusal refusal;
  refusal.status = 200;
  refusal.code = failed.child_value("Code");
  S3Operation one = operation;
  one.key = failed.child_value("Key");
  if (is_worth_retrying(refusal.status, refusal.code)) {
    return transient_error(one.uri() + ": not deleted (" + refusal.code + ")");
  }
  return explain(refusal, one);
}

}  // namespace

Result<S3Url> parse_s3_url(std::string_view url) {
  constexpr std::string_view scheme = "s3://";
  const auto bad = [&](const char* what) {
    return config_error(std::string("the address ") + what + "; write it like s3://bucket/prefix");
  };
  if (!url.starts_with(scheme)) return bad("is none in S3");
  const std::string_view rest = url.substr(scheme.size());
  const std::size_t slash = rest.find('/');
  S3Url parsed{std::string(rest.substr(0, slash)), {}};
  if (slash != std::string_view::npos) parsed.key = rest.substr(slash + 1);
  const bool is_name = std::ranges::all_of(parsed.bucket, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_';
  });
  if (parsed.bucket.size() < 3 || parsed.bucket.size() > 255 || !is_name) {
    return bad("has no name of a bucket behind s3:// (3 letters, digits, '-' and '.' at least)");
  }
  return parsed;
}

S3Client::S3Client(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}
S3Client::~S3Client() = default;

Result<S3Page> S3Client::list(const S3ListRequest& request) {
  S3Call call;
  call.method = "GET";
  call.operation = {"list", "s3:ListBucket", request.bucket, {}, {}};
  call.query = {{"list-type", "2"},
                {"encoding-type", "url"},
                {"max-keys", std::to_string(request.keys_max)},
                {"prefix", request.prefix}};
  if (!request.start_after.empty() && request.token.empty()) {
    call.query.emplace_back("start-after", request.start_after);
  }
  if (!request.token.empty()) call.query.emplace_back("continuation-token", request.token);
  S3Operation operation = call.operation;
  operation.key = request.prefix;
  DRAY_ASSIGN(const HttpResponse response, impl_->call(std::move(call)));
  return read_page(response, operation);
}

Result<void> S3Client::list_all(S3ListRequest request,
                                const std::function<void(S3Page page)>& take) {
  ListingProgress progress;
  do {
    DRAY_ASSIGN(S3Page page, list(request));
    request.token = page.next_token;
    if (!request.token.empty() && !progress.goes_on_with(page)) {
      return transient_error("s3://" + request.bucket + '/' + request.prefix +
                             ": the server's listing goes round in a circle; is it S3 that answers "
                             "there?");
    }
    take(std::move(page));
  } while (!request.token.empty());
  return {};
}

Result<std::optional<S3Object>> S3Client::head(const std::string& bucket, const std::string& key) {
  S3Call call;
  call.method = "HEAD";
  call.operation = {"read", "s3:GetObject", bucket, key, {}};
  S3Tries tries;
  auto response = impl_->answer_to(call, tries);
  if (!response) return std::move(response).error().within(call.operation.uri());
  if (response->status == 404) return std::optional<S3Object>();
  if (response->status != 200) return explain(read_refusal(*response), call.operation);
  S3Object object{key, 0, plain_etag(response->headers.find("etag"))};
  const std::string_view size = response->headers.find("content-length");
  std::from_chars(size.data(), size.data() + size.size(), object.size_bytes);
  return std::optional(std::move(object));
}

std::unique_ptr<ByteReader> S3Client::get(S3GetRequest request) {
  return read_object(impl_, std::move(request));
}

Result<std::string> S3Client::get_all(const std::string& bucket, const std::string& key,
                                      std::size_t size_bytes_max) {
  S3GetRequest request;
  request.bucket = bucket;
  request.key = key;
  const auto reader = get(std::move(request));
  std::string bytes;
  while (true) {
    const std::size_t had = bytes.size();
    bytes.resize(std::min(std::max<std::size_t>(had * 2, 64U << 10), size_bytes_max + 1));
    DRAY_ASSIGN(const std::size_t count,
                reader->read(std::as_writable_bytes(std::span(bytes).subspan(had))));
    bytes.resize(had + count);
    if (count == 0) return bytes;
    if (bytes.size() > size_bytes_max) {
      return bad_data_error("is larger than " + std::to_string(size_bytes_max) + " bytes")
          .within(S3Operation{"read", "s3:GetObject", bucket, key, {}}.uri());
    }
  }
}

Result<std::string> S3Client::put(const std::string& bucket, const std::string& key,
                                  std::span<const char> bytes) {
  S3Call call;
  call.method = "PUT";
  call.operation = {"write", "s3:PutObject", bucket, key, {}};
  call.body = {bytes.data(), bytes.size()};
  impl_->add_encryption(call.headers);
  DRAY_ASSIGN(const HttpResponse response, impl_->call(std::move(call)));
  return plain_etag(response.headers.find("etag"));
}

Result<std::unique_ptr<S3Upload>> S3Client::upload(const std::string& bucket,
                                                   const std::string& key) {
  return begin_upload(impl_, bucket, key);
}

Result<void> S3Client::remove(const std::string& bucket, std::span<const std::string> keys) {
  while (!keys.empty()) {
    const auto batch = keys.first(std::min(keys.size(), keys_per_removal_max));
    keys = keys.subspan(batch.size());
    const std::string body = removal_xml(batch);
    S3Call call;
    call.method = "POST";
    call.operation = {"delete", "s3:DeleteObject", bucket, {}, {}};
    call.query = {{"delete", ""}};
    call.body = body;
    call.headers.set("content-type", "application/xml");
    call.headers.set("content-md5", to_base64(md5(body)));
    const S3Operation operation = call.operation;
    DRAY_ASSIGN(const HttpResponse response, impl_->call(std::move(call)));
    DRAY_TRY(check_removal(response, operation));
  }
  return {};
}

Result<std::shared_ptr<S3Client>> open_s3(S3Options options,
                                          std::shared_ptr<CredentialsProvider> credentials) {
  HttpRequest endpoint;
  if (!options.endpoint.empty()) {
    DRAY_ASSIGN(endpoint, request_to(options.endpoint));
    while (endpoint.path.size() > 1 && endpoint.path.ends_with('/'))
      endpoint.path.pop_back();
    if (!endpoint.query.empty()) {
      return config_error("the endpoint of S3 has a query; write it like https://host:port");
    }
  }
  return std::make_shared<S3Client>(std::make_shared<S3Client::Impl>(
      std::move(options), std::move(endpoint), std::move(credentials)));
}

}  // namespace dray
