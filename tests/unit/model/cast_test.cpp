#include "model/cast.h"

#include <gtest/gtest.h>

#include <limits>

namespace dray {
namespace {

Cell cell(CellKind kind, std::string_view bytes) { return {16, kind, bytes}; }
Cell text(std::string_view bytes) { return cell(CellKind::text, bytes); }
Cell integer(std::string_view bytes) { return cell(CellKind::integer, bytes); }
Cell real(std::string_view bytes) { return cell(CellKind::real, bytes); }

TEST(AsBoolean, TakesBooleansAndTheWordsForThem) {
  EXPECT_EQ(as_boolean(cell(CellKind::boolean, "true")), true);
  EXPECT_EQ(as_boolean(cell(CellKind::boolean, "false")), false);
  EXPECT_EQ(as_boolean(text("true")), true);
  EXPECT_EQ(as_boolean(text("false")), false);
}

TEST(AsBoolean, RefusesEverythingElse) {
  for (const auto* word : {"", "True", "TRUE", "t", "1", "0", "yes", " true", "true ", "null"}) {
    EXPECT_EQ(as_boolean(text(word)), std::nullopt) << word;
  }
  EXPECT_EQ(as_boolean(integer("1")), std::nullopt);
  EXPECT_EQ(as_boolean(integer("0")), std::nullopt);
  EXPECT_EQ(as_boolean(cell(CellKind::time_text, "2024-01-01")), std::nullopt);
}

TEST(AsBigint, TakesIntegersHoweverWritten) {
  EXPECT_EQ(as_bigint(integer("12")), 12);
  EXPECT_EQ(as_bigint(integer("-0")), 0);
  EXPECT_EQ(as_bigint(integer("-9223372036854775808")), std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(as_bigint(real("1.0")), 1);
  EXPECT_EQ(as_bigint(real("1e3")), 1000);
  EXPECT_EQ(as_bigint(real("9.007199254740993e15")), 9007199254740993);
}

TEST(AsBigint, TakesTextThatIsSuchANumber) {
  EXPECT_EQ(as_bigint(text("12")), 12);
  EXPECT_EQ(as_bigint(text("-12")), -12);
  EXPECT_EQ(as_bigint(text("0")), 0);
  EXPECT_EQ(as_bigint(text("-0")), 0);
  EXPECT_EQ(as_bigint(text("1.0")), 1);
  EXPECT_EQ(as_bigint(text("1e3")), 1000);
  EXPECT_EQ(as_bigint(text("12.50e1")), 125);
  EXPECT_EQ(as_bigint(text("9223372036854775807")), std::numeric_limits<std::int64_t>::max());
  for (const auto* other : {"012", "+12", "12.50", "1e-1", "", " 12", "12 ", "0x1", "12a", ".5",
                            "5.", "9223372036854775808", "1e21", "1e400", "[1]"}) {
    EXPECT_EQ(as_bigint(text(other)), std::nullopt) << other;
  }
}

TEST(AsBigint, TakesNoArray) {
  EXPECT_EQ(as_bigint(cell(CellKind::array, "[1]")), std::nullopt);
  EXPECT_EQ(as_double(cell(CellKind::array, "[1]"), Rounding::none), std::nullopt);
  EXPECT_EQ(as_boolean(cell(CellKind::array, "[]")), std::nullopt);
}

TEST(AsBigint, RefusesFractionsBooleansAndTimes) {
  EXPECT_EQ(as_bigint(real("1.5")), std::nullopt);
  EXPECT_EQ(as_bigint(real("9223372036854775808")), std::nullopt);
  EXPECT_EQ(as_bigint(cell(CellKind::huge, "1e400")), std::nullopt);
  EXPECT_EQ(as_bigint(cell(CellKind::boolean, "true")), std::nullopt);
  EXPECT_EQ(as_bigint(cell(CellKind::time_text, "2024-01-01")), std::nullopt);
}

TEST(AsDouble, TakesNumbers) {
  EXPECT_EQ(as_double(real("1.5"), Rounding::none), 1.5);
  EXPECT_EQ(as_double(real("0.1"), Rounding::none), 0.1);
  EXPECT_EQ(as_double(real("1e-400"), Rounding::none), 0.0);
  EXPECT_EQ(as_double(integer("12"), Rounding::none), 12.0);
  EXPECT_EQ(as_double(cell(CellKind::huge, "1e400"), Rounding::nearest), std::nullopt);
}

TEST(AsDouble, RoundsIntegersOnlyIntoColumnsThatWereChosenForThem) {
  EXPECT_EQ(as_double(integer("9007199254740992"), Rounding::none), 9007199254740992.0);
  EXPECT_EQ(as_double(integer("9007199254740993"), Rounding::none), std::nullopt);
  EXPECT_EQ(as_double(integer("9007199254740993"), Rounding::nearest), 9007199254740992.0);
  EXPECT_EQ(as_double(integer("9223372036854775807"), Rounding::none), std::nullopt);
  EXPECT_EQ(as_double(integer("9223372036854775807"), Rounding::nearest), 9223372036854775808.0);
}

TEST(AsDouble, TakesTextThatIsSuchANumberAndLosesNoDigit) {
  for (const Rounding rounding : {Rounding::nearest, Rounding::none}) {
    EXPECT_EQ(as_double(text("1.5"), rounding), 1.5);
    EXPECT_EQ(as_double(text("12"), rounding), 12.0);
    EXPECT_EQ(as_double(text("12.50"), rounding), 12.5);
    EXPECT_EQ(as_double(text("1E3"), rounding), 1000.0);
    EXPECT_EQ(as_double(text("1e+21"), rounding), 1e21);
    for (const auto* other :
         {"012", ".5", "5.", "", "nan", "inf", "1.5 ", "+1.5", "1e400", "1e-400",
          "9007199254740993", "0.1000000000000000055511151231257827"}) {
      EXPECT_EQ(as_double(text(other), rounding), std::nullopt) << other;
    }
  }
}

TEST(AsDouble, RefusesBooleansAndTimes) {
  EXPECT_EQ(as_double(cell(CellKind::boolean, "true"), Rounding::nearest), std::nullopt);
  EXPECT_EQ(as_double(cell(CellKind::time_text, "2024-01-01"), Rounding::nearest), std::nullopt);
}

TEST(AsTimestamp, TakesTimesOnly) {
  const Micros micros = -5;
  EXPECT_EQ(
      as_timestamp(cell(CellKind::micros, {reinterpret_cast<const char*>(&micros), sizeof micros})),
      -5);
  EXPECT_EQ(as_timestamp(cell(CellKind::time_text, "1970-01-01T00:00:01Z")), 1'000'000);
  EXPECT_EQ(as_timestamp(text("yesterday")), std::nullopt);
  EXPECT_EQ(as_timestamp(integer("0")), std::nullopt);
  EXPECT_EQ(as_timestamp(cell(CellKind::boolean, "true")), std::nullopt);
}

}  // namespace
}  // namespace dray
