#include "stage/duplicates.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <random>
#include <tuple>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "staged_rows.h"

namespace dray {
namespace {

// Rows in blocks of three, as two of a kind would lie.
std::unique_ptr<StagedRows> stage(BlockStore& store, const std::vector<RowKey>& keys) {
  RowBatch batch;
  batch.table = 1;
  for (const RowKey& key : keys) {
    append_row(batch, key, "row");
    if (batch.keys.size() < 3) continue;
    EXPECT_TRUE(store.add(std::exchange(batch, RowBatch{1, {}, {}})).ok());
  }
  EXPECT_TRUE(store.add(std::move(batch)).ok());
  return store.view({{1, {}}});
}

std::vector<bool> dropped(const StagedRows& rows) {
  std::vector<bool> out;
  for (std::uint64_t row = 0; row < rows.row_count(); ++row)
    out.push_back(rows.is_dropped(row));
  return out;
}

std::vector<bool> dropped_of(const std::vector<RowKey>& keys, const std::vector<bool>& unusable,
                             const DuplicateLimits& limits = {}) {
  BlockStore store(store_options(1U << 20));
  const auto rows = stage(store, keys);
  EXPECT_TRUE(drop_duplicates(*rows, unusable, limits).ok());
  return dropped(*rows);
}

using Bools = std::vector<bool>;
const Bools all_usable(8, false);

TEST(Duplicates, RowsOfDifferentIdsStay) {
  EXPECT_EQ(dropped_of({{1, 1, 10, 0, 1}, {2, 2, 10, 0, 2}}, all_usable), (Bools{false, false}));
}

TEST(Duplicates, LatestReceivedStaysWhereverItLies) {
  EXPECT_EQ(dropped_of({{1, 1, 10, 0, 1}, {1, 1, 30, 0, 2}, {1, 1, 20, 5, 9}, {1, 1, -4, 6, 9}},
                       all_usable),
            (Bools{true, false, true, true}));
}

TEST(Duplicates, TieGoesToTheLaterObjectThenTheLaterLine) {
  EXPECT_EQ(dropped_of({{1, 1, 10, 1, 9}, {1, 1, 10, 2, 1}, {1, 1, 10, 0, 50}}, all_usable),
            (Bools{true, false, true}));
  EXPECT_EQ(dropped_of({{1, 1, 10, 1, 2}, {1, 1, 10, 1, 9}, {1, 1, 10, 1, 5}}, all_usable),
            (Bools{true, false, true}));
  EXPECT_EQ(dropped_of({{1, 1, 10, 1, 9}, {1, 1, 10, 1, 2}}, all_usable), (Bools{false, true}));
}

TEST(Duplicates, BothHalvesOfAnIdCount) {
  EXPECT_EQ(dropped_of({{1, 1, 10, 0, 1}, {1, 2, 20, 0, 2}, {2, 1, 30, 0, 3}}, all_usable),
            (Bools{false, false, false}));
}

TEST(Duplicates, RowsOfUnusableObjectsAreDroppedAndBeatNobody) {
  const Bools unusable{false, true, false};
  EXPECT_EQ(
      dropped_of({{1, 1, 10, 0, 1}, {1, 1, 90, 1, 1}, {2, 2, 10, 1, 2}, {1, 1, 5, 2, 1}}, unusable),
      (Bools{false, true, true, true}));
}

TEST(Duplicates, NoRowsAreFine) { EXPECT_TRUE(dropped_of({}, {}).empty()); }

TEST(Duplicates, AnyMemoryBoundGivesTheSameRows) {
  std::mt19937_64 random(11);
  std::vector<RowKey> keys;
  for (std::uint32_t i = 0; i < 5'000; ++i) {
    const std::string id = std::to_string(random() % 2'000);
    keys.push_back({xxh3(id), xxh3(id, 42), static_cast<Micros>(random() % 4),
                    static_cast<std::uint32_t>(random() % 8), i});
  }
  Bools unusable(8, false);
  unusable[3] = true;

  // The plain rule.
  std::map<std::uint64_t, std::size_t> best;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (unusable[keys[i].object]) continue;
    const auto order = [&](std::size_t at) {
      return std::tuple(keys[at].received_at, keys[at].object, keys[at].line);
    };
    const auto [entry, added] = best.try_emplace(keys[i].uuid, i);
    if (!added && order(i) > order(entry->second)) entry->second = i;
  }
  Bools expected(keys.size(), true);
  for (const auto& [id, row] : best)
    expected[row] = false;

  // One pass, a few, and as many as there are rows.
  for (const std::size_t memory_bytes :
       {std::size_t{64} << 20, std::size_t{100'000}, std::size_t{2'000}, std::size_t{0}}) {
    EXPECT_EQ(dropped_of(keys, unusable, {memory_bytes}), expected) << memory_bytes;
  }
}

TEST(Duplicates, OneIdAloneInManyPasses) {
  std::vector<RowKey> keys;
  for (std::uint32_t line = 0; line < 3'000; ++line)
    keys.push_back({xxh3("id"), xxh3("id", 7), 0, 0, line});
  Bools expected(keys.size(), true);
  expected.back() = false;
  EXPECT_EQ(dropped_of(keys, {false}, {0}), expected);
}

TEST(Duplicates, SpilledRowsLoseLikeOthers) {
  BlockStore store(store_options(0));
  const auto rows =
      stage(store, {{1, 1, 10, 0, 1}, {2, 2, 1, 0, 2}, {3, 3, 1, 0, 3}, {1, 1, 9, 0, 4}});
  ASSERT_GT(store.spilled_bytes(), 0U);
  ASSERT_TRUE(drop_duplicates(*rows, {false}).ok());
  EXPECT_EQ(dropped(*rows), (Bools{false, false, false, true}));
}

}  // namespace
}  // namespace dray
