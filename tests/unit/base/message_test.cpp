#include "base/message.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

TEST(ContinuedLines, IndentsAllButTheFirst) {
  EXPECT_EQ(continued_lines("a\n\n\tb\r\nc\n"), "a\n   b\n  c");
  EXPECT_EQ(continued_lines("a"), "a");
  EXPECT_EQ(continued_lines(""), "");
}

TEST(InOneLine, SetsLinesApartByABlank) {
  EXPECT_EQ(in_one_line("a:\n\tis it\n there? "), "a: is it there?");
  EXPECT_EQ(in_one_line(""), "");
}

}  // namespace
}  // namespace dray
