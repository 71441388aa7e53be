#include "load/duckdb_session.h"

#include <cstring>

#include "load/duckdb_sql.h"
#include "load/rivals.h"
#include "sql/duckdb_connection.h"

namespace dray {

// Read when it first matters: this process has the file, and makes nothing of the kind.
Result<const DuckSession::Peculiarities*> DuckSession::peculiarities() {
  if (peculiarities_) return &*peculiarities_;
  Peculiarities tables;
  DRAY_TRY(add_names(SqlBuilder("select schema_name, table_name from duckdb_columns() where "
                                "database_name = current_database() and "
                                "lower(column_name) = 'rowid'")
                         .done(),
                     tables.with_rowid));
  DRAY_TRY(add_names(SqlBuilder("select schema_name, table_name from duckdb_indexes() where "
                                "database_name = current_database() union select schema_name, "
                                "table_name from duckdb_constraints() where constraint_type in "
                                "('PRIMARY KEY', 'UNIQUE', 'FOREIGN KEY') and "
                                "database_name = current_database()")
                         .done(),
                     tables.indexed));
  TableNames referenced;
  DRAY_TRY(add_names(SqlBuilder("select '', referenced_table from duckdb_constraints() where "
                                "constraint_type = 'FOREIGN KEY' and "
                                "database_name = current_database()")
                         .done(),
                     referenced));
  for (const auto& [schema, table] : referenced)
    tables.referenced.insert(table);
  return &peculiarities_.emplace(std::move(tables));
}

Result<void> DuckSession::add_names(const Sql& sql, TableNames& names) {
  DRAY_ASSIGN(const QueryResult found, query(sql));
  for (const auto& row : found.rows)
    names.emplace(folded_duckdb_name(*row[0]), folded_duckdb_name(*row[1]));
  return {};
}

// DuckDB 1.4 knows an index of a stored table only once something is inserted; rows that were
// deleted before would still be in the way of those that take their places.
Result<void> DuckSession::bind_indexes(const std::string& schema, const std::string& table) {
  DRAY_ASSIGN(const Peculiarities* tables, peculiarities());
  if (!tables->indexed.contains({schema, table})) return {};
  SqlBuilder sql("insert into ");
  sql.table(schema, table).code(" (id) select id from ").table(schema, table);
  return execute(std::move(sql.code(" limit 0")).done());
}

}  // namespace dray
