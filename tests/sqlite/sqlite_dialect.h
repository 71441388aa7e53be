// SQLite's dialect: types, statements that change a schema, limits.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "sql/dialect.h"

namespace dray {

// Also what a column's type is called in the catalog: SQLite keeps the word.
constexpr TypeWords sqlite_types = {.boolean = "boolean",
                                    .bigint = "bigint",
                                    .double_precision = "double precision",
                                    .timestamp = "timestamp",
                                    .varchar = "varchar"};

class SqliteDialect final : public Dialect {
 public:
  explicit SqliteDialect(std::string directory) : directory_(std::move(directory)) {}

  CatalogLimits limits() const override;
  bool changes_types() const override { return false; }
  bool keeps_schema(std::string_view name) const override;
  std::optional<Notice> notice_of_schema(const std::string& schema) const override;
  Sql create_schema(const std::string& schema) const override;
  void add_column_type(SqlBuilder& sql, const TableName& table,
                       const Column& column) const override;
  void add_table_options(SqlBuilder& sql, const CreateTable& table) const override;
  Sql widen(const WidenColumn& change) const override;
  Sql comment_on(const CommentOn& change) const override;

 private:
  const std::string directory_;
};

}  // namespace dray
