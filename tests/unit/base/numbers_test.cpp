#include "base/numbers.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <charconv>
#include <cmath>
#include <limits>
#include <random>
#include <string>

namespace dray {
namespace {

constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();

TEST(ParseInt64, TakesWhatFits) {
  EXPECT_EQ(parse_int64("0"), 0);
  EXPECT_EQ(parse_int64("-0"), 0);
  EXPECT_EQ(parse_int64("12"), 12);
  EXPECT_EQ(parse_int64("9223372036854775807"), int64_max);
  EXPECT_EQ(parse_int64("-9223372036854775808"), int64_min);
}

TEST(ParseInt64, RefusesTheRest) {
  for (const auto* text : {"9223372036854775808", "-9223372036854775809", "1.0", "1e3", "", "-",
                           "+1", " 1", "1 ", "1a", "99999999999999999999999"}) {
    EXPECT_EQ(parse_int64(text), std::nullopt) << text;
  }
}

TEST(ExactInt64, SeesIntegersHoweverWritten) {
  EXPECT_EQ(exact_int64("1.0"), 1);
  EXPECT_EQ(exact_int64("1e3"), 1000);
  EXPECT_EQ(exact_int64("1E+3"), 1000);
  EXPECT_EQ(exact_int64("-1.50e1"), -15);
  EXPECT_EQ(exact_int64("1500e-2"), 15);
  EXPECT_EQ(exact_int64("0.000"), 0);
  EXPECT_EQ(exact_int64("-0.0e5"), 0);
  EXPECT_EQ(exact_int64("0e999999999999999999999"), 0);
  EXPECT_EQ(exact_int64("9.223372036854775807e18"), int64_max);
  EXPECT_EQ(exact_int64("-9223372036854775808.0"), int64_min);
  EXPECT_EQ(exact_int64("1e18"), 1'000'000'000'000'000'000);
  EXPECT_EQ(exact_int64("0.0000000000000000000001e22"), 1);
}

TEST(ExactInt64, RefusesFractionsAndWhatDoesNotFit) {
  for (const auto* text : {"1.5", "1e-1", "15e-2", "1e19", "9.223372036854775808e18",
                           "-9.223372036854775809e18", "1e400", "1e-400", "9007199254740993.5"}) {
    EXPECT_EQ(exact_int64(text), std::nullopt) << text;
  }
}

TEST(ExactInt64, BearsExponentsBeyond64Bits) {
  EXPECT_EQ(exact_int64("1e99999999999999999999"), std::nullopt);
  EXPECT_EQ(exact_int64("1e-99999999999999999999"), std::nullopt);
  EXPECT_EQ(exact_int64("1.5e-9223372036854775808"), std::nullopt);
  EXPECT_EQ(exact_int64("1.5e9223372036854775807"), std::nullopt);
}

TEST(ExactInt64, LetsZerosMakeUpForTheExponent) {
  const std::string zeros(2'000, '0');
  EXPECT_EQ(exact_int64("1" + zeros + "e-2000"), 1);
  EXPECT_EQ(exact_int64("0." + zeros + "1e2001"), 1);
  // No number of zeros makes up for this.
  for (std::size_t count = 990; count < 1'030; ++count) {
    EXPECT_EQ(exact_int64("1" + zeros.substr(0, count) + "e-99999999999999999999"), std::nullopt);
  }
}

TEST(NearestDouble, ReadsNumbers) {
  EXPECT_EQ(nearest_double("0.1"), 0.1);
  EXPECT_EQ(nearest_double("1e308"), 1e308);
  EXPECT_EQ(nearest_double("9007199254740993"), 9007199254740992.0);
  EXPECT_EQ(nearest_double("5e-324"), 5e-324);
  EXPECT_TRUE(std::signbit(nearest_double("-0").value()));
}

TEST(NearestDouble, IsZeroForTheTiniest) {
  EXPECT_EQ(nearest_double("1e-400"), 0.0);
  EXPECT_EQ(nearest_double("0.0e400"), 0.0);
}

TEST(NearestDouble, IsNothingForTheTooLargeAndForWords) {
  for (const auto* text : {"1e309", "-1e400", "1e99999999999999999999", "inf", "nan", "Infinity",
                           "", "x", "1x", " 1", "0x10"}) {
    EXPECT_EQ(nearest_double(text), std::nullopt) << text;
  }
  EXPECT_EQ(nearest_double(std::string(400, '9')), std::nullopt);
}

TEST(ExactDouble, TakesOnlyWhatADoubleHolds) {
  constexpr std::int64_t two_to_53 = std::int64_t{1} << 53;
  EXPECT_EQ(exact_double(0), 0.0);
  EXPECT_EQ(exact_double(two_to_53), 9007199254740992.0);
  EXPECT_EQ(exact_double(two_to_53 + 1), std::nullopt);
  EXPECT_EQ(exact_double(two_to_53 + 2), 9007199254740994.0);
  EXPECT_EQ(exact_double(-two_to_53 - 1), std::nullopt);
  EXPECT_EQ(exact_double(int64_max), std::nullopt);
  EXPECT_EQ(exact_double(int64_min), -9223372036854775808.0);
}

TEST(IsJsonNumber, TakesTheGrammarAndNothingElse) {
  for (const auto* text : {"0", "-0", "12", "-12", "0.5", "12.50", "1e3", "1E3", "1e+21", "1e-05",
                           "0e0", "1.0E+400", "10", "0.000"}) {
    EXPECT_TRUE(is_json_number(text)) << text;
  }
  for (const auto* text :
       {"",      "-",  "+1", "012",  "00",    "-01", ".5",  "5.",       "1e",  "1e+", "1.e3",
        "1.5.5", " 5", "5 ", "0x10", "1_000", "1,5", "NaN", "Infinity", "inf", "--1", "1e1.5"}) {
    EXPECT_FALSE(is_json_number(text)) << text;
  }
  EXPECT_FALSE(is_json_number(std::string_view("1\0", 2)));
}

TEST(LosslessDouble, TakesWhatADoubleTellsAgain) {
  EXPECT_EQ(lossless_double("12.50"), 12.5);
  EXPECT_EQ(lossless_double("1.0"), 1.0);
  EXPECT_EQ(lossless_double("1e3"), 1000.0);
  EXPECT_EQ(lossless_double("1E+21"), 1e21);
  EXPECT_EQ(lossless_double("0.0010e6"), 1000.0);
  EXPECT_EQ(lossless_double("5e-324"), 5e-324);
  EXPECT_EQ(lossless_double("0.30000000000000004"), 0.30000000000000004);
  EXPECT_EQ(lossless_double("123456789012345680000"), 123456789012345680000.0);
  EXPECT_EQ(lossless_double("1.7976931348623157e308"), 1.7976931348623157e308);
  EXPECT_EQ(lossless_double("9007199254740994"), 9007199254740994.0);
  EXPECT_EQ(lossless_double("0e99999999999999999999"), 0.0);
  EXPECT_TRUE(std::signbit(lossless_double("-0.0").value()));
  EXPECT_EQ(lossless_double("1" + std::string(200, '0') + "e-200"), 1.0);
}

TEST(LosslessDouble, IsNothingWhenADigitWouldBeLost) {
  for (const auto* text :
       {"9007199254740993", "0.1000000000000000055", "1e400", "-1e400", "1e-400",
        "9223372036854775807", "9223372036854775808", "9223372036854774784",
        "0.1000000000000000055511151231257827", "4.9e-324", "123456789012345678"}) {
    EXPECT_EQ(lossless_double(text), std::nullopt) << text;
  }
}

TEST(LosslessDouble, TakesWhatToCharsWritesInEveryForm) {
  std::mt19937_64 random(3);
  for (int round = 0; round < 20'000; ++round) {
    const auto value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    std::array<char, 400> text{};
    const auto end =
        std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::scientific);
    const std::string shortest(text.data(), end.ptr);
    ASSERT_EQ(lossless_double(shortest), value) << shortest;
    // A digit more is no double's, unless it is a zero.
    const std::size_t e = shortest.find('e');
    const std::string point = shortest.find('.') == std::string::npos ? "." : "";
    const std::string longer = shortest.substr(0, e) + point + "0" + shortest.substr(e);
    ASSERT_EQ(lossless_double(longer), value) << longer;
    const std::string other =
        shortest.substr(0, e) + point + "00000000000000001" + shortest.substr(e);
    ASSERT_EQ(lossless_double(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace dray
