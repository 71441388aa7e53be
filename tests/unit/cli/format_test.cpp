#include "cli/format.h"

#include <gtest/gtest.h>

#include "base/code_point.h"

namespace dray {
namespace {

using namespace std::chrono_literals;

TEST(Format, Thousands) {
  EXPECT_EQ(with_thousands(0), "0");
  EXPECT_EQ(with_thousands(999), "999");
  EXPECT_EQ(with_thousands(1000), "1,000");
  EXPECT_EQ(with_thousands(1234567), "1,234,567");
  EXPECT_EQ(with_thousands(18446744073709551615ULL), "18,446,744,073,709,551,615");
}

TEST(Format, Counted) {
  EXPECT_EQ(counted(0, "row"), "0 rows");
  EXPECT_EQ(counted(1, "row"), "1 row");
  EXPECT_EQ(counted(1200, "row"), "1,200 rows");
}

TEST(Format, Bytes) {
  EXPECT_EQ(human_bytes(std::uint64_t{0}), "0 B");
  EXPECT_EQ(human_bytes(std::uint64_t{999}), "999 B");
  EXPECT_EQ(human_bytes(std::uint64_t{1000}), "1.0 kB");
  EXPECT_EQ(human_bytes(std::uint64_t{9'949}), "9.9 kB");
  EXPECT_EQ(human_bytes(std::uint64_t{9'960}), "10 kB");
  EXPECT_EQ(human_bytes(std::uint64_t{999'499}), "999 kB");
  EXPECT_EQ(human_bytes(std::uint64_t{999'500}), "1.0 MB");
  EXPECT_EQ(human_bytes(std::uint64_t{14'200'000}), "14 MB");
  EXPECT_EQ(human_bytes(std::uint64_t{18446744073709551615ULL}), "18 EB");
}

TEST(Format, Durations) {
  EXPECT_EQ(human_duration(0us), "0 ms");
  EXPECT_EQ(human_duration(3400us), "3 ms");
  EXPECT_EQ(human_duration(999'600us), "1.0 s");
  EXPECT_EQ(human_duration(1'234'567us), "1.2 s");
  EXPECT_EQ(human_duration(9'960'000us), "10 s");
  EXPECT_EQ(human_duration(59'700'000us), "1 min");
  EXPECT_EQ(human_duration(200s), "3 min 20 s");
  EXPECT_EQ(human_duration(7500s), "2 h 5 min");
  EXPECT_EQ(human_duration(76h), "3 d 4 h");
}

TEST(Format, ClockTime) {
  EXPECT_EQ(clock_time(7s), "0:07");
  EXPECT_EQ(clock_time(200s), "3:20");
  EXPECT_EQ(clock_time(7500s), "2:05:00");
}

TEST(Format, Times) {
  EXPECT_EQ(human_time(std::chrono::sys_days(2026y / 11 / 1) + 12h + 3s + 999'999us),
            "2026-11-01 12:00:03");
}

TEST(Printable, TellsWhatATerminalWouldObey) {
  EXPECT_EQ(printable("plain žluť 日本"), "plain žluť 日本");
  EXPECT_EQ(printable("a\nb\tc\rd"), "a\\nb\\tc\\rd");
  EXPECT_EQ(printable("\x1B[2J"), "\\x1B[2J");
  EXPECT_EQ(printable("\u009B"), "\\x9B");
  EXPECT_EQ(printable("a\u202Eb"), "a\\u202Eb");
  EXPECT_EQ(printable("\xFF"), "\uFFFD");
}

TEST(ShellWord, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(shell_word("duckdb:shop.duckdb"), "duckdb:shop.duckdb");
  EXPECT_EQ(shell_word("my shop"), "'my shop'");
  EXPECT_EQ(shell_word("it's $HOME"), "'it'\\''s $HOME'");
  EXPECT_EQ(shell_word(""), "''");
  EXPECT_EQ(shell_word("caf\xE9/it's\\w\n.db"), "$'caf\\xE9/it\\'s\\\\w\\x0A.db'");
  EXPECT_EQ(path_word("caf\\xE9/w.db"), "$'caf\\xE9/w.db'");
}

TEST(CutToWidth, TellsThatItCut) {
  EXPECT_EQ(cut_to_width("abcdef", 6), "abcdef");
  EXPECT_EQ(cut_to_width("abcdef", 5), "abcd…");
  EXPECT_EQ(cut_to_width("abcdef", 1), "…");
  EXPECT_EQ(cut_to_width("abcdef", 0), "");
  // A wide character that does not fit whole is left out whole.
  EXPECT_EQ(cut_to_width("日本語", 4), "日…");
  EXPECT_LE(display_width(std::string_view(cut_to_width("日本語", 4))), 4u);
}

}  // namespace
}  // namespace dray
