// What every ObjectStore promises, held to by a directory, by memory and by S3.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "source/directory.h"
#include "source/memory.h"
#include "source/s3.h"
#include "support/s3_server.h"
#include "support/temporary_directory.h"

namespace dray {
namespace {

class DirectoryPlace {
 public:
  DirectoryPlace() { store_ = open_directory(root_.path()).value(); }
  ObjectStore& store() { return *store_; }
  void put(const std::string& key, const std::string& bytes) {
    const std::string path = root_ / key;
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    // A new file each time: times alone are too coarse to tell two writes apart.
    std::ofstream(path + "~") << bytes;
    const auto later =
        std::filesystem::file_time_type::clock::now() + std::chrono::seconds(++writes_);
    std::filesystem::last_write_time(path + "~", later);
    std::filesystem::rename(path + "~", path);
  }
  void remove(const std::string& key) { std::filesystem::remove(root_ / key); }

 private:
  const TemporaryDirectory root_;
  std::unique_ptr<ObjectStore> store_;
  int writes_ = 0;
};

class MemoryPlace {
 public:
  ObjectStore& store() { return store_; }
  void put(const std::string& key, const std::string& bytes) {
    if (keys_.insert(key).second) {
      store_.add(key, bytes);
    } else {
      store_.replace(key, bytes);
    }
  }
  void remove(const std::string& key) { store_.remove(key); }

 private:
  MemoryStore store_;
  std::set<std::string> keys_;
};

class S3Place {
 public:
  S3Place() {
    // What lies beside the prefix is none of the store's.
    EXPECT_TRUE(client_->put(bucket_, "logs2/x.json", std::string("{}")).ok());
    EXPECT_TRUE(client_->put(bucket_, "logs.json", std::string("{}")).ok());
    store_ = open_s3_store(client_, {bucket_, "logs"});
  }
  ObjectStore& store() { return *store_; }
  void put(const std::string& key, const std::string& bytes) {
    EXPECT_TRUE(client_->put(bucket_, "logs/" + key, bytes).ok());
  }
  void remove(const std::string& key) {
    const std::string whole = "logs/" + key;
    EXPECT_TRUE(client_->remove(bucket_, std::span(&whole, 1)).ok());
  }

