#include "load/rivals.h"

#include <gtest/gtest.h>

#include <set>

#include "base/hash.h"

namespace dray {
namespace {

// Knows only what was dropped.
class DropList final : public StagedRows {
 public:
  std::uint64_t row_count() const override { return 0; }
  std::size_t block_count() const override { return 0; }
  Result<RowBlock> keys(std::size_t, BlockScratch&) const override { return RowBlock(); }
  Result<RowBlock> rows(std::size_t, BlockScratch&) const override { return RowBlock(); }
  bool is_dropped(std::uint64_t row) const override { return dropped.contains(row); }
  void drop(std::uint64_t row) override { dropped.insert(row); }

  std::set<std::uint64_t> dropped;
};

constexpr std::int64_t stored_row = 41;
constexpr std::uint64_t staged_row = 7;
constexpr std::uint64_t uuid = 99;

class RivalsTest : public testing::Test {
 protected:
  RivalsTest() {
    load.rows = &rows;
    load.object_keys = &keys;
    load.check_seed = 5;
  }

  // A stored row of stored_at against a staged one of staged_at that lies in line 10 of "b".
  void add(Micros stored_at, Micros staged_at, std::string_view stored_id = "id") {
    Rival rival{stored_row, stored_at, {uuid, xxh3("id", 5), staged_at, 0, 10}, staged_row};
    rivals.add_if_same_id(rival, stored_id);
  }
  bool staged_row_stays() { return !rivals.settle().stored_rows_replaced.empty(); }

  DropList rows;
  const std::vector<std::string> keys = {"b"};
  TableLoad load;
  Rivals rivals{load};
};

TEST_F(RivalsTest, TheLaterStays) {
  add(100, 101);
  EXPECT_EQ(rivals.settle().stored_rows_replaced, std::vector<std::int64_t>{stored_row});
  EXPECT_TRUE(rows.dropped.empty());
}

TEST_F(RivalsTest, TheEarlierIsDroppedAndCounted) {
  add(101, 100);
  const auto outcome = rivals.settle();
  EXPECT_TRUE(outcome.stored_rows_replaced.empty());
  EXPECT_EQ(outcome.rows_lost.size(), 1U);
  EXPECT_EQ(rows.dropped, std::set<std::uint64_t>{staged_row});
}

TEST_F(RivalsTest, RowsOfOneHashButTwoIdsAreNoRivals) {
  add(101, 100, "another id");
  EXPECT_EQ(rivals.settle().rows_lost.size(), 0U);
  EXPECT_TRUE(rows.dropped.empty());
}

TEST_F(RivalsTest, OnlyTiesAskForThePlace) {
  add(101, 100);
  EXPECT_TRUE(rivals.tied_uuids().empty());
  add(100, 100);
  EXPECT_EQ(rivals.tied_uuids(), std::vector<std::int64_t>{uuid});
}

TEST_F(RivalsTest, OfATieTheLaterObjectStays) {
  add(100, 100);
  rivals.add_place(uuid, 100, "c", 1);
  EXPECT_FALSE(staged_row_stays());
}

TEST_F(RivalsTest, OfATieInOneObjectTheLaterLineStays) {
  add(100, 100);
  rivals.add_place(uuid, 100, "b", 9);
  EXPECT_TRUE(staged_row_stays());
  rivals.add_place(uuid, 100, "b", 11);
  EXPECT_FALSE(staged_row_stays());
  load.reload = true;
  EXPECT_TRUE(staged_row_stays());
}

TEST_F(RivalsTest, PlacesOfOtherTimesDoNotCount) {
  add(100, 100);
  rivals.add_place(uuid, 99, "c", 1);
  rivals.add_place(uuid + 1, 100, "c", 1);
  EXPECT_TRUE(staged_row_stays());
}

}  // namespace
}  // namespace dray
