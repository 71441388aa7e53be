#include "run/refused_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <vector>

namespace dray {
namespace {

using testing::ElementsAre;
using Numbers = std::vector<std::uint64_t>;

// Rows without blocks: the search looks at their numbers alone.
class NumberedRows final : public StagedRows {
 public:
  explicit NumberedRows(std::uint64_t count) : dropped_(count) {}
  std::uint64_t row_count() const override { return dropped_.size(); }
  std::size_t block_count() const override { return 0; }
  Result<RowBlock> keys(std::size_t, BlockScratch&) const override { return RowBlock{}; }
  Result<RowBlock> rows(std::size_t, BlockScratch&) const override { return RowBlock{}; }
  bool is_dropped(std::uint64_t row) const override { return dropped_[row]; }
  void drop(std::uint64_t row) override { dropped_[row] = true; }

 private:
  std::vector<bool> dropped_;
};

// A table that refuses what `refuses` is true of.
struct Table {
  std::function<bool(const Numbers&)> refuses;
  std::uint64_t tries = 0;
  std::uint64_t rows_sent = 0;

  TryRows try_rows() {
    return [this](StagedRows& rows) -> Result<void> {
      Numbers live;
      for (std::uint64_t row = 0; row < rows.row_count(); ++row) {
        if (!rows.is_dropped(row)) live.push_back(row);
      }
      ++tries;
      rows_sent += live.size();
      // As a load does with rows that lose to stored ones: they stay in the next try.
      for (const std::uint64_t row : live)
        rows.drop(row);
      if (!refuses(live)) return {};
      return config_error("refused").with_code(ErrorCode::constraint);
    };
  }
};

bool holds(const Numbers& rows, std::uint64_t row) {
  return std::ranges::find(rows, row) != rows.end();
}

Numbers numbers_of(const Result<std::optional<std::vector<RowRefused>>>& found) {
  Numbers rows;
  if (!found.ok() || !*found) {
    ADD_FAILURE() << (found.ok() ? "gave up" : found.error().text());
    return rows;
  }
  for (const RowRefused& refused : **found) {
    EXPECT_EQ(refused.why.message, "refused");
    rows.push_back(refused.row);
  }
  return rows;
}

bool gives_up(const NumberedRows& rows, Table& table) {
  const auto found = find_refused_rows(rows, table.try_rows());
  return found.ok() && !*found;
}

TEST(RefusedRows, AreThoseThatTheTableDoesNotTakeByThemselves) {
  const NumberedRows rows(100'000);
  Table table{[](const Numbers& sent) {
    return holds(sent, 0) || holds(sent, 77'777) || holds(sent, 99'999);
  }};
  EXPECT_THAT(numbers_of(find_refused_rows(rows, table.try_rows())),
              ElementsAre(0, 77'777, 99'999));
  EXPECT_LT(table.tries, 100U);
  EXPECT_LT(table.rows_sent, 8 * rows.row_count());
}

TEST(RefusedRows, OfTwoThatRefuseEachOtherOneIsTaken) {
  const NumberedRows rows(1000);
  Table table{[](const Numbers& sent) {
    return holds(sent, 500) || (holds(sent, 10) && holds(sent, 900));
  }};
  EXPECT_THAT(numbers_of(find_refused_rows(rows, table.try_rows())), ElementsAre(500, 900));
}

TEST(RefusedRows, DroppedRowsAreNotTried) {
  NumberedRows rows(64);
  rows.drop(5);
  Table table{[](const Numbers& sent) { return holds(sent, 5) || holds(sent, 6); }};
  EXPECT_THAT(numbers_of(find_refused_rows(rows, table.try_rows())), ElementsAre(6));
}

TEST(RefusedRows, ATableThatTakesNoneIsLeftToWait) {
  Table table{[](const Numbers& sent) { return !sent.empty(); }};
  EXPECT_TRUE(gives_up(NumberedRows(1), table));
  EXPECT_TRUE(gives_up(NumberedRows(3), table));
  table.tries = 0;
  EXPECT_TRUE(gives_up(NumberedRows(100'000), table));
  EXPECT_LT(table.tries, 40U);
}

TEST(RefusedRows, ATableThatRefusesNoRowsAtAllIsLeftToWait) {
  Table table{[](const Numbers&) { return true; }};
  EXPECT_TRUE(gives_up(NumberedRows(0), table));
  NumberedRows dropped(2);
  dropped.drop(0);
  dropped.drop(1);
  EXPECT_TRUE(gives_up(dropped, table));
}

TEST(RefusedRows, TooManyAreLeftToWait) {
  Table table{[](const Numbers& sent) {
    return std::ranges::any_of(sent, [](std::uint64_t row) { return row % 2 == 1; });
  }};
  EXPECT_TRUE(gives_up(NumberedRows(3 * refused_rows_max), table));
  const NumberedRows few(100);
  EXPECT_EQ(numbers_of(find_refused_rows(few, table.try_rows())).size(), 50U);
}

// Each row refuses one of the many beside it: the rows would be sent over and over.
TEST(RefusedRows, TheSearchHasAnEnd) {
  const NumberedRows rows(2000);
  Table table{[](const Numbers& sent) {
    std::set<std::uint64_t> keys;
    return std::ranges::any_of(sent,
                               [&](std::uint64_t row) { return !keys.insert(row % 1000).second; });
  }};
  EXPECT_TRUE(gives_up(rows, table));
  EXPECT_LT(table.rows_sent, 70 * rows.row_count());
}

TEST(RefusedRows, AnotherErrorEndsTheSearch) {
  const NumberedRows rows(10);
  const auto found = find_refused_rows(
      rows, [](StagedRows&) -> Result<void> { return transient_error("connection lost"); });
  ASSERT_FALSE(found.ok());
  EXPECT_EQ(found.error().message, "connection lost");
}

}  // namespace
}  // namespace dray
