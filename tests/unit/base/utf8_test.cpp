#include "base/utf8.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

TEST(CutUtf8, LeavesShortTextAlone) {
  EXPECT_EQ(cut_utf8("abc", 3), "abc");
  EXPECT_EQ(cut_utf8("", 0), "");
  EXPECT_EQ(cut_utf8("ž", 2), "ž");
}

TEST(CutUtf8, NeverEndsInsideACharacter) {
  EXPECT_EQ(cut_utf8("abc", 2), "ab");
  EXPECT_EQ(cut_utf8("až", 2), "a");
  EXPECT_EQ(cut_utf8("a日", 3), "a");
  EXPECT_EQ(cut_utf8("a日", 2), "a");
  for (std::size_t size = 1; size < 5; ++size)
    EXPECT_EQ(cut_utf8("a😀", size), "a") << size;
  EXPECT_EQ(cut_utf8("😀😀", 7), "😀");
  EXPECT_EQ(cut_utf8("😀", 0), "");
}

TEST(CutUtf8, CutsWhatIsNotUtf8WithinThreeBytes) {
  const std::string text(100, '\x80');
  EXPECT_LE(cut_utf8(text, 50).size(), 50u);
  EXPECT_GE(cut_utf8(text, 50).size(), 47u);
}

TEST(ToValidUtf8, LeavesValidTextAlone) {
  EXPECT_EQ(to_valid_utf8("a ž 日 😀 \u07FF\u0800\uFFFF\U0010FFFF"),
            "a ž 日 😀 \u07FF\u0800\uFFFF\U0010FFFF");
}

TEST(ToValidUtf8, ReplacesEachByteThatIsNotPartOfValidText) {
  EXPECT_EQ(to_valid_utf8("a\x80z"), "a\uFFFDz");
  EXPECT_EQ(to_valid_utf8("\xC0\xAF"), "\uFFFD\uFFFD");
  EXPECT_EQ(to_valid_utf8("\xED\xA0\x80"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(to_valid_utf8("\xF4\x90\x80\x80"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(to_valid_utf8("\xE0\x9F\xBF"), "\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(to_valid_utf8("\xF0\x8F\xBF\xBF"), "\uFFFD\uFFFD\uFFFD\uFFFD");
  EXPECT_EQ(to_valid_utf8("\xE6\x97"), "\uFFFD\uFFFD");
  EXPECT_EQ(to_valid_utf8("\xE6\x97x"), "\uFFFD\uFFFDx");
}

TEST(ToValidUtf8, ReplacesNul) {
  EXPECT_EQ(to_valid_utf8(std::string_view("a\0b", 3)),
            "a\uFFFD"
            "b");
}

}  // namespace
}  // namespace dray
