#include "decode/lines.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "source/memory.h"

namespace dray {
namespace {

using Lines = std::vector<std::pair<std::uint64_t, std::string>>;

struct Outcome {
  Lines lines;
  std::vector<OversizeLine> oversize;
  std::size_t buffer_bytes_max = 0;
  bool operator==(const Outcome& other) const {
    return lines == other.lines && oversize == other.oversize;
  }
};

LineReader reader_of(std::string text, const LineLimits& limits,
                     std::size_t bytes_per_read = SIZE_MAX) {
  return {open_inflate(read_memory(std::move(text), bytes_per_read), Encoding::plain), limits};
}

void take(const LineChunk& chunk, Outcome& outcome) {
  std::uint64_t number = chunk.first_line;
  std::string_view text = chunk.text();
  std::vector<std::size_t> ends;
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    ASSERT_NE(newline, std::string_view::npos);
    ends.push_back(chunk.size_bytes - text.size() + newline);
    outcome.lines.emplace_back(number++, text.substr(0, newline));
    text.remove_prefix(newline + 1);
  }
  ASSERT_EQ(number - chunk.first_line, chunk.line_count);
  ASSERT_EQ(chunk.line_ends, ends);
  ASSERT_GE(chunk.buffer.size(), chunk.size_bytes + line_padding_bytes);
  outcome.buffer_bytes_max = std::max(outcome.buffer_bytes_max, chunk.buffer.size());
  outcome.oversize.insert(outcome.oversize.end(), chunk.oversize.begin(), chunk.oversize.end());
}

Outcome read_lines(std::string text, const LineLimits& limits = {},
                   std::size_t bytes_per_read = SIZE_MAX) {
  LineReader reader = reader_of(std::move(text), limits, bytes_per_read);
  LineChunk chunk;
  Outcome outcome;
  while (true) {
    const auto more = reader.next(chunk);
    EXPECT_TRUE(more.ok());
    if (!more.ok()) return outcome;
    take(chunk, outcome);
    if (!*more) break;
  }
  EXPECT_TRUE(chunk.text().empty());
  return outcome;
}

TEST(LineReader, CutsAtNewlinesAndNumbersFromOne) {
  EXPECT_EQ(read_lines("a\nbb\n\nccc\n").lines, (Lines{{1, "a"}, {2, "bb"}, {3, ""}, {4, "ccc"}}));
}

TEST(LineReader, GivesTheLastLineItsNewline) {
  EXPECT_EQ(read_lines("a\nb").lines, (Lines{{1, "a"}, {2, "b"}}));
  EXPECT_EQ(read_lines("a").lines, (Lines{{1, "a"}}));
  EXPECT_EQ(read_lines("a\n\n").lines, (Lines{{1, "a"}, {2, ""}}));
  EXPECT_EQ(read_lines("\n").lines, (Lines{{1, ""}}));
}

TEST(LineReader, FindsNoLinesInAnEmptyObject) {
  EXPECT_TRUE(read_lines("").lines.empty());
  EXPECT_TRUE(read_lines("\xef\xbb\xbf").lines.empty());
}

TEST(LineReader, SkipsAByteOrderMarkOnlyAtTheVeryStart) {
  EXPECT_EQ(read_lines("\xef\xbb\xbf{}\n\xef\xbb\xbf{}\n").lines,
            (Lines{{1, "{}"}, {2, "\xef\xbb\xbf{}"}}));
  EXPECT_EQ(read_lines("\xef\xbb\xbf\n").lines, (Lines{{1, ""}}));
  EXPECT_EQ(read_lines("\xef\xbb\xbf\xef\xbb\xbf").lines, (Lines{{1, "\xef\xbb\xbf"}}));
  EXPECT_EQ(read_lines("\xef\xbb{}\n").lines, (Lines{{1, "\xef\xbb{}"}}));
}

TEST(LineReader, KeepsAByteOrderMarkWithWhichALaterReadBegins) {
  EXPECT_EQ(read_lines("abc\n\xef\xbb\xbf{}\n", {.line_bytes_max = 100, .chunk_bytes = 4}).lines,
            (Lines{{1, "abc"}, {2, "\xef\xbb\xbf{}"}}));
}

TEST(LineReader, LeavesCarriageReturnsAndZerosInTheLine) {
  const std::string text("a\r\nb\0c\r\n\r", 9);
  EXPECT_EQ(read_lines(text).lines, (Lines{{1, "a\r"}, {2, std::string("b\0c\r", 4)}, {3, "\r"}}));
}

TEST(LineReader, DropsAndReportsALineThatIsTooLong) {
  const LineLimits limits{.line_bytes_max = 5, .chunk_bytes = 8};
  const Outcome outcome =
      read_lines("a\n123456\n12345\n" + std::string(1000, 'x') + "\nb\n1234567", limits);
  EXPECT_EQ(outcome.lines, (Lines{{1, "a"}, {3, "12345"}, {5, "b"}}));
  EXPECT_EQ(outcome.oversize, (std::vector<OversizeLine>{{2, 6}, {4, 1000}, {6, 7}}));
}

TEST(LineReader, DoesNotCountTheByteOrderMarkAsPartOfALine) {
  const LineLimits limits{.line_bytes_max = 5, .chunk_bytes = 4};
  EXPECT_EQ(read_lines("\xef\xbb\xbf"
                       "12345",
                       limits)
                .lines,
            (Lines{{1, "12345"}}));
  EXPECT_EQ(read_lines("\xef\xbb\xbf"
                       "123456",
                       limits)
                .oversize,
            (std::vector<OversizeLine>{{1, 6}}));
}

TEST(LineReader, GivesTheSameLinesWhateverTheChunking) {
  std::string text = "\xef\xbb\xbf";
  for (std::size_t i = 0; i < 300; ++i)
    text.append((i * i) % 97, static_cast<char>('a' + i % 26)).push_back('\n');
  text += "last";
  for (const std::size_t line_bytes_max : {0UL, 1UL, 40UL, 1000UL}) {
    const Outcome expected = read_lines(text, {line_bytes_max, 1 << 20});
    EXPECT_EQ(expected.lines.size() + expected.oversize.size(), 301U);
    for (std::size_t chunk_bytes = 0; chunk_bytes < 250; ++chunk_bytes) {
      for (const std::size_t bytes_per_read : {1UL, 13UL, SIZE_MAX}) {
        ASSERT_EQ(read_lines(text, {line_bytes_max, chunk_bytes}, bytes_per_read), expected)
            << chunk_bytes;
      }
    }
  }
}

TEST(LineReader, FillsAChunkWithWholeLinesOnly) {
  LineReader reader = reader_of("aaa\nbbb\nccc\n", {.line_bytes_max = 100, .chunk_bytes = 10});
  LineChunk chunk;
  ASSERT_TRUE(reader.next(chunk).value());
  EXPECT_EQ(chunk.text(), "aaa\nbbb\n");
  EXPECT_EQ(chunk.first_line, 1U);
  EXPECT_EQ(chunk.line_count, 2U);
  ASSERT_TRUE(reader.next(chunk).value());
  EXPECT_EQ(chunk.text(), "ccc\n");
  EXPECT_EQ(chunk.first_line, 3U);
  EXPECT_FALSE(reader.next(chunk).value());
  EXPECT_FALSE(reader.next(chunk).value());
}

TEST(LineReader, KeepsOneBufferWhileLinesAreShort) {
  std::string text;
  for (int i = 0; i < 2000; ++i)
    text += "a line of some length\n";
  LineReader reader = reader_of(text, {.line_bytes_max = 1 << 20, .chunk_bytes = 1000});
  LineChunk chunk;
  ASSERT_TRUE(reader.next(chunk).value());
  const char* const buffer = chunk.buffer.data();
  while (reader.next(chunk).value())
    ASSERT_EQ(chunk.buffer.data(), buffer);
}

TEST(LineReader, GrowsForALongLineAndShrinksAgain) {
  const LineLimits limits{.line_bytes_max = 1 << 20, .chunk_bytes = 1000};
  LineReader reader = reader_of(
      "a\n" + std::string(1 << 20, 'x') + "\nb\n" + std::string(2000, 'y') + "\n", limits);
  LineChunk chunk;
  ASSERT_TRUE(reader.next(chunk).value());
  const std::size_t usual = chunk.buffer.size();
  EXPECT_LE(usual, limits.chunk_bytes + line_padding_bytes + 1);
  ASSERT_TRUE(reader.next(chunk).value());
  EXPECT_GE(chunk.size_bytes, 1U << 20);
  EXPECT_LE(chunk.buffer.capacity(),
            limits.line_bytes_max + limits.chunk_bytes + line_padding_bytes + 1);
  ASSERT_TRUE(reader.next(chunk).value());
  EXPECT_LE(chunk.buffer.capacity(), 4 * usual);
  EXPECT_FALSE(reader.next(chunk).value());
  EXPECT_EQ(chunk.buffer.capacity(), usual);
}

TEST(LineReader, HoldsNoMoreThanALineAndAChunkWhateverIsInTheObject) {
  const LineLimits limits{.line_bytes_max = 10'000, .chunk_bytes = 1000};
  const Outcome outcome = read_lines(std::string(5 << 20, 'x') + "\n" + std::string(10'000, 'y') +
                                         "\nz\n" + std::string(1 << 20, 'x'),
                                     limits);
  EXPECT_EQ(outcome.oversize, (std::vector<OversizeLine>{{1, 5 << 20}, {4, 1 << 20}}));
  EXPECT_EQ(outcome.lines.size(), 2U);
  EXPECT_LE(outcome.buffer_bytes_max,
            limits.line_bytes_max + limits.chunk_bytes + line_padding_bytes + 1);
}

TEST(LineReader, BoundsTheListOfOversizeLinesOfAChunk) {
  std::string text;
  for (int i = 0; i < 50'000; ++i)
    text += "xx\n";
  LineReader reader = reader_of(text, {.line_bytes_max = 1, .chunk_bytes = 1000});
  LineChunk chunk;
  std::uint64_t oversize = 0;
  for (bool more = true; more; oversize += chunk.oversize.size()) {
    more = reader.next(chunk).value();
    ASSERT_LE(chunk.oversize.size(), 6000U);
    ASSERT_EQ(chunk.line_count, 0U);
  }
  EXPECT_EQ(oversize, 50'000U);
}

TEST(LineReader, MayBeReadWithAnotherChunkEachTime) {
  LineReader reader = reader_of("aaa\nbbb\nccc\n", {.line_bytes_max = 100, .chunk_bytes = 6});
  Outcome outcome;
  for (bool more = true; more;) {
    LineChunk chunk;
    chunk.buffer.resize(outcome.lines.size() * 1000);
    more = reader.next(chunk).value();
    take(chunk, outcome);
  }
  EXPECT_EQ(outcome.lines, (Lines{{1, "aaa"}, {2, "bbb"}, {3, "ccc"}}));
}

TEST(LineReader, PassesTheStreamsErrorOn) {
  LineReader reader(open_inflate(read_memory("no gzip"), Encoding::gzip), {});
  LineChunk chunk;
  const auto more = reader.next(chunk);
  ASSERT_FALSE(more.ok());
  EXPECT_EQ(more.error().cause, Cause::bad_data);
  EXPECT_TRUE(chunk.text().empty());
}

}  // namespace
}  // namespace dray
