#include "sql/rights.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

std::string right(std::string_view message, std::string_view statement,
                  std::string_view user = "dray") {
  return missing_right({message, statement, user, "events"});
}

TEST(MissingRight, IsThatOfTheDatabase) {
  EXPECT_EQ(right("permission denied for database events", R"(create schema "shop")"),
            "grant create on database events to dray");
  EXPECT_EQ(right("permission denied to create temporary tables in database \"events\"",
                  "create temp table pg_temp.dray_keys (uuid bigint)"),
            "grant temporary on database events to dray");
}

TEST(MissingRight, IsThatOfTheSchema) {
  EXPECT_EQ(right("permission denied for schema shop", R"(create table "shop"."sold" ("id" text))"),
            "grant usage, create on schema shop to dray");
  EXPECT_EQ(right("permission denied for schema _dray", "select key from _dray.objects"),
            "grant usage on schema _dray to dray");
}

TEST(MissingRight, IsThatOfATableWhoseSchemaTheStatementTells) {
  EXPECT_EQ(right("permission denied for table objects",
                  "select count(*) from _dray.objects where source = 'a.objects'"),
            "grant select on all tables in schema _dray to dray");
  EXPECT_EQ(right("permission denied for table sold", R"(copy "shop"."sold" ("id") from stdin)"),
            "grant select, insert, update, delete on all tables in schema shop to dray");
  EXPECT_EQ(
      right("permission denied for relation sold",
            R"(delete from "shop"."sold" t using pg_temp.dray_replaced r where t.ctid = r.x)"),
      "grant select, insert, update, delete on all tables in schema shop to dray");
  EXPECT_EQ(right("permission denied for table runs", "update _dray.runs set source = 'x'"),
            "grant select, insert, update, delete on all tables in schema _dray to dray");
}

bool is_of_table(std::string_view message, std::string_view statement) {
  return is_right_of_table({message, statement, "dray", "events"});
}

TEST(RightOfTable, IsNotThatOfASchemaOrTheDatabase) {
  constexpr std::string_view copy = R"(copy "shop"."sold" ("id") from stdin)";
  constexpr std::string_view create = R"(create table "shop"."sold" ("id" text))";
  EXPECT_TRUE(is_of_table("permission denied for table sold", copy));
  EXPECT_TRUE(is_of_table("permission denied for sequence sold_number_seq", copy));
  EXPECT_TRUE(
      is_of_table("must be owner of table sold", R"(alter table "shop"."sold" add column x)"));
  EXPECT_TRUE(is_of_table("query would be affected by row-level security policy for table \"sold\"",
                          R"(select exists (select 1 from "shop"."sold"))"));
  EXPECT_FALSE(is_of_table("permission denied for schema shop", copy));
  EXPECT_FALSE(is_of_table("permission denied for schema shop", create));
  EXPECT_FALSE(is_of_table("permission denied for database events", R"(create schema "shop")"));
  EXPECT_FALSE(is_of_table("permission denied to create temporary tables in database \"events\"",
                           "create temp table pg_temp.dray_keys (uuid bigint)"));
  EXPECT_TRUE(is_of_table("keine Berechtigung f\xC3\xBCr Tabelle sold", copy));
  EXPECT_FALSE(is_of_table("keine Berechtigung f\xC3\xBCr Schema shop", create));
}

TEST(MissingRight, OfAChangeIsToOwnTheTable) {
  EXPECT_TRUE(
      right("must be owner of table sold", R"(alter table "shop"."sold" add column "x" text)")
          .starts_with("alter table shop.sold owner to dray"));
  EXPECT_TRUE(right("must be owner of relation sold", R"(create index on "shop"."sold" ("uuid"))")
                  .starts_with("alter table shop.sold owner to dray"));
}

TEST(MissingRight, QuotesNamesThatNeedIt) {
  EXPECT_EQ(right("permission denied for schema My \"Shop\"",
                  R"(create table "My ""Shop""."sold" (a int))", "Ana B"),
            "grant usage, create on schema \"My \"\"Shop\"\"\" to \"Ana B\"");
}

// The server speaks German: the statement alone tells.
TEST(MissingRight, FollowsFromTheStatementIfTheMessageIsInAnotherLanguage) {
  EXPECT_EQ(right("keine Berechtigung f\xC3\xBCr Schema shop", "create schema \"shop\""),
            "grant create on database events to dray");
  EXPECT_EQ(right("keine Berechtigung", R"(create table "shop"."sold" ("id" text))"),
            "grant usage, create on schema shop to dray");
  EXPECT_EQ(right("keine Berechtigung", "select key from _dray.objects"),
            "grant usage on schema _dray to dray; grant select on all tables in schema _dray to "
            "dray");
}

}  // namespace
}  // namespace dray
