#include "load/postgres_row.h"

#include <gtest/gtest.h>

#include <string>

namespace dray {
namespace {

TEST(MayStayInRow, KnowsThatWhatHasNoRepetitionIsMovedOut) {
  EXPECT_FALSE(may_stay_in_row("the quick brown fox jumps over it"));
  EXPECT_FALSE(may_stay_in_row("314159265358979323846264338327950288"));
  EXPECT_FALSE(may_stay_in_row(std::string(5'000, 'x')));
}

TEST(MayStayInRow, IsTrueOfWhatCompressesToAFewBytes) {
  EXPECT_TRUE(may_stay_in_row(std::string(100, 'x')));
  EXPECT_TRUE(may_stay_in_row("1234567812345678123456781234567812345678"));
}

TEST(WithText, TakesALengthAndTheBytesUpToTwentyThree) {
  EXPECT_EQ(with_text(0, std::string(23, 'x'), RowRoom::certain), 24U);
  EXPECT_EQ(with_text(5, "", RowRoom::certain), 6U);
}

TEST(WithText, OfLongOnesIsAPointerOrWhatMayStay) {
  EXPECT_EQ(with_text(2, "the quick brown fox jumps over it", RowRoom::certain), 20U);
  EXPECT_EQ(with_text(2, std::string(100, 'x'), RowRoom::likely), 20U);
  EXPECT_EQ(with_text(2, std::string(100, 'x'), RowRoom::certain), 28U);
}

TEST(WithValue, AlignsAllButBooleans) {
  EXPECT_EQ(with_value(1, ColumnType::boolean), 2U);
  EXPECT_EQ(with_value(1, ColumnType::bigint), 16U);
  EXPECT_EQ(with_value(8, ColumnType::timestamp), 16U);
}

TEST(ValuesAlwaysFitting, AreFewerWhereOthersHaveTheirs) {
  EXPECT_EQ(values_always_fitting(1'600, 0), 330U);
  EXPECT_EQ(values_always_fitting(1'600, 240), 320U);
  EXPECT_EQ(values_always_fitting(10, 9'000), 0U);
}

}  // namespace
}  // namespace dray
