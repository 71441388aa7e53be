#include "sql/dialect.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace dray {
namespace {

constexpr TypeWords words = {.boolean = "bool",
                             .bigint = "int8",
                             .double_precision = "double precision",
                             .timestamp = "timestamp",
                             .varchar = "varchar"};

// Marks each part, so that a test sees where it stands.
class MarkedDialect final : public Dialect {
 public:
  CatalogLimits limits() const override {
    return {.name_bytes_max = 127,
            .columns_per_table_max = 10,
            .columns_per_load_max = 10,
            .varchar_bytes_max = {},
            .varchar_counts_characters = false,
            .comments = Comments::none,
            .comments_cost_max = 0};
  }
  bool changes_types() const override { return true; }
  bool keeps_schema(std::string_view) const override { return false; }
  std::optional<Notice> notice_of_schema(const std::string&) const override { return {}; }
  Sql create_schema(const std::string& schema) const override {
    return std::move(SqlBuilder("make ").name(schema)).done();
  }
  void add_column_type(SqlBuilder& sql, const TableName& table,
                       const Column& column) const override {
    sql.word(words.of(column.type)).code(" of ").table(table.schema, table.table);
  }
  void add_table_options(SqlBuilder& sql, const CreateTable& table) const override {
    sql.code(" with ").number(std::uint64_t{table.columns.size()});
  }
  Sql widen(const WidenColumn& change) const override {
    return std::move(SqlBuilder("widen ").name(change.column)).done();
  }
  Sql comment_on(const CommentOn& change) const override {
    return std::move(SqlBuilder("comment ").text(change.text)).done();
  }
};

std::string text_of(const SchemaChange& change) { return ddl_of(MarkedDialect(), change).text(); }

TEST(TypeWords, AreFoundInWhateverCaseAndWithWhateverBound) {
  EXPECT_EQ(words.type_named("BOOL"), ColumnType::boolean);
  EXPECT_EQ(words.type_named("Double Precision"), ColumnType::double_precision);
  EXPECT_EQ(words.type_named("varchar(100)"), ColumnType::varchar);
  EXPECT_EQ(words.type_named("numeric(10,2)"), std::nullopt);
  EXPECT_EQ(words.type_named("timestamp with time zone"), std::nullopt);
  EXPECT_EQ(words.type_named(""), std::nullopt);
  EXPECT_EQ(words.type_named("()"), std::nullopt);
}

TEST(TypeWords, AnArrayIsNotItsElementsType) {
  EXPECT_EQ(words.type_named("varchar[]"), std::nullopt);
  EXPECT_EQ(words.type_named("varchar(100)[]"), std::nullopt);
}

TEST(Ddl, ATableHasItsColumnsInOrderAndTheEnginesOptionsBehind) {
  const Column id{.name = "id", .type = ColumnType::varchar, .required = true};
  const Column n{.name = "a \"n\"", .type = ColumnType::bigint};
  EXPECT_EQ(text_of(CreateTable{"s", "t", {id, n}}),
            R"(create table "s"."t" ("id" varchar of "s"."t" not null, )"
            R"("a ""n""" int8 of "s"."t") with 2)");
  EXPECT_EQ(text_of(CreateTable{"s", "t", {n}, true}),
            R"(create table if not exists "s"."t" ("a ""n""" int8 of "s"."t") with 1)");
}

// Rows that are there have no value for it.
TEST(Ddl, AnAddedColumnIsNeverRequired) {
  const Column id{.name = "id", .type = ColumnType::varchar, .required = true};
  EXPECT_EQ(text_of(AddColumn{"s", "t", id}),
            R"(alter table "s"."t" add column "id" varchar of "s"."t")");
}

TEST(Ddl, WhatDiffersWhollyIsTheDialectsOwn) {
  EXPECT_EQ(text_of(CreateSchema{"s"}), R"(make "s")");
  EXPECT_EQ(text_of(WidenColumn{"s", "t", "c", 1'024, 512}), R"(widen "c")");
  EXPECT_EQ(text_of(CommentOn{"s", "t", "it's", {}}), "comment 'it''s'");
}

}  // namespace
}  // namespace dray
