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

// Appends the type's name; returns the builder.
SqlBuilder& add_duckdb_type(SqlBuilder& sql, ColumnType type);

class DuckDialect final : public Dialect {
 public:
  // `path` is that of the file, or ":memory:".
  explicit DuckDialect(std::string path) : path_(std::move(path)) {}

  CatalogLimits limits() const override;
  bool keeps_schema(std::string_view name) const override;
  std::optional<Notice> notice_of_schema(const std::string& schema) const override;
  // Strings have no bound, so that no WidenColumn comes.
  Sql ddl(const SchemaChange& change) const override;

 private:
  const std::string path_;
};

// As DuckDialect::ddl().
Sql duckdb_ddl(const SchemaChange& change);

// The type of a live column as Dray knows it; nothing for types it does not write.
std::optional<ColumnType> duckdb_column_type(std::string_view name);

// DuckDB tells names apart without regard to the case of A to Z, whatever they were created with.
// In lower case, as Dray writes them, "Color" is the column `color`.
std::string folded_duckdb_name(std::string name);

}  // namespace dray
