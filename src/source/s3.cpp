#include "source/s3.h"

#include <algorithm>

#include "base/path_text.h"
#include "source/layout.h"

namespace dray {
namespace {

// Each has a connection and up to read_ahead_bytes of its own. At 30 ms for the first byte they
// make 500 small objects a second, more than two cores decode.
constexpr std::size_t open_ahead = 16;
constexpr std::size_t read_ahead_bytes = 1U << 20;

// S3 knows no directories: "a//b" is a key like any other, and nothing in it is hidden.
std::string without_empty_components(std::string_view key) {
  std::string clean;
  for (const char c : key) {
    if (c != '/' || (!clean.empty() && clean.back() != '/')) clean += c;
  }
  return clean;
}

class S3Store final : public ObjectStore {
 public:
  S3Store(std::shared_ptr<S3Client> client, S3Url place)
      : client_(std::move(client)), bucket_(std::move(place.bucket)), path_(std::move(place.key)) {
    const bool has_slash = path_.ends_with('/');
    while (path_.ends_with('/'))
      path_.pop_back();
    const std::string name = path_.substr(path_.rfind('/') + 1);
    const bool looks_like_a_file = classify_key(name).has_value();
    is_file_ = looks_like_a_file && !has_slash;
    // The key of a single file is its name, as in a directory.
    prefix_ = is_file_ ? path_.substr(0, path_.size() - name.size()) : path_ + '/';
    if (path_.empty()) prefix_.clear();
    location_ = "s3://" + bucket_ + (path_.empty() ? "" : '/' + path_);
    if (looks_like_a_file && has_slash) location_ += '/';
  }

  Result<Listing> list(const ListRequest& request) override {
    S3ListRequest page_request;
    page_request.bucket = bucket_;
    page_request.prefix = is_file_ ? path_ : prefix_;
    if (!request.start_after.empty())
      page_request.start_after = prefix_ + text_to_path(request.start_after);
    Listing listing;
    DRAY_TRY(client_->list_all(std::move(page_request), [&](S3Page page) {
      for (S3Object& object : page.objects)
        add(std::move(object), listing);
    }));
    sort_by_key(listing.objects);
    if (is_file_ && listing.objects.empty()) {
      return config_error(location_ +
                          ": there is no such object; if it is a prefix, end it with a '/'");
    }
    return listing;
  }

  bool lists_from_anywhere() const override { return true; }
  std::size_t open_ahead_max() const override { return open_ahead; }

  Result<std::unique_ptr<ByteReader>> open(const ObjectInfo& object) override {
    S3GetRequest request;
    request.bucket = bucket_;
    request.key = prefix_ + text_to_path(object.key);
    request.etag = object.version;
    request.size_bytes = object.size_bytes;
    request.buffer_bytes_max = read_ahead_bytes;
    return client_->get(std::move(request));
  }

  std::string location() const override { return path_to_text(location_); }

 private:
  void add(S3Object object, Listing& listing) const {
    if (is_file_ && object.key != path_) return;
    // A server that gives more than was asked for.
    if (!object.key.starts_with(prefix_)) return;
    std::string key = object.key.substr(prefix_.size());
    const auto facts = classify_key(without_empty_components(key));
    if (!facts) {
      // One that ends with a '/' stands for a folder.
      if (!key.ends_with('/') && !key.empty()) listing.passed_over.add(path_to_text(key));
      return;
    }
    listing.objects.push_back({path_to_text(key), object.size_bytes, std::move(object.etag),
                               facts->encoding, facts->received_day});
  }

  const std::shared_ptr<S3Client> client_;
  const std::string bucket_;
  std::string path_;    // without a '/' at its end
  std::string prefix_;  // what comes before each object's key
  std::string location_;
  bool is_file_ = false;
};

}  // namespace

std::unique_ptr<ObjectStore> open_s3_store(std::shared_ptr<S3Client> client, S3Url place) {
  return std::make_unique<S3Store>(std::move(client), std::move(place));
}

Result<void> check_s3_store(S3Client& client, const S3Url& place) {
  S3ListRequest request;
  request.bucket = place.bucket;
  request.prefix = place.key;
  request.keys_max = 1;
  DRAY_TRY(client.list(request));
  return {};
}

}  // namespace dray
