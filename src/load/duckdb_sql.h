// DuckDB's dialect: types, statements that change a schema, names.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "model/catalog.h"
#include "sql/dialect.h"
#include "sql/sql.h"

namespace dray {

// Which the catalog shouts.
constexpr TypeWords duckdb_types = {.boolean = "boolean",
                                    .bigint = "bigint",
                                    .double_precision = "double",
                                    .timestamp = "timestamp",
                                    .varchar = "varchar"};

class DuckDialect final : public Dialect {
 public:
  // `path` is that of the file, or ":memory:".
  explicit DuckDialect(std::string path) : path_(std::move(path)) {}

  CatalogLimits limits() const override;
  bool changes_types() const override { return true; }
  bool keeps_schema(std::string_view name) const override;
  std::optional<Notice> notice_of_schema(const std::string& schema) const override;
  Sql create_schema(const std::string& schema) const override;
  void add_column_type(SqlBuilder& sql, const TableName& table,
                       const Column& column) const override;
  void add_table_options(SqlBuilder& sql, const CreateTable& table) const override;
  Sql widen(const WidenColumn& change) const override;
  Sql comment_on(const CommentOn& change) const override;

 private:
  const std::string path_;
};

// DuckDB tells names apart without regard to the case of A to Z, whatever they were created with.
// In lower case, as Dray writes them, "Color" is the column `color`.
std::string folded_duckdb_name(std::string name);

}  // namespace dray
