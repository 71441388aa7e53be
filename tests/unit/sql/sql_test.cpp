#include "sql/sql.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

TEST(Sql, WhatABuilderQuotesStaysOneLiteralOrName) {
  const Sql sql =
      std::move(SqlBuilder("select ").text("it's \"so\"").code(" as ").name("a\"b'c")).done();
  EXPECT_EQ(sql.text(), "select 'it''s \"so\"' as \"a\"\"b'c\"");
}

TEST(Sql, BackslashesAreDoubledInLiteralsAlone) {
  const Sql sql = std::move(SqlBuilder("select ")
                                .text("\\")
                                .code(", ")
                                .text("\\'; drop \\")
                                .code(" as ")
                                .name("a\\'b"))
                      .done();
  EXPECT_EQ(sql.with_backslashes_escaped().text(),
            "select '\\\\', '\\\\''; drop \\\\' as \"a\\'b\"");
}

TEST(Sql, WhatAPersonTypedStaysAsItIs) {
  EXPECT_EQ(Sql::typed_by_user("select '\\t'").with_backslashes_escaped().text(), "select '\\t'");
}

}  // namespace
}  // namespace dray