 private:
  std::shared_ptr<S3Client> client_ = s3_test_client();
  std::string bucket_ = make_bucket();
  std::unique_ptr<ObjectStore> store_;
};

template <typename Place>
class ObjectStoreContract : public testing::Test {
 protected:
  std::vector<std::string> keys(const std::string& start_after = "") {
    std::vector<std::string> listed;
    const Listing listing = place_.store().list({start_after}).value();
    for (const ObjectInfo& object : listing.objects)
      listed.push_back(object.key);
    return listed;
  }
  Result<std::string> read(const ObjectInfo& object) {
    DRAY_ASSIGN(const auto reader, place_.store().open(object));
    return read_to_end(*reader);
  }
  Place place_;
};

using Places = testing::Types<DirectoryPlace, MemoryPlace, S3Place>;
TYPED_TEST_SUITE(ObjectStoreContract, Places);

TYPED_TEST(ObjectStoreContract, ListsEventFilesInBytewiseOrder) {
  for (const char* key : {"b/1.gz", "b.gz", "b/a b+=%20.json", "\xC3\xBC/x.ndjson", "B.jsonl",
                          "b/dummy-object.txt", ".hidden/x.gz", "b/x.gz.tmp"})
    this->place_.put(key, "{}");
  EXPECT_EQ(this->keys(), (std::vector<std::string>{"B.jsonl", "b.gz", "b/1.gz", "b/a b+=%20.json",
                                                    "\xC3\xBC/x.ndjson"}));
}

TYPED_TEST(ObjectStoreContract, TellsSizeEncodingAndDay) {
  this->place_.put("segment-logs/abc/1760000000000/x.gz", "12345");
  this->place_.put("segment-logs/abc/1759968000000/x.gz", "12345");
  const Listing listing = this->place_.store().list({}).value();
  ASSERT_EQ(listing.objects.size(), 2U);
  EXPECT_EQ(listing.objects[0].size_bytes, 5U);
  EXPECT_EQ(listing.objects[0].encoding, Encoding::gzip);
  EXPECT_EQ(listing.objects[0].received_day,
            std::chrono::sys_days(std::chrono::year(2025) / 10 / 9));
  EXPECT_FALSE(listing.objects[1].received_day) << "not a midnight";
  EXPECT_TRUE(listing.problems.empty());
}

TYPED_TEST(ObjectStoreContract, ReadsWhatWasListed) {
  std::string bytes(3'000'000, 'x');
  for (std::size_t i = 0; i < bytes.size(); i += 7)
    bytes[i] = static_cast<char>(i);
  this->place_.put("a.json", bytes);
  this->place_.put("empty.json", "");
  const Listing listing = this->place_.store().list({}).value();
  EXPECT_EQ(this->read(listing.objects.at(0)).value(), bytes);
  EXPECT_EQ(this->read(listing.objects.at(1)).value(), "");
}

TYPED_TEST(ObjectStoreContract, NeverMixesVersions) {
  this->place_.put("a.json", "first");
  const ObjectInfo first = this->place_.store().list({}).value().objects.at(0);
  this->place_.put("a.json", "other");
  const auto changed = this->read(first);
  EXPECT_EQ(changed.error().cause, Cause::bad_data);
  EXPECT_EQ(changed.error().text(), "changed since it was listed");
  const ObjectInfo second = this->place_.store().list({}).value().objects.at(0);
  EXPECT_NE(second.version, first.version);
  EXPECT_EQ(this->read(second).value(), "other");
  this->place_.remove("a.json");
  const auto gone = this->read(second);
  EXPECT_EQ(gone.error().cause, Cause::bad_data);
  EXPECT_EQ(gone.error().text(), "gone since it was listed");
  EXPECT_TRUE(this->keys().empty());
}

TYPED_TEST(ObjectStoreContract, LosesNothingBehindTheStartOfAListing) {
  for (const char* key : {"a.json", "b/1.json", "b/2.json", "c.json"})
    this->place_.put(key, "{}");
  for (const std::string start : {"a.json", "b", "b/1.json", "b/1.json0", "z"}) {
    const auto listed = this->keys(start);
    for (const std::string key : {"a.json", "b/1.json", "b/2.json", "c.json"}) {
      if (key > start) EXPECT_NE(std::ranges::find(listed, key), listed.end()) << start << key;
    }
  }
}

TYPED_TEST(ObjectStoreContract, KeepsReadersApart) {
  for (int i = 0; i < 30; ++i)
    this->place_.put(std::to_string(i) + ".json", std::string(200'000, static_cast<char>('A' + i)));
  const Listing listing = this->place_.store().list({}).value();
  std::vector<std::unique_ptr<ByteReader>> readers;
  for (const ObjectInfo& object : listing.objects)
    readers.push_back(this->place_.store().open(object).value());
  // The last first, so that none may wait for one before it.
  for (std::size_t i = readers.size(); i-- > 0;) {
    const char wanted = static_cast<char>('A' + std::stoi(listing.objects[i].key));
    EXPECT_EQ(read_to_end(*readers[i]).value(), std::string(200'000, wanted));
  }
}

TEST(S3Store, ReadsASingleObjectUnderItsName) {
  const auto client = s3_test_client();
  const std::string bucket = make_bucket();
  ASSERT_TRUE(client->put(bucket, "a/b.json", std::string("{}")).ok());
  ASSERT_TRUE(client->put(bucket, "a/b.json.gz", std::string("{}")).ok());
  const auto store = open_s3_store(client, {bucket, "a/b.json"});
  const Listing listing = store->list({}).value();
  ASSERT_EQ(listing.objects.size(), 1U);
  EXPECT_EQ(listing.objects[0].key, "b.json");
  EXPECT_EQ(read_to_end(**store->open(listing.objects[0])).value(), "{}");
  EXPECT_EQ(store->location(), "s3://" + bucket + "/a/b.json");
  const auto missing = open_s3_store(client, {bucket, "a/c.json"})->list({});
  EXPECT_EQ(missing.error().cause, Cause::config);
}

TEST(S3Store, ReadsAPrefixThatLooksLikeAFile) {
  const auto client = s3_test_client();
  const std::string bucket = make_bucket();
  ASSERT_TRUE(client->put(bucket, "out.json/part-0.json", std::string("{}")).ok());
  const auto store = open_s3_store(client, {bucket, "out.json/"});
  EXPECT_EQ(store->list({}).value().objects.at(0).key, "part-0.json");
  EXPECT_EQ(store->location(), "s3://" + bucket + "/out.json/");
}

TEST(S3Store, IsCalledTheSameWithAndWithoutASlash) {
  for (const auto& [key, location] : std::vector<std::pair<std::string, std::string>>{
           {"", "s3://bucket"}, {"a/b", "s3://bucket/a/b"}, {"a/b//", "s3://bucket/a/b"}})
    EXPECT_EQ(open_s3_store(nullptr, {"bucket", key})->location(), location);
}

TEST(S3Store, TakesEmptyPartsOfAPathForWhatTheyAre) {
  const auto client = s3_test_client();
  const std::string bucket = make_bucket();
  for (const char* key : {"logs//x.json", "logs/a//b.json", "logs/.hidden//c.json"})
    ASSERT_TRUE(client->put(bucket, key, std::string("{}")).ok());
  const Listing listing = open_s3_store(client, {bucket, "logs"})->list({}).value();
  ASSERT_EQ(listing.objects.size(), 2U);
  EXPECT_EQ(listing.objects[0].key, "/x.json");
  EXPECT_EQ(listing.objects[1].key, "a//b.json");
}

}  // namespace
}  // namespace dray
