#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "aws/s3.h"
#include "base/hash.h"
#include "support/s3_server.h"

namespace dray {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string noise(std::size_t size) {
  std::string bytes(size, '\0');
  std::uint64_t state = 0x9E3779B97F4A7C15ULL;
  for (char& byte : bytes) {
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    byte = static_cast<char>(state >> 56);
  }
  return bytes;
}

std::unique_ptr<ByteReader> get(S3Client& client, const std::string& bucket, const std::string& key,
                                const std::string& etag = "") {
  S3GetRequest request;
  request.bucket = bucket;
  request.key = key;
  request.etag = etag;
  return client.get(std::move(request));
}

std::vector<std::string> list_all(S3Client& client, S3ListRequest request) {
  std::vector<std::string> keys;
  while (true) {
    const S3Page page = client.list(request).value();
    for (const S3Object& object : page.objects)
      keys.push_back(object.key);
    if (page.next_token.empty()) return keys;
    request.token = page.next_token;
  }
}

S3ListRequest listing(const std::string& bucket, unsigned keys_max = 1000) {
  S3ListRequest request;
  request.bucket = bucket;
  request.keys_max = keys_max;
  return request;
}

const std::vector<std::string>& odd_keys() {
  static const std::vector<std::string> keys = [] {
    std::vector<std::string> odd = {"a b.json",
                                    "a+b.json",
                                    "a%20b.json",
                                    "100%.json",
                                    "dt=2026-11-01/x.gz",
                                    "a//b.json",
                                    "a/./b.json",
                                    "a/../b.json",
                                    "./a.json",
                                    "/lead.json",
                                    "\xC3\xBC.json",
                                    "日本.json",
                                    "😀.json",
                                    "q?x=1.json",
                                    "hash#tag.json",
                                    "~tilde*().json",
                                    "quote\"'.json",
                                    "<tag>&amp;.json",
                                    "back\\slash.json",
                                    "semi;colon,.json",
                                    "at@dollar$.json",
                                    "trailing/",
                                    ".",
                                    "new\nline.json",
                                    "tab\t.json",
                                    "{brace}[b]^`|.json",
                                    std::string(1000, 'k') + ".json"};
    std::ranges::sort(odd);
    return odd;
  }();
  return keys;
}

void put_and_get_odd_keys(S3Client& client, const std::string& bucket) {
  for (const std::string& key : odd_keys()) {
    ASSERT_TRUE(client.put(bucket, key, key).ok()) << key;
    EXPECT_EQ(client.get_all(bucket, key, 2000).value(), key);
    EXPECT_EQ(client.head(bucket, key).value()->size_bytes, key.size());
  }
  for (const unsigned keys_max : {1000U, 7U, 1U})
    EXPECT_EQ(list_all(client, listing(bucket, keys_max)), odd_keys());
  for (const std::string& key : odd_keys()) {
    S3ListRequest request = listing(bucket);
    request.start_after = key;
    const auto behind =
        static_cast<std::size_t>(std::ranges::upper_bound(odd_keys(), key) - odd_keys().begin());
    EXPECT_EQ(list_all(client, request).size(), odd_keys().size() - behind) << key;
    request.start_after.clear();
    request.prefix = key;
    EXPECT_EQ(list_all(client, request).front(), key);
  }
  EXPECT_TRUE(client.remove(bucket, odd_keys()).ok());
  EXPECT_TRUE(list_all(client, listing(bucket)).empty());
}

TEST(S3Client, KeepsEveryKeyAsItIs) { put_and_get_odd_keys(*s3_test_client(), make_bucket()); }

TEST(S3Client, KeepsEveryKeyWithTheBucketInTheHostName) {
  S3Options options = s3_test_options();
  options.endpoint = s3_server().vhost_endpoint;
  options.addressing = S3Addressing::virtual_host;
  put_and_get_odd_keys(*s3_test_client(options), make_bucket());
}

TEST(S3Client, SpeaksTlsWithACertificateThatItWasTold) {
  S3Options options = s3_test_options();
  options.endpoint = s3_server().tls_endpoint;
  options.http.ca_file = s3_server().ca_file;
  const auto client = s3_test_client(options);
  const std::string bucket = make_bucket();
  const std::string bytes = noise(3'000'000);
  ASSERT_TRUE(client->put(bucket, "x", bytes).ok());
  EXPECT_EQ(client->get_all(bucket, "x", 4'000'000).value(), bytes);
}

TEST(S3Client, DoesNotSpeakToWhomItDoesNotTrust) {
  S3Options options = s3_test_options();
  options.endpoint = s3_server().tls_endpoint;
  const auto head = s3_test_client(options)->head("any", "key");
  EXPECT_EQ(head.error().cause, Cause::config);
  EXPECT_THAT(head.error().text(), AllOf(HasSubstr("not trusted"), HasSubstr("AWS_CA_BUNDLE")));
  options.http.ca_file = "/nowhere.pem";
  EXPECT_THAT(s3_test_client(options)->head("any", "key").error().text(),
              HasSubstr("/nowhere.pem"));
}

TEST(S3Client, StreamsThroughASmallBuffer) {
  const auto client = s3_test_client();
  const std::string bucket = make_bucket();
  const std::string bytes = noise(5'000'000);
  const std::string etag = client->put(bucket, "x", bytes).value();
  S3GetRequest request;
  request.bucket = bucket;
  request.key = "x";
  request.etag = etag;
  request.size_bytes = bytes.size();
  request.buffer_bytes_max = 1000;
  EXPECT_EQ(read_to_end(*client->get(request)).value(), bytes);
  ASSERT_TRUE(client->put(bucket, "empty", {}).ok());
  EXPECT_EQ(read_to_end(*get(*client, bucket, "empty")).value(), "");
}

TEST(S3Client, LetsGoOfAReaderInTheMiddle) {
  const auto client = s3_test_client();
  const std::string bucket = make_bucket();
  ASSERT_TRUE(client->put(bucket, "x", noise(20'000'000)).ok());
  const auto begun = std::chrono::steady_clock::now();
  std::vector<std::unique_ptr<ByteReader>> readers;
  for (int i = 0; i < 20; ++i)
    readers.push_back(get(*client, bucket, "x"));
  std::array<std::byte, 100> buffer{};
  // Last first: none of them waits for another.
  for (auto reader = readers.rbegin(); reader != readers.rend(); ++reader)
    EXPECT_EQ((*reader)->read(buffer).value(), 100U);
  readers.clear();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(5));
}

