// Amazon S3, and what speaks its protocol: listing, reading, writing, removing objects.
//
// Every call retries what may pass, with full jitter and at most RetryPolicy::attempts_max tries:
// no or broken connections, 429, 500, 502, 503 SlowDown, 504, RequestTimeout. It follows a bucket
// to its region, corrects a clock that is off, and asks once for new credentials when those it has
// are not taken any more.
//
// Threads: a client may be used from several threads at once; a reader or an upload by one.
// Errors: `config` when a person must act (no such bucket, no permission, wrong keys); `transient`
// when all tries failed; `bad_data` for an object that is not there or not as it was; `cancelled`.
// Messages say which permission is missing and hold no secret.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "aws/credentials.h"
#include "base/byte_reader.h"
#include "base/result.h"
#include "net/retry.h"

namespace dray {

// s3://bucket/key. The key may be empty, and is taken as it is written: nothing in it is encoded.
struct S3Url {
  std::string bucket;
  std::string key;
  bool operator==(const S3Url&) const = default;
};

Result<S3Url> parse_s3_url(std::string_view url);

// How S3 encrypts what is written; the bucket's own default holds for `none`.
enum class S3Encryption { none, aes256, kms };

enum class S3Addressing {
  automatic,     // path with an endpoint of one's own, else virtual host
  path,          // http://endpoint/bucket/key
  virtual_host,  // http://bucket.endpoint/key
};

enum class RequesterPays { no, yes };

struct S3Options {
  std::string region;    // "": found out
  std::string endpoint;  // http[s]://host[:port]; "": Amazon's own
  S3Addressing addressing = S3Addressing::automatic;
  RequesterPays requester_pays = RequesterPays::no;
  S3Encryption encryption = S3Encryption::none;
  std::string kms_key_id;  // with kms; "": the account's own key for S3
  // The idle timeout is how long a server may be silent; total_timeout is for tests.
  HttpOptions http;
  RetryPolicy retry;
};

// One object as a listing or HEAD shows it.
struct S3Object {
  std::string key;
  std::uint64_t size_bytes = 0;
  std::string etag;  // without quotes
  bool operator==(const S3Object&) const = default;
};

struct S3ListRequest {
  std::string bucket;
  std::string prefix;
  std::string start_after;  // only keys behind this one, bytewise
  std::string token;        // the page before's next_token; "": the first page
  unsigned keys_max = 1000;
};

struct S3Page {
  std::vector<S3Object> objects;  // in bytewise order of their keys, across pages too
  std::string next_token;         // "": this is the last page
};

struct S3GetRequest {
  std::string bucket;
  std::string key;
  std::string etag;                         // the version that is wanted; "": the one that is there
  std::optional<std::uint64_t> size_bytes;  // what the listing said, if there was one
  // How many bytes arrive ahead of whoever reads; twice as many at most are held.
  std::size_t buffer_bytes_max = 1U << 20;
};

class S3Upload;

class S3Client {
 public:
  class Impl;
  explicit S3Client(std::shared_ptr<Impl> impl);
  ~S3Client();

  Result<S3Page> list(const S3ListRequest& request);

  // All pages from the request's on, one after the other. An error for a server that says "there is
  // more" without end: one that repeats a token, or gives page after page with nothing behind what
  // it gave before. A key may come more than once even so.
  Result<void> list_all(S3ListRequest request, const std::function<void(S3Page page)>& take);

  // Nothing if there is no such object.
  Result<std::optional<S3Object>> head(const std::string& bucket, const std::string& key);

  // Returns at once; the bytes arrive in a thread of the reader's own until it is destroyed, and
  // what fails, fails in read(): `bad_data` "gone since it was listed" and, for another etag,
  // "changed since it was listed". A broken connection is taken up where it broke, at the same
  // version. The end comes only after as many bytes as were announced.
  std::unique_ptr<ByteReader> get(S3GetRequest request);

  // The whole object in memory; at most `size_bytes_max`, else an error (bad_data).
  Result<std::string> get_all(const std::string& bucket, const std::string& key,
                              std::size_t size_bytes_max);

  // Returns the ETag. The server checks what arrives against a hash that is signed. Up to 5 GB, by
  // S3's rule; more, and whatever is not in memory as a whole, through upload().
  Result<std::string> put(const std::string& bucket, const std::string& key,
                          std::span<const char> bytes);

  // Many parts that become one object, or none.
  Result<std::unique_ptr<S3Upload>> upload(const std::string& bucket, const std::string& key);

  // In batches of 1,000. Keys that are not there are no error.
  Result<void> remove(const std::string& bucket, std::span<const std::string> keys);

 private:
  std::shared_ptr<Impl> impl_;
};

// Nothing is visible before complete(); destroying an upload that is not complete aborts it, so
// that no part stays behind and costs money.
class S3Upload {
 public:
  virtual ~S3Upload() = default;
  // Sends a part whenever 8 MiB are together; blocks while it does.
  virtual Result<void> write(std::span<const char> bytes) = 0;
  // Returns the ETag. After an error the object may or may not be there (`in_doubt`), or is not.
  virtual Result<std::string> complete() = 0;
  virtual Result<void> abort() = 0;
};

// Nothing is asked of the server yet.
Result<std::shared_ptr<S3Client>> open_s3(S3Options options,
                                          std::shared_ptr<CredentialsProvider> credentials);

}  // namespace dray
