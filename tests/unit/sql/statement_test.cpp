#include "sql/statement.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

using enum SqlDialect;

bool is_read(std::string_view text, SqlDialect dialect = postgres) {
  return read_statement(text, dialect).ok();
}

TEST(ReadStatement, TakesWhatReads) {
  for (const auto* text :
       {"select 1", "  SELECT 1;", "with x as (select 1) select * from x", "values (1)", "table t",
        "show timezone", "explain select 1", "explain verbose select 1",
        "explain (format json) select 1", "(select 1) union (select 2)", "explain (select 1)",
        "-- a note\n/* and /* another */ */ select 1 ; ; -- the end", "select ';', $$;$$, $a$;$a$",
        "select E'\\';' as \"a;b\"", "select 'into'", "select \"into\" from t"}) {
    for (const SqlDialect dialect : {duckdb, postgres, redshift})
      EXPECT_TRUE(is_read(text, dialect)) << text;
  }
  for (const auto* text :
       {"from t", "describe t", "summarize t", "pivot t on a in (1) using sum(b)"}) {
    EXPECT_TRUE(is_read(text, duckdb)) << text;
    EXPECT_FALSE(is_read(text)) << text;
  }
}

TEST(ReadStatement, RefusesWhatWrites) {
  for (const auto* text : {"",
                           " ",
                           ";",
                           "-- select",
                           "/* select 1",
                           "insert into t values (1)",
                           "update t set a = 1",
                           "delete from t",
                           "create table t (a int)",
                           "drop table t",
                           "copy t to program 'cat'",
                           "copy (select 1) to '/tmp/x'",
                           "attach 'x'",
                           "export database 'x'",
                           "install httpfs",
                           "load httpfs",
                           "pragma version",
                           "set threads = 1",
                           "reset threads",
                           "begin",
                           "begin read write",
                           "commit",
                           "call f()",
                           "do $$ begin end $$",
                           "execute p",
                           "prepare p as select 1",
                           "unload ('select 1') to 's3://b'",
                           "vacuum",
                           "checkpoint",
                           "lock table t",
                           "listen x",
                           "notify x",
                           "refresh materialized view v",
                           "grant select on t to u",
                           "declare c cursor for select 1",
                           "fetch 1 from c",
                           "explain analyze select 1",
                           "explain (analyze) select 1",
                           "explain (verbose, ANALYZE true) select 1",
                           "explain verbose analyze select 1",
                           "EXPLAIN/**/ANALYZE select 1",
                           "explain insert into t values (1)",
                           "explain (format json) delete from t",
                           "select 1; select 2",
                           "select 1; drop table t",
                           "select ';'; drop table t",
                           "select 1 -- ;\n; drop table t"}) {
    for (const SqlDialect dialect : {duckdb, postgres, redshift})
      EXPECT_FALSE(is_read(text, dialect)) << text;
  }
  EXPECT_FALSE(is_read("select * into t from u"));
  EXPECT_FALSE(is_read("select * into t from u", redshift));
  EXPECT_FALSE(is_read("select * from enable_logging(storage := 'file')", duckdb));
  EXPECT_FALSE(is_read(std::string_view("select 1\0; drop table t", 23)));
}

// 'a\' ends in PostgreSQL and goes on in Redshift.
TEST(ReadStatement, KnowsWhereALiteralEnds) {
  EXPECT_FALSE(is_read("select 'a\\'; drop table t; --'", postgres));
  EXPECT_TRUE(is_read("select 'a\\'; drop table t; --'", redshift));
}

TEST(ReadStatement, RepeatsNothing) {
  for (const auto* text : {"postgres://u:hunter2@host/db", "hunter2", "select 1; hunter2"})
    EXPECT_EQ(read_statement(text, duckdb).error().text().find("hunter2"), std::string::npos);
}

TEST(ReadStatement, CutsOutTheBody) {
  const auto statement = read_statement("-- n\n select 1 ; ", postgres);
  ASSERT_TRUE(statement.ok());
  EXPECT_EQ(statement->body, "select 1");
  EXPECT_EQ(statement->begin, 6U);
  EXPECT_EQ(read_statement("explain select 1", postgres)->kind, ReadStatement::Kind::other);
}

TEST(PointedAt, ShowsTheLineAndACaret) {
  EXPECT_EQ(pointed_at("select a\nfrom orderss", 15), "LINE 2: from orderss\n             ^");
  EXPECT_EQ(pointed_at("select\tä, b", 11), "LINE 1: select ä, b\n                  ^");
  EXPECT_EQ(pointed_at("x", 1), "LINE 1: x\n        ^");
  EXPECT_EQ(pointed_at("x", 0), "");
  EXPECT_EQ(pointed_at("x", 9), "");
  EXPECT_EQ(pointed_at(std::string(100, 'a') + "b", 101),
            "LINE 1: ..." + std::string(36, 'a') + "b\n" + std::string(47, ' ') + "^");
}

}  // namespace
}  // namespace dray
