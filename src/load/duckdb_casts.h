// The mapping's casts (model/cast.h) as functions that DuckDB's SQL can call, for values that are
// stored already.
//
// Only load/duckdb*.cpp include this.
#pragma once

#include "base/result.h"
#include "model/column_type.h"
#include "sql/duckdb_connection.h"
#include "sql/sql.h"

namespace dray {

// Once per database.
Result<void> register_casts(DuckConnection& connection);

// The column's value as a `to`; NULL where it does not fit without loss.
Sql cast_without_loss(const std::string& column, ColumnType from, ColumnType to);

}  // namespace dray
