#include "load/duckdb_session.h"

#include <algorithm>
#include <cstring>

#include "ledger/tables.h"
#include "load/duckdb_room.h"
#include "load/duckdb_rows.h"
#include "load/duckdb_sql.h"
#include "load/rivals.h"
#include "load/shared_sql.h"
#include "sql/duckdb_connection.h"
#include "sql/duckdb_constraints.h"

namespace dray {
namespace {

struct DuckAppender {
  DuckAppender() = default;
  ~DuckAppender() { duckdb_appender_destroy(&handle); }
  DuckAppender(const DuckAppender&) = delete;
  DuckAppender& operator=(const DuckAppender&) = delete;
  duckdb_appender handle = nullptr;
};

}  // namespace

Result<bool> dray_tells_long_rows(DuckConnection& connection) {
  SqlBuilder sql(
      "select count(*) > 0 from duckdb_tables() where database_name = current_database() and "
      "schema_name = ");
  sql.text(ledger_schema).code(" and table_name = ").text(long_rows_table_name);
  DRAY_ASSIGN(const QueryResult found, connection.query(std::move(sql).done()));
  return found.rows[0][0] == "true";
}

Result<Catalog> DuckSession::catalog(const std::string& schema) {
  Catalog out;
  out.schema = schema;
  DRAY_ASSIGN(const QueryResult schemas,
              query(SqlBuilder("select schema_name from duckdb_schemas() where database_name = "
                               "current_database()")
                        .done()));
  const auto live = std::ranges::find_if(
      schemas.rows, [&](const auto& row) { return folded_duckdb_name(*row[0]) == schema; });
  out.schema_exists = live != schemas.rows.end();
  if (!out.schema_exists) return out;
  SqlBuilder sql(
      "select c.table_name, c.column_name, c.data_type, v.view_name is not null, "
      "c.column_default is not null and v.view_name is null from duckdb_columns() c left join "
      "duckdb_views() v on v.database_name = c.database_name and v.schema_name = c.schema_name and "
      "v.view_name = c.table_name where c.database_name = current_database() and c.schema_name = ");
  DRAY_ASSIGN(
      const QueryResult columns,
      query(std::move(sql.text(*live->front()).code(" order by 1, c.column_index")).done()));
  for (const auto& row : columns.rows) {
    const std::string table = folded_duckdb_name(*row[0]);
    if (out.tables.empty() || out.tables.back().name != table) {
      out.tables.push_back({table, *row[3] == "true", {}});
    }
    const auto type = duckdb_types.type_named(*row[2]);
    LiveColumn column{folded_duckdb_name(*row[1]), *row[2], type.has_value(),
                      type.value_or(ColumnType::varchar)};
    column.computed = *row[4] == "true" && is_generated(schema, table, column.name);
    column.writable = column.writable && !column.computed;
    out.tables.back().columns.push_back(std::move(column));
  }
  std::ranges::sort(out.tables, {}, &LiveTable::name);
  return out;
}

Result<void> DuckSession::begin() {
  if (committed_ || room_.is_noted_full()) DRAY_TRY(place_->alone([this] { return settle(); }));
  return begin_transaction();
}

Result<void> DuckSession::begin_transaction() {
  turns_ended_ = turn_.ended();
  return execute(SqlBuilder("begin transaction").done());
}

// A transaction that began before the last turn ended does not see what that one committed.
Result<void> DuckSession::lock(std::chrono::seconds wait_max) {
  DRAY_TRY(turn_.take(this, wait_max, [this] { return connection_->interrupted(); }));
  if (database_.is_distrusted() && !file_.is_in_memory) {
    return transient_error("another sync into this file has failed, and it has to be opened anew")
        .with_code(ErrorCode::overtaken);
  }
  if (turn_.ended() == turns_ended_) return {};
  DRAY_TRY(execute(SqlBuilder("rollback").done()));
  return begin_transaction();
}

Result<void> DuckSession::commit() {
  auto committed = commit_transaction();
  turn_.give_back(this);
  return committed;
}

Result<void> DuckSession::commit_transaction() {
  DRAY_TRY(execute(SqlBuilder("commit").done()));
  committed_ = true;
  return {};
}

// Until it commits DuckDB 1.4 holds for each column that was written a vector of 16-byte values and
// the like, which it cannot move to a file; half its memory may go there. A column of a stored
// table that gets new ones counts as five (run/load_transaction.cpp), which is right for files with
// blocks of 64 KiB; of those with larger ones fewer columns fit.
TransactionBounds DuckSession::bounds() const {
  constexpr std::uint64_t of_column = 33 << 10;
  constexpr std::uint64_t usual_block_bytes = 64 << 10;
  std::uint64_t columns = room_.engine_bytes() / 2 / of_column;
  if (!file_.is_in_memory && file_.block_bytes > usual_block_bytes) {
    columns = columns * (of_column + 2 * usual_block_bytes) / (of_column + 2 * file_.block_bytes);
  }
  return {.tables_max = SIZE_MAX, .columns_max = columns};
}

// The turn goes on.
Result<void> DuckSession::commit_some(std::chrono::seconds wait_max) {
  DRAY_TRY(commit_transaction());
  DRAY_TRY(begin());
  return lock(wait_max);
}

Result<void> DuckSession::apply(const SchemaChange& change) {
  const auto* const comment = std::get_if<CommentOn>(&change);
  if (comment == nullptr) return connection_->execute_at_once(ddl_of(dialect_, change));
  for (const Sql& statement : comment_statements(*comment))
    DRAY_TRY(execute(statement));
  return {};
}

Result<RowsLoaded> DuckSession::load(RowsToLoad& load) {
  auto loaded = load_rows(load);
  if (!loaded) return explained(std::move(loaded).error(), load.schema, load.table);
  return loaded;
}

Result<std::uint64_t> DuckSession::merge_profiles(const RowsProfileMerge& merge) {
  auto merged = merge_rows(merge);
  if (!merged) return explained(std::move(merged).error(), merge.schema, merge.table);
  return merged;
}

Result<void> DuckSession::append(const std::string& schema, const std::string& table,
                                 RowSource& rows) {
  DuckAppender appender;
  if (duckdb_appender_create(connection_->handle(), schema.c_str(), table.c_str(),
                             &appender.handle) != DuckDBSuccess) {
    return connection_->failure(duckdb_appender_error(appender.handle));
  }
  auto outcome = append_all(appender.handle, rows);
  return outcome ? outcome : explained(std::move(outcome).error(), schema, table);
}

// Until a checkpoint what was committed stays in memory that DuckDB cannot free, and some of it
// until the file is opened anew.
Result<void> DuckSession::settle() {
  DRAY_TRY(execute(SqlBuilder("checkpoint").done()));
  if (file_.is_in_memory || !room_.is_noted_full()) return {};
  DRAY_TRY(execute(SqlBuilder("use memory").done()));
  if (auto reopened = database_.reopen(); !reopened) {
    database_.distrust();  // whoever comes next opens it anew
    return reopened;
  }
  DRAY_TRY(connection_->use_warehouse(DuckConnection::Names::ours));
  return room_.measure(*connection_);
}

// Asked of a column with a default: DuckDB's catalog has a generated column's expression in that
// place.
bool DuckSession::is_generated(const std::string& schema, const std::string& table,
                               const std::string& column) {
  SqlBuilder sql("insert into ");
  sql.table(schema, table).code(" (").name(column).code(") select ").name(column);
  sql.code(" from ").table(schema, table).code(" limit 0");
  return !connection_->can_prepare(std::move(sql).done());
}

Error DuckSession::explained(Error error, const std::string& schema, const std::string& table) {
  const auto& violation = connection_->violation();
  const bool is_known = error.code == ErrorCode::own_constraint;
  if (!violation || is_known || error.cause == Cause::cancelled) return error;
  return violation_error(*violation, database_, schema, table);
}

}  // namespace dray
