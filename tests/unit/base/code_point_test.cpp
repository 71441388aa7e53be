#include "base/code_point.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

TEST(NextCodePoint, ReadsEveryLength) {
  EXPECT_EQ(next_code_point("a").value, U'a');
  EXPECT_EQ(next_code_point("ž").value, U'ž');
  EXPECT_EQ(next_code_point("日").value, U'日');
  EXPECT_EQ(next_code_point("😀x").value, U'😀');
  EXPECT_EQ(next_code_point("😀x").bytes, 4u);
}

TEST(NextCodePoint, TakesOneByteOfWhatIsNotValid) {
  for (const auto* text : {"\x80", "\xFF", "\xC1\x80", "\xE0\x80\x80", "\xED\xBF\xBF",
                           "\xF4\x90\x80\x80", "\xE6\x97", "\xE6\x97x"}) {
    const CodePoint next = next_code_point(text);
    EXPECT_FALSE(next.valid);
    EXPECT_EQ(next.bytes, 1u);
  }
}

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(display_width(std::string_view("")), 0u);
  EXPECT_EQ(display_width(std::string_view("abc")), 3u);
  EXPECT_EQ(display_width(std::string_view("žlutý")), 5u);
  EXPECT_EQ(display_width(std::string_view("日本")), 4u);
  EXPECT_EQ(display_width(std::string_view("😀")), 2u);
  EXPECT_EQ(display_width(std::string_view("e\u0301")), 1u);  // e and a combining accent
  EXPECT_EQ(display_width(std::string_view("a\xFF")), 2u);
}

}  // namespace
}  // namespace dray
