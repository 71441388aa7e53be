#include "config/values.h"

#include <gtest/gtest.h>

#include "config/nearest.h"

namespace dray {
namespace {

using std::chrono::days;
using std::chrono::sys_days;
using namespace std::chrono_literals;

TEST(ParseSize, TakesWhatPeopleWrite) {
  EXPECT_EQ(parse_size("0"), 0u);
  EXPECT_EQ(parse_size("1073741824"), 1u << 30);
  EXPECT_EQ(parse_size("1 GiB"), 1u << 30);
  EXPECT_EQ(parse_size("1GiB"), 1u << 30);
  EXPECT_EQ(parse_size("1g"), 1u << 30);
  EXPECT_EQ(parse_size("512MB"), 512'000'000u);
  EXPECT_EQ(parse_size("512 mib"), 512u << 20);
  EXPECT_EQ(parse_size("1.5 KiB"), 1536u);
  EXPECT_EQ(parse_size(" 10 B "), 10u);
  EXPECT_EQ(parse_size("4 TiB"), 4ULL << 40);
}

TEST(ParseSize, RefusesWhatIsNoSize) {
  for (const auto* text : {"", " ", "GiB", "1 2", "-1", "+1", "1e3", "1 XB", "0x10", "1.", ".5",
                           "1..5", "1,000", "99999999 TiB", "1 GiB x", "inf", "nan", "1\n"}) {
    EXPECT_FALSE(parse_size(text)) << text;
  }
}

TEST(ParsePeriod, TakesDaysAndWeeks) {
  EXPECT_EQ(parse_period("60 days"), days(60));
  EXPECT_EQ(parse_period("1 day"), days(1));
  EXPECT_EQ(parse_period("60d"), days(60));
  EXPECT_EQ(parse_period("8 Weeks"), days(56));
  EXPECT_EQ(parse_period("2w"), days(14));
  EXPECT_EQ(parse_period("0 days"), days(0));
}

TEST(ParsePeriod, RefusesWhatIsNoPeriod) {
  for (const auto* text : {"", "60", "days", "1.5 days", "-1 days", "2 months", "999999999 days"}) {
    EXPECT_FALSE(parse_period(text)) << text;
  }
}

TEST(ParseDay, TakesDatesAndWhatIsRelativeToToday) {
  const sys_days today = 2026y / 3 / 1;
  EXPECT_EQ(parse_day("2026-01-31", today), sys_days(2026y / 1 / 31));
  EXPECT_EQ(parse_day("2024-02-29", today), sys_days(2024y / 2 / 29));
  EXPECT_EQ(parse_day("today", today), today);
  EXPECT_EQ(parse_day("yesterday", today), sys_days(2026y / 2 / 28));
  EXPECT_EQ(parse_day("7d", today), sys_days(2026y / 2 / 22));
}

TEST(ParseDay, RefusesWhatIsNoDay) {
  const sys_days today = 2026y / 3 / 1;
  for (const auto* text : {"", "2026-02-29", "2026-13-01", "2026-1-1", "31.01.2026",
                           "2026-01-31T00", "tomorrow", "20260131", "2026-0a-01"}) {
    EXPECT_FALSE(parse_day(text, today)) << text;
  }
}

TEST(NearestWord, ForgivesSlipsAndNoMore) {
  const std::vector<std::string> words = {"location", "name", "history", "threads"};
  EXPECT_EQ(nearest_word("locaton", words), "location");
  EXPECT_EQ(nearest_word("nmae", words), "name");
  EXPECT_EQ(nearest_word("thread", words), "threads");
  EXPECT_EQ(nearest_word("HISTORY", words), std::nullopt);
  EXPECT_EQ(nearest_word("colour", words), std::nullopt);
  EXPECT_EQ(nearest_word("", words), std::nullopt);
  EXPECT_EQ(nearest_word(std::string(100'000, 'a'), words), std::nullopt);
  EXPECT_EQ(nearest_word("name", {}), std::nullopt);
}

}  // namespace
}  // namespace dray
