#include "source/memory.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

namespace dray {
namespace {

std::string read_all(ByteReader& reader) {
  std::string text;
  std::array<std::byte, 7> buffer;
  while (true) {
    const auto count = reader.read(buffer);
    EXPECT_TRUE(count.ok());
    if (!count.ok() || *count == 0) return text;
    text.append(reinterpret_cast<const char*>(buffer.data()), *count);
  }
}

TEST(MemoryStore, ListsEventFilesInBytewiseOrder) {
  MemoryStore store;
  store.add("b/1.gz", "12345");
  store.add("a.json", "1");
  store.add("b.gz", "");
  store.add("\xff.json", "");
  store.add("dummy-object.txt", "");
  const Listing listing = store.list({}).value();
  ASSERT_EQ(listing.objects.size(), 4U);
  EXPECT_EQ(listing.objects[0].key, "a.json");
  EXPECT_EQ(listing.objects[1].key, "b.gz");
  EXPECT_EQ(listing.objects[2].key, "b/1.gz");
  EXPECT_EQ(listing.objects[2].size_bytes, 5U);
  EXPECT_EQ(listing.objects[3].key, "\xff.json");
}

TEST(MemoryStore, ReadsWhatWasListed) {
  MemoryStore store;
  store.add("a.json", "some more than seven bytes");
  const ObjectInfo object = store.list({}).value().objects.at(0);
  auto reader = store.open(object);
  ASSERT_TRUE(reader.ok());
  store.replace("a.json", "other");
  EXPECT_EQ(read_all(**reader), "some more than seven bytes");
}

TEST(MemoryStore, RefusesAnObjectThatChangedOrWentSinceItWasListed) {
  MemoryStore store;
  store.add("a.json", "1");
  const ObjectInfo object = store.list({}).value().objects.at(0);
  store.replace("a.json", "1");
  EXPECT_EQ(store.open(object).error().text(), "changed since it was listed");
  EXPECT_EQ(store.open(object).error().cause, Cause::bad_data);
  EXPECT_NE(store.list({}).value().objects.at(0), object);
  store.remove("a.json");
  EXPECT_EQ(store.open(object).error().text(), "gone since it was listed");
  EXPECT_TRUE(store.list({}).value().objects.empty());
}

TEST(MemoryStore, ListsTheProblemsItIsTold) {
  MemoryStore store;
  store.add_problem({"z", "no permission"});
  store.add_problem({"a", "no permission"});
  const Listing listing = store.list({}).value();
  ASSERT_EQ(listing.problems.size(), 2U);
  EXPECT_EQ(listing.problems[0].key, "a");
}

TEST(ReadMemory, DeliversNoMoreThanToldInOneCall) {
  const auto reader = read_memory("abcde", 2);
  std::array<std::byte, 4> buffer;
  EXPECT_EQ(reader->read(buffer).value(), 2U);
  EXPECT_EQ(read_all(*reader), "cde");
}

}  // namespace
}  // namespace dray
