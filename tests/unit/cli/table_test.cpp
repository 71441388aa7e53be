#include "cli/table.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

TEST(Table, LinesUpItsColumns) {
  EXPECT_EQ(render_table({{"name"}, {"rows", Align::right}, {"note"}},
                         {{"identifies", "7", ""}, {"users", "1,200", "new"}}, 0),
            "name         rows  note\n"
            "identifies      7\n"
            "users       1,200  new\n");
}

TEST(Table, CountsColumnsNotBytes) {
  EXPECT_EQ(render_table({{"a"}, {"b"}}, {{"日本", "x"}, {"žluť", "x"}, {"e\u0301", "x"}}, 0),
            "a     b\n"
            "日本  x\n"
            "žluť  x\n"
            "e\u0301     x\n");
}

TEST(Table, CutsTheLastColumnToTheTerminal) {
  EXPECT_EQ(render_table({{"a"}, {"text"}}, {{"1", "a rather long text"}}, 15),
            "a  text\n"
            "1  a rather lo…\n");
}

TEST(Table, KeepsSomeOfTheLastColumnHoweverNarrow) {
  EXPECT_EQ(render_table({{"a"}, {"text"}}, {{"1", "a rather long text"}}, 2),
            "a  text\n"
            "1  a rathe…\n");
}

TEST(Table, ShowsControlCharactersByName) {
  EXPECT_EQ(render_table({{"a"}}, {{"x\ny\x1B"}}, 0), "a\nx\\ny\\x1B\n");
}

TEST(Table, HasItsTitlesWithoutRows) {
  EXPECT_EQ(render_table({{"a"}, {"b"}}, {}, 0), "a  b\n");
  EXPECT_EQ(render_table({}, {{}}, 0), "");
}

}  // namespace
}  // namespace dray