TEST(S3Client, SaysThatAnObjectIsGoneOrChanged) {
  const auto client = s3_test_client();
  const std::string bucket = make_bucket();
  const std::string etag = client->put(bucket, "x", std::string("one")).value();
  ASSERT_TRUE(client->put(bucket, "x", std::string("two")).ok());
  const auto changed = read_to_end(*get(*client, bucket, "x", etag));
  EXPECT_EQ(changed.error().cause, Cause::bad_data);
  EXPECT_EQ(changed.error().text(), "changed since it was listed");
  const std::string key = "x";
  ASSERT_TRUE(client->remove(bucket, std::span(&key, 1)).ok());
  const auto gone = read_to_end(*get(*client, bucket, "x", etag));
  EXPECT_EQ(gone.error().cause, Cause::bad_data);
  EXPECT_EQ(gone.error().text(), "gone since it was listed");
  EXPECT_FALSE(client->head(bucket, "x").value().has_value());
  EXPECT_TRUE(client->remove(bucket, std::span(&key, 1)).ok()) << "what is gone may be removed";
}

TEST(S3Client, WritesManyPartsAsOneObject) {
  const auto client = s3_test_client();
  const std::string bucket = make_bucket();
  const std::string bytes = noise(20'000'001);
  auto upload = client->upload(bucket, "parts/x").value();
  for (std::size_t at = 0; at < bytes.size(); at += 999'999)
    ASSERT_TRUE(upload->write(std::string_view(bytes).substr(at, 999'999)).ok());
  EXPECT_FALSE(client->head(bucket, "parts/x").value().has_value()) << "before complete()";
  const std::string etag = upload->complete().value();
  EXPECT_THAT(etag, testing::EndsWith("-3"));
  EXPECT_EQ(client->head(bucket, "parts/x").value()->etag, etag);
  EXPECT_EQ(client->get_all(bucket, "parts/x", bytes.size()).value(), bytes);
  auto empty = client->upload(bucket, "empty").value();
  ASSERT_TRUE(empty->complete().ok());
  EXPECT_EQ(client->head(bucket, "empty").value()->size_bytes, 0U);
}

TEST(S3Client, AbortsAnUploadThatIsNotCompleted) {
  const auto client = s3_test_client();
  const std::string bucket = make_bucket();
  {
    auto upload = client->upload(bucket, "x").value();
    ASSERT_TRUE(upload->write(noise(9'000'000)).ok());
  }
  EXPECT_FALSE(client->head(bucket, "x").value().has_value());
  auto upload = client->upload(bucket, "x").value();
  ASSERT_TRUE(upload->abort().ok());
  const auto completed = upload->complete();
  EXPECT_FALSE(completed.ok());
}

TEST(S3Client, RemovesMoreThanOneBatch) {
  const auto client = s3_test_client();
  const std::string bucket = make_bucket();
  std::vector<std::string> keys;
  for (int i = 0; i < 1005; ++i)
    keys.push_back("k" + std::to_string(i));
  for (const std::string& key : keys)
    ASSERT_TRUE(client->put(bucket, key, {}).ok());
  EXPECT_EQ(list_all(*client, listing(bucket)).size(), keys.size());
  ASSERT_TRUE(client->remove(bucket, keys).ok());
  EXPECT_TRUE(list_all(*client, listing(bucket)).empty());
}

TEST(S3Client, AsksForEncryption) {
  S3Options options = s3_test_options();
  options.encryption = S3Encryption::kms;
  options.kms_key_id = "testkey-1";
  const std::string bucket = make_bucket();
  const auto client = s3_test_client(options);
  const std::string bytes = noise(9'000'000);
  ASSERT_TRUE(client->put(bucket, "x", bytes).ok());
  EXPECT_EQ(client->get_all(bucket, "x", bytes.size()).value(), bytes);
  auto upload = client->upload(bucket, "y").value();
  ASSERT_TRUE(upload->write(bytes).ok());
  ASSERT_TRUE(upload->complete().ok());
  EXPECT_EQ(client->get_all(bucket, "y", bytes.size()).value(), bytes);
  options.kms_key_id = "no-such-key";
  EXPECT_FALSE(s3_test_client(options)->put(bucket, "z", bytes).ok());
  options.encryption = S3Encryption::aes256;
  EXPECT_TRUE(s3_test_client(options)->put(bucket, "a", bytes).ok());
}

TEST(S3Client, ExplainsWhatAPersonMustDo) {
  const auto client = s3_test_client();
  const std::string bucket = make_bucket();
  ASSERT_TRUE(client->put(bucket, "x", std::string("1")).ok());

  const auto no_bucket = client->list(listing("no-such-bucket"));
  EXPECT_EQ(no_bucket.error().cause, Cause::config);
  EXPECT_THAT(no_bucket.error().text(), HasSubstr("there is no bucket \"no-such-bucket\""));

  Credentials wrong = s3_server().credentials;
  wrong.secret_access_key = Secret("not-the-secret");
  const auto refused = s3_test_client(s3_test_options(), wrong)->list(listing(bucket));
  EXPECT_EQ(refused.error().cause, Cause::config);
  EXPECT_THAT(refused.error().text(),
              AllOf(HasSubstr("AWS_SECRET_ACCESS_KEY"), Not(HasSubstr("not-the-secret"))));

  Credentials unknown = s3_server().credentials;
  unknown.access_key_id = "AKIDNOBODY";
  EXPECT_THAT(s3_test_client(s3_test_options(), unknown)->list(listing(bucket)).error().text(),
              HasSubstr("access key is not known"));

  const auto stranger = s3_test_client(s3_test_options(), s3_server().stranger);
  const auto listed = stranger->list(listing(bucket));
  EXPECT_EQ(listed.error().cause, Cause::config);
  EXPECT_THAT(listed.error().text(), HasSubstr("s3:ListBucket on arn:aws:s3:::" + bucket));
  EXPECT_THAT(read_to_end(*get(*stranger, bucket, "x")).error().text(),
              HasSubstr("s3:GetObject on arn:aws:s3:::" + bucket + "/x"));
  EXPECT_THAT(stranger->put(bucket, "y", {}).error().text(), HasSubstr("s3:PutObject"));
  EXPECT_THAT(stranger->head(bucket, "x").error().text(), HasSubstr("s3:GetObject"));
  const std::string key = "x";
  EXPECT_THAT(stranger->remove(bucket, std::span(&key, 1)).error().text(),
              HasSubstr("s3:DeleteObject"));
}

TEST(S3Client, GivesUpOnAServerThatIsNotThere) {
  S3Options options = s3_test_options();
  options.endpoint = "http://127.0.0.1:1";
  const auto listed = s3_test_client(options)->list(listing("bucket"));
  EXPECT_EQ(listed.error().cause, Cause::transient);
  EXPECT_THAT(listed.error().text(), HasSubstr("tried 4 times"));
}

TEST(S3Client, StopsWhenItIsAsked) {
  std::stop_source stop;
  S3Options options = s3_test_options();
  options.endpoint = "http://127.0.0.1:1";
  options.retry = {};
  options.http.stop = stop.get_token();
  std::jthread soon([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
    stop.request_stop();
  });
  const auto begun = std::chrono::steady_clock::now();
  const auto client = s3_test_client(options);
  EXPECT_EQ(client->list(listing("bucket")).error().cause, Cause::cancelled);
  EXPECT_EQ(read_to_end(*get(*client, "bucket", "key")).error().cause, Cause::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(2));
}

}  // namespace
}  // namespace dray
