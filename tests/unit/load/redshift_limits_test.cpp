#include "load/redshift_limits.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace dray {
namespace {

FilesToLoad table(bool created, const std::string& profiles = "") {
  FilesToLoad load;
  load.created = created;
  load.profile_table = profiles;
  return load;
}

// Which of the tables have no room, by their places.
std::vector<std::size_t> left_out(std::uint64_t tables, const TableLimits& limits,
                                  std::vector<FilesToLoad> loads, StageOutcome& outcome) {
  std::vector<FilesToLoad*> all;
  for (FilesToLoad& load : loads)
    all.push_back(&load);
  outcome.failures.resize(loads.size());
  leave_out_without_room(tables, limits, all, outcome);
  std::vector<std::size_t> places;
  for (std::size_t i = 0; i < outcome.failures.size(); ++i) {
    if (outcome.failures[i]) places.push_back(i);
  }
  return places;
}

TEST(TableLimits, AreWhatAPersonSaysElseWhatTheKindOfClusterTakesAtLeastAndAtMost) {
  EXPECT_EQ(table_limits(500, true).least, 500U);
  EXPECT_EQ(table_limits(500, false).most, 500U);
  EXPECT_EQ(table_limits({}, true).least, 200'000U);
  EXPECT_EQ(table_limits({}, false).least, 9'900U);
  EXPECT_EQ(table_limits({}, false).most, 200'000U);
}

TEST(TableLimits, NewTablesThatHaveNoRoomAreLeftOutAndOldOnesNever) {
  const std::vector<FilesToLoad> loads = {table(true), table(false), table(true, "users"),
                                          table(true)};
  StageOutcome enough;
  // Twenty are kept aside; the old table needs one, the new ones two, three and two.
  EXPECT_TRUE(left_out(1'000 - 28, {1'000, 1'000}, loads, enough).empty());
  StageOutcome one_less;
  EXPECT_EQ(left_out(1'000 - 27, {1'000, 1'000}, loads, one_less), (std::vector<std::size_t>{3}));
  StageOutcome full;
  EXPECT_EQ(left_out(1'000, {1'000, 1'000}, loads, full), (std::vector<std::size_t>{0, 2, 3}));
  EXPECT_NE(full.failures[0]->message.find("has 1000, and may have at most 1000"),
            std::string::npos)
      << full.failures[0]->message;
}

TEST(TableLimits, ATenthBeforeTheLeastLimitThereIsANotice) {
  StageOutcome early;
  EXPECT_TRUE(left_out(8'887, {9'900, 200'000}, {table(true)}, early).empty());
  EXPECT_TRUE(early.notices.empty());
  StageOutcome late;
  EXPECT_TRUE(left_out(8'888, {9'900, 200'000}, {table(true)}, late).empty());
  ASSERT_EQ(late.notices.size(), 1U);
  EXPECT_EQ(late.notices[0].code, "tables_nearly_full");
  EXPECT_NE(late.notices[0].message.find("9900 to 200000"), std::string::npos);
}

}  // namespace
}  // namespace dray
