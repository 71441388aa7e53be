#include "base/time.h"

#include <gtest/gtest.h>

#include <random>
#include <string>

namespace dray {
namespace {

constexpr Micros second = 1'000'000;

TEST(ParseTimestamp, TakesDatesAlone) {
  EXPECT_EQ(parse_timestamp("1970-01-01"), 0);
  EXPECT_EQ(parse_timestamp("1969-12-31"), -86'400 * second);
  EXPECT_EQ(parse_timestamp("2024-02-29"), 1'709'164'800 * second);
}

TEST(ParseTimestamp, TakesTimesInAllTheirForms) {
  const Micros noon = 1'700'049'600 * second;  // 2023-11-15 12:00 UTC
  for (const auto* text :
       {"2023-11-15T12:00:00Z", "2023-11-15 12:00:00", "2023-11-15T12:00", "2023-11-15 12:00z",
        "2023-11-15T12:00:00.0Z", "2023-11-15T12:00:00,000000000", "2023-11-15T13:00:00+01:00",
        "2023-11-15T13:00:00+01", "2023-11-15T13:00:00+0100", "2023-11-15T06:30:00-05:30",
        "2023-11-16T11:59:00+23:59", "2023-11-14T12:01-23:59"}) {
    EXPECT_EQ(parse_timestamp(text), noon) << text;
  }
}

TEST(ParseTimestamp, DropsDigitsPastTheMicrosecond) {
  EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00.1"), 100'000);
  EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00.123456"), 123'456);
  EXPECT_EQ(parse_timestamp("1970-01-01T00:00:00.123456999"), 123'456);
  EXPECT_EQ(parse_timestamp("1969-12-31T23:59:59.999999999"), -1);
}

TEST(ParseTimestamp, RefusesImpossibleTimes) {
  for (const auto* text :
       {"2023-02-29", "2023-13-01", "2023-00-01", "2023-01-00", "2023-04-31", "1900-02-29",
        "2023-01-01T24:00:00Z", "2023-01-01T23:60", "2023-01-01T23:59:60Z",
        "2023-01-01T00:00:00+24:00", "2023-01-01T00:00:00+01:60"}) {
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
  }
}

TEST(ParseTimestamp, RefusesOtherForms) {
  for (const auto* text : {"",
                           "2023",
                           "2023-11",
                           "2023-1-15",
                           "20231115",
                           "2023/11/15",
                           "15-11-2023",
                           "2023-11-15T",
                           "2023-11-15Z",
                           "2023-11-15t12:00",
                           "2023-11-15T12",
                           "2023-11-15T12Z",
                           "2023-11-15T1:00",
                           "2023-11-15  12:00",
                           "2023-11-15T12:00:00.",
                           "2023-11-15T12:00:00.Z",
                           "2023-11-15T12:00:00.1234567890",
                           "2023-11-15T12:00.5",
                           "2023-11-15T12:00:00 Z",
                           "2023-11-15T12:00:00+1",
                           "2023-11-15T12:00:00+01:",
                           "2023-11-15T12:00:00+01:0",
                           "2023-11-15T12:00:00+010",
                           "2023-11-15T12:00:00UTC",
                           "2023-11-15T12:00:00Zx",
                           " 2023-11-15",
                           "2023-11-15 ",
                           "12023-11-15",
                           "-2023-11-15",
                           "+2023-11-15",
                           "hello-world",
                           "2023-W46-3"}) {
    EXPECT_EQ(parse_timestamp(text), std::nullopt) << text;
  }
}

// toISOString()'s pattern has a reader of its own; with another zone the same text has not.
TEST(ParseTimestamp, ReadsJavascriptsPatternLikeAnyOther) {
  for (const std::string text : {"2026-11-23T10:59:58.250Z", "0000-02-29T23:00:00.000Z",
                                 "2024-02-29T00:00:00.999Z", "9999-12-31T23:59:59.999Z"}) {
    for (std::size_t at = 0; at < 23; ++at) {
      for (int c = 0; c < 256; ++c) {
        std::string changed = text;
        changed[at] = static_cast<char>(c);
        EXPECT_EQ(parse_timestamp(changed), parse_timestamp(changed.substr(0, 23) + "+00:00"))
            << changed;
      }
    }
  }
  EXPECT_EQ(parse_timestamp("1970-01-02T03:04:05.678Z"), 97'445'678'000);
  EXPECT_EQ(parse_timestamp("2026-11-23T10:59:58.2509"), 1'795'431'598'250'900);
}

TEST(ParseTimestamp, KeepsToTheUtcYears1To9999) {
  EXPECT_TRUE(parse_timestamp("0001-01-01T00:00:00Z"));
  EXPECT_TRUE(parse_timestamp("9999-12-31T23:59:59.999999Z"));
  EXPECT_FALSE(parse_timestamp("0000-12-31"));
  EXPECT_FALSE(parse_timestamp("0001-01-01T00:00:00+00:01"));
  EXPECT_FALSE(parse_timestamp("9999-12-31T23:59:00-00:01"));
  EXPECT_TRUE(parse_timestamp("0000-12-31T23:59:00-00:01"));
}

TEST(FormatTimestamp, LeavesOutTrailingZerosOfTheFraction) {
  EXPECT_EQ(format_timestamp(0), "1970-01-01 00:00:00");
  EXPECT_EQ(format_timestamp(-1), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(format_timestamp(500'000), "1970-01-01 00:00:00.5");
  EXPECT_EQ(format_timestamp(1'000), "1970-01-01 00:00:00.001");
}

TEST(FormatTimestamp, FillsTheYearWithZeros) {
  EXPECT_EQ(format_timestamp(*parse_timestamp("0001-01-01")), "0001-01-01 00:00:00");
  EXPECT_EQ(format_timestamp(*parse_timestamp("9999-12-31T23:59:59.999999")),
            "9999-12-31 23:59:59.999999");
}

TEST(FormatTimestamp, IsReadBackAsTheSameInstant) {
  std::mt19937_64 random(5);
  std::uniform_int_distribution<Micros> micros(*parse_timestamp("0001-01-01"),
                                               *parse_timestamp("9999-12-31"));
  for (int round = 0; round < 20'000; ++round) {
    const Micros expected = micros(random);
    const std::string text = format_timestamp(expected);
    ASSERT_LE(text.size(), timestamp_text_bytes_max);
    ASSERT_EQ(parse_timestamp(text), expected) << text;
  }
}

}  // namespace
}  // namespace dray
