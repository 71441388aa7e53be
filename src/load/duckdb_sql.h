// DuckDB's dialect: types, statements that change a schema, names.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "model/catalog.h"
#include "sql/sql.h"

namespace dray {

// Appends the type's name; returns the builder.
SqlBuilder& add_duckdb_type(SqlBuilder& sql, ColumnType type);

// The statement of one change. Strings have no bound, so that no WidenColumn comes.
Sql duckdb_ddl(const SchemaChange& change);

// The type of a live column as Dray knows it; nothing for types it does not write.
std::optional<ColumnType> duckdb_column_type(std::string_view name);

// DuckDB tells names apart without regard to the case of A to Z, whatever they were created with.
// In lower case, as Dray writes them, "Color" is the column `color`.
std::string folded_duckdb_name(std::string name);

}  // namespace dray
