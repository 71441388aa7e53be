// What reading holds, and what it tells of objects that several workers read.
#include "run/reading.h"

#include <gtest/gtest.h>
#include <malloc.h>

#include <cstddef>
#include <mutex>
#include <string>
#include <vector>

#include "model/event.h"
#include "run/sync.h"
#include "source/memory.h"
#include "stage/block_store.h"
#include "transform/registry.h"

namespace dray {
namespace {

// Tells at each open how much of the heap is in use.
class HeapStore final : public ObjectStore {
 public:
  explicit HeapStore(std::size_t opens_max) { heap_bytes.reserve(opens_max); }

  Result<Listing> list(const ListRequest& request) override { return objects.list(request); }
  bool lists_from_anywhere() const override { return false; }
  std::size_t open_ahead_max() const override { return ahead; }
  Result<std::unique_ptr<ByteReader>> open(const ObjectInfo& object) override {
    const std::scoped_lock lock(mutex_);
    heap_bytes.push_back(::mallinfo2().uordblks);
    return objects.open(object);
  }
  std::string location() const override { return objects.location(); }

  MemoryStore objects;
  std::vector<std::size_t> heap_bytes;
  std::size_t ahead = 0;

 private:
  std::mutex mutex_;
};

std::string line_of(std::size_t number, const std::string& value) {
  std::string line = R"({"type":"track","event":"Done","userId":"u","messageId":"m)" +
                     std::to_string(number) +
                     R"(","receivedAt":"2026-11-20T10:00:00Z","properties":{)";
  for (int i = 0; i < 40; ++i)
    line += (i > 0 ? ",\"p" : "\"p") + std::to_string(i) + "\":" + value;
  return line + "}}\n";
}

struct Read {
  Result<ReadTotals> totals = ReadTotals{};
  std::vector<ReadObject> objects;
  Registry registry;
};

void read_all(HeapStore& store, unsigned threads, Read& out) {
  const auto listing = store.list({});
  ASSERT_TRUE(listing.ok());
  for (const ObjectInfo& info : listing->objects) {
    out.objects.emplace_back();
    out.objects.back().info = info;
  }
  BlockStore staged({0, testing::TempDir()});
  SyncProgress progress;
  ReadingOptions options;
  options.threads = threads;
  options.batches_bytes_max = 64U << 10;
  out.totals = read_objects(out.objects, store, out.registry, staged, options, progress, {});
}

TEST(ReadObjects, HoldsNothingOfObjectsThatAreRead) {
  constexpr std::size_t count = 3'000;
  HeapStore store(count);
  for (std::size_t i = 0; i < count; ++i)
    store.objects.add(std::to_string(10'000 + i) + ".json", line_of(i, std::to_string(i)));
  Read read;
  ASSERT_NO_FATAL_FAILURE(read_all(store, 1, read));
  ASSERT_TRUE(read.totals.ok());
  ASSERT_EQ(store.heap_bytes.size(), count);
  const std::size_t half = count / 2;  // by then the worker has all that it keeps
  const std::size_t before = store.heap_bytes[half];
  const std::size_t grown = store.heap_bytes.back() > before ? store.heap_bytes.back() - before : 0;
  EXPECT_LT(grown / half, 100U);
}

TEST(ReadObjects, TellsOfEachNoticeTheFirstObjectThatHasIt) {
  for (const unsigned threads : {1U, 4U}) {
    for (const std::size_t ahead : {0U, 3U}) {
      HeapStore store(100);
      store.ahead = ahead;
      for (std::size_t i = 0; i < 50; ++i) {
        const std::string value = i == 7 || i == 30 ? R"("\u0000")" : "1";
        store.objects.add(std::to_string(10 + i) + ".json", line_of(i, value));
      }
      Read read;
      ASSERT_NO_FATAL_FAILURE(read_all(store, threads, read));
      ASSERT_TRUE(read.totals.ok());
      const auto code = static_cast<std::size_t>(NoticeCode::replacement_character);
      EXPECT_EQ(read.totals->notices[code].count, 80U);
      EXPECT_EQ(read.totals->notices[code].first_object, 7U);
      std::uint64_t bytes = 0;
      for (const ReadObject& object : read.objects) {
        EXPECT_EQ(object.counts.lines, 1U);
        bytes += object.info.size_bytes;
      }
      EXPECT_EQ(read.totals->bytes_plain, bytes);
      ASSERT_EQ(read.registry.tables().size(), 1U);
      EXPECT_GE(read.registry.tables()[0].columns.size(), 40U);
    }
  }
}

}  // namespace
}  // namespace dray
