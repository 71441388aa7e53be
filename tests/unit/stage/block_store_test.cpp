#include "stage/block_store.h"

#include <gtest/gtest.h>
#include <malloc.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include "staged_rows.h"
#include "support/temporary_directory.h"

namespace dray {
namespace {

// Three tables; the second batch of each is long enough to be worth compressing.
void fill(BlockStore& store) {
  for (std::uint32_t batch_number = 0; batch_number < 6; ++batch_number) {
    RowBatch batch;
    batch.table = batch_number % 3;
    const std::uint32_t rows = batch_number < 3 ? 1 : 500;
    for (std::uint32_t line = 0; line < rows; ++line) {
      append_row(batch, {line, line * 7, -5, batch_number, line},
                 "text of row " + std::to_string(line) + std::string(line == 3 ? 70'000 : 3, 'x'));
    }
    const auto added = store.add(std::move(batch));
    ASSERT_TRUE(added.ok());
  }
}

TEST(BlockStore, KeepsRowsInMemoryWhileThereIsRoom) {
  BlockStore store(store_options(64U << 20));
  ASSERT_NO_FATAL_FAILURE(fill(store));
  EXPECT_EQ(store.spilled_bytes(), 0U);
  EXPECT_EQ(store.row_count(1), 501U);
  EXPECT_EQ(store.row_count(99), 0U);
}

TEST(BlockStore, SpillsTheSoonerForWhatItHasGivenUp) {
  BlockStore store(store_options(64U << 20));
  store.give_up(64U << 20);
  ASSERT_NO_FATAL_FAILURE(fill(store));
  EXPECT_GT(store.spilled_bytes(), 0U);
}

TEST(BlockStore, SpilledRowsAreTheSameRows) {
  BlockStore memory(store_options(64U << 20));
  BlockStore spilled(store_options(0));
  BlockStore both(store_options(8U << 10));
  for (BlockStore* store : {&memory, &spilled, &both})
    ASSERT_NO_FATAL_FAILURE(fill(*store));
  EXPECT_GT(spilled.spilled_bytes(), both.spilled_bytes());
  EXPECT_GT(both.spilled_bytes(), 0U);
  EXPECT_LT(spilled.spilled_bytes(), 200'000U);  // compressed: 3 long texts alone are more
  for (const TableNumber table : {0U, 1U, 2U}) {
    const auto expected = describe_rows(*memory.view({{table, "slug"}}));
    EXPECT_EQ(expected.size(), 501U);
    EXPECT_EQ(describe_rows(*spilled.view({{table, "slug"}})), expected);
    EXPECT_EQ(describe_rows(*both.view({{table, "slug"}})), expected);
    EXPECT_EQ(spilled.row_count(table), 501U);
  }
}

// Of this program's heap, by malloc's own count.
std::size_t heap_bytes() {
  const struct mallinfo2 heap = mallinfo2();
  return heap.uordblks + heap.hblkhd;
}

TEST(BlockStore, SpilledRowsHoldNoMemory) {
  BlockStore store(store_options(0));
  ASSERT_NO_FATAL_FAILURE(fill(store));  // makes the buffer that a thread compresses to
  const std::size_t before = heap_bytes();
  for (std::uint32_t batch_number = 0; batch_number < 100; ++batch_number) {
    RowBatch batch;
    batch.table = 1;
    for (std::uint32_t line = 0; line < 1'000; ++line)
      append_row(batch, {line, line, -5, batch_number, line}, "text");
    const auto added = store.add(std::move(batch));
    ASSERT_TRUE(added.ok());
  }
  // A few hundred bytes for each batch, and nothing for its rows' keys, 3 MB.
  EXPECT_LT(heap_bytes() - before, 100U << 10);
}

TEST(BlockStore, KeysAloneAreThoseOfTheRows) {
  for (const std::size_t memory_bytes : {std::size_t{0}, std::size_t{64} << 20}) {
    BlockStore store(store_options(memory_bytes));
    ASSERT_NO_FATAL_FAILURE(fill(store));
    const auto view = store.view({{2, {}}});
    BlockScratch scratch;
    std::uint64_t rows = 0;
    for (std::size_t number = 0; number < view->block_count(); ++number) {
      const RowBlock block = view->keys(number, scratch).value();
      EXPECT_EQ(block.first_row, rows);
      EXPECT_TRUE(block.records.empty());
      for (std::size_t i = 0; i < block.keys.size(); ++i)
        EXPECT_EQ(block.keys[i].check, i * 7);
      rows += block.keys.size();
    }
    EXPECT_EQ(rows, 501U);
  }
}

TEST(BlockStore, ViewOfSeveralTablesCountsThroughAndTellsEachOnesEvent) {
  BlockStore store(store_options(0));
  ASSERT_NO_FATAL_FAILURE(fill(store));
  const auto view = store.view({{2, "later"}, {50, "none"}, {1, "earlier"}});
  EXPECT_EQ(view->row_count(), 1'002U);
  const auto rows = describe_rows(*view);
  ASSERT_EQ(rows.size(), 1'002U);
  EXPECT_TRUE(rows[0].starts_with("0 later "));
  EXPECT_TRUE(rows[500].starts_with("500 later "));
  EXPECT_TRUE(rows[501].starts_with("501 earlier "));
  EXPECT_TRUE(rows[1'001].starts_with("1001 earlier "));
}

TEST(BlockStore, EachViewHasItsOwnDroppedRows) {
  BlockStore store(store_options(0));
  ASSERT_NO_FATAL_FAILURE(fill(store));
  const auto one = store.view({{1, {}}});
  const auto other = store.view({{1, {}}});
  one->drop(7);
  EXPECT_TRUE(one->is_dropped(7));
  EXPECT_FALSE(one->is_dropped(8));
  EXPECT_FALSE(other->is_dropped(7));
}

TEST(BlockStore, TakesAnEmptyBatchAndAnEmptyView) {
  BlockStore store(store_options(0));
  ASSERT_TRUE(store.add({}).ok());
  EXPECT_TRUE(describe_rows(*store.view({{rejects_table, {}}})).empty());
  EXPECT_EQ(store.view({})->row_count(), 0U);
}

TEST(BlockStore, RowsFromSeveralThreadsAllArrive) {
  for (const std::size_t memory_bytes : {std::size_t{0}, std::size_t{20} << 10}) {
    BlockStore store(store_options(memory_bytes));
    {
      std::vector<std::jthread> threads;
      for (std::uint32_t thread = 0; thread < 4; ++thread) {
        threads.emplace_back([&store, thread] {
          for (std::uint32_t line = 0; line < 50; ++line) {
            RowBatch batch;
            batch.table = line % 2;
            append_row(batch, {0, 0, 0, thread, line},
                       std::to_string(thread) + "/" + std::to_string(line));
            EXPECT_TRUE(store.add(std::move(batch)).ok());
          }
        });
      }
    }
    auto rows = describe_rows(*store.view({{0, {}}, {1, {}}}));
    for (std::string& row : rows)
      row.erase(0, row.find(' '));
    std::ranges::sort(rows);
    std::vector<std::string> expected;
    for (int thread = 0; thread < 4; ++thread) {
      for (int line = 0; line < 50; ++line) {
        const std::string at = std::to_string(thread);
        const std::string n = std::to_string(line);
        expected.push_back("  0 0 0 " + at + ":" + n + " 0=" + at + "/" + n);
      }
    }
    std::ranges::sort(expected);
    EXPECT_EQ(rows, expected);
  }
}

TEST(BlockStore, TemporaryFileHasNoName) {
  const TemporaryDirectory directory;
  BlockStore store({0, directory.path()});
  ASSERT_NO_FATAL_FAILURE(fill(store));
  EXPECT_GT(store.spilled_bytes(), 0U);
  EXPECT_TRUE(std::filesystem::is_empty(directory.path()));
}

// Of this process, by the name that its file had.
int find_open(const std::string& name) {
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    std::error_code gone;
    const auto target = std::filesystem::read_symlink(entry.path(), gone).string();
    if (target.find(name) != std::string::npos) return std::stoi(entry.path().filename().string());
  }
  return -1;
}

TEST(BlockStore, SaysThatItsFileIsShorterThanItWas) {
  const TemporaryDirectory directory;
  BlockStore store({0, directory.path()});
  ASSERT_NO_FATAL_FAILURE(fill(store));
  ASSERT_EQ(::ftruncate(find_open(directory.path() + "/dray-stage-"), 0), 0);
  errno = EACCES;  // somebody else's
  BlockScratch scratch;
  const auto read = store.view({{1, {}}})->rows(0, scratch);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().cause, Cause::config);
  EXPECT_NE(read.error().text().find("shorter than it was"), std::string::npos)
      << read.error().text();
}

TEST(BlockStore, SaysThatItsDirectoryCannotBeWritten) {
  const std::string directory = testing::TempDir() + "dray-no-such-directory";
  BlockStore store({0, directory});
  RowBatch batch;
  append_row(batch, {}, "row");
  const auto added = store.add(std::move(batch));
  ASSERT_FALSE(added.ok());
  EXPECT_EQ(added.error().cause, Cause::config);
  EXPECT_NE(added.error().text().find("temp_directory"), std::string::npos);
}

}  // namespace
}  // namespace dray
