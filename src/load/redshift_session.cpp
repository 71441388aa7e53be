#include "load/redshift_session.h"

#include "ledger/tables.h"
#include "load/redshift_errors.h"
#include "sql/query_values.h"

namespace dray {
namespace {

constexpr const char* lock_table = "lock";

}  // namespace

Micros redshift_micros(std::optional<std::string_view> value) {
  return parse_timestamp(value.value_or("")).value_or(no_received_at);
}

Result<Catalog> RedshiftSession::catalog(const std::string& schema) {
  if (schema != ledger_schema) return read_catalog(schema);
  if (!ledger_catalog_) {
    DRAY_ASSIGN(ledger_catalog_, read_catalog(schema));
    remember_columns(*ledger_catalog_);
  }
  return *ledger_catalog_;
}

Result<Catalog> RedshiftSession::read_catalog(const std::string& schema) {
  Catalog out;
  out.schema = schema;
  DRAY_ASSIGN(out.schema_exists, has_schema(schema));
  SqlBuilder views("select table_name from svv_tables where table_type = 'VIEW' and ");
  DRAY_ASSIGN(const QueryResult view_rows,
              query(std::move(views.code("table_schema = ").text(schema)).done()));
  std::set<std::string> view_names;
  for (const auto& row : view_rows.rows)
    view_names.insert(*row[0]);
  SqlBuilder sql(
      "select table_name, column_name, data_type, character_maximum_length from svv_columns where "
      "table_schema = ");
  DRAY_ASSIGN(
      const QueryResult columns,
      query(std::move(sql.text(schema).code(" order by table_name, ordinal_position")).done()));
  for (const auto& row : columns.rows) {
    if (out.tables.empty() || out.tables.back().name != *row[0]) {
      out.tables.push_back({*row[0], view_names.contains(*row[0]), {}});
    }
    const auto type = redshift_catalog_types.type_named(*row[2]);
    LiveColumn column{*row[1], *row[2], type.has_value(), type.value_or(ColumnType::varchar)};
    if (type == ColumnType::varchar && row[3]) {
      DRAY_ASSIGN(const std::uint64_t bytes,
                  needed_count(row[3], "svv_columns.character_maximum_length"));
      column.varchar_bytes = static_cast<std::uint32_t>(bytes);
    }
    out.tables.back().columns.push_back(std::move(column));
  }
  return out;
}

Result<bool> RedshiftSession::has_schema(const std::string& schema) {
  SqlBuilder sql("select 1 from pg_namespace where nspname = ");
  DRAY_ASSIGN(const QueryResult found, query(std::move(sql.text(schema)).done()));
  return !found.rows.empty();
}

// CREATE SCHEMA asks for the right to make one before it looks whether there is one, and that right
// is not everybody's.
Result<void> RedshiftSession::make_schema(const std::string& schema) {
  DRAY_ASSIGN(const bool exists, has_schema(schema));
  return exists ? Result<void>() : make_once(dialect_.create_schema(schema));
}

// "If not exists" fails for one of two that make it at the same time, who finds it made then.
// Inside a transaction the second attempt fails too, as all that follows does there.
Result<void> RedshiftSession::make_once(const Sql& sql) {
  auto made = execute(sql);
  if (made || made.error().cause != Cause::transient) return made;
  return execute(sql) ? Result<void>() : std::move(made);
}

void RedshiftSession::remember_columns(const Catalog& catalog) {
  for (const LiveTable& table : catalog.tables) {
    std::vector<std::uint32_t>& widths = ledger_columns_[table.name];
    widths.clear();
    for (const LiveColumn& column : table.columns)
      widths.push_back(column.varchar_bytes.value_or(0));
  }
}

void RedshiftSession::remember_columns(const CreateTable& table) {
  ledger_catalog_.reset();
  std::vector<std::uint32_t>& widths = ledger_columns_[table.table];
  for (const Column& column : table.columns)
    widths.push_back(column.type == ColumnType::varchar ? column.varchar_bytes : 0);
}

void RedshiftSession::remember_column(const AddColumn& added) {
  ledger_catalog_.reset();
  const bool is_text = added.column.type == ColumnType::varchar;
  ledger_columns_[added.table].push_back(is_text ? added.column.varchar_bytes : 0);
}

std::vector<std::uint32_t> RedshiftSession::widths_of(const std::string& table) const {
  const auto known = ledger_columns_.find(table);
  return known == ledger_columns_.end() ? std::vector<std::uint32_t>() : known->second;
}

Result<void> RedshiftSession::apply(const SchemaChange& change) {
  const auto* const table = std::get_if<CreateTable>(&change);
  const bool is_ledger = table != nullptr && table->schema == ledger_schema;
  if (const auto* const schema = std::get_if<CreateSchema>(&change))
    return make_schema(schema->schema);
  // "If not exists" is a statement, and a round trip, for each of the ledger's tables.
  if (is_ledger && ledger_columns_.contains(table->table)) return {};
  auto applied = execute(ddl_of(dialect_, change));
  if (applied && is_ledger) remember_columns(*table);
  if (const auto* const added = std::get_if<AddColumn>(&change);
      applied && added != nullptr && added->schema == ledger_schema) {
    remember_column(*added);
  }
  if (applied || !std::holds_alternative<WidenColumn>(change)) return applied;
  // Somebody was quicker: "target column size should be different" [0A000].
  const bool is_wide =
      applied.error().message.find("size should be different") != std::string::npos;
  return is_wide ? Result<void>() : applied;
}

// --- the transaction -----------------------------------------------------------------------------

// A table of its own, for a lock keeps readers out too. It is there before the transaction: to make
// a table would take the transaction's snapshot.
Result<void> RedshiftSession::make_lock() {
  if (ledger_columns_.contains(lock_table)) return {};
  const CreateTable table{ledger_schema, lock_table, {{"holder", ColumnType::varchar, 64}}, true};
  DRAY_TRY(make_schema(ledger_schema));
  DRAY_TRY(make_once(ddl_of(RedshiftDialect({}, Comments::none), table)));
  remember_columns(table);
  return {};
}

// LOCK takes no snapshot, so that what follows sees what the others have committed.
Result<void> RedshiftSession::lock(std::chrono::seconds wait_max) {
  const auto milliseconds = std::chrono::milliseconds(wait_max).count();
  SqlBuilder bounded("set statement_timeout to ");
  DRAY_TRY(execute(std::move(bounded.number(static_cast<std::int64_t>(milliseconds))).done()));
  SqlBuilder sql("lock table ");
  auto locked = execute(std::move(sql.table(ledger_schema, lock_table)).done());
  if (!locked) return std::move(locked).error().within("wait for another load to end");
  return execute(SqlBuilder("set statement_timeout to default").done());
}

Result<void> RedshiftSession::commit() {
  for (const auto& [files, staged] : stager_.staged())
    DRAY_TRY(execute(drop_staging_table(staged.table)));
  auto committed = connection_->commit();
  if (!committed) {
    in_doubt_ = committed.error().cause == Cause::in_doubt;
    return committed;
  }
  remove_files();
  return {};
}

// What is loaded is not wanted any more. If a file cannot be removed now a later run does it.
void RedshiftSession::remove_files() {
  std::vector<std::string> kept;
  for (const auto& [files, staged] : stager_.staged()) {
    if (!staged.is_loaded) {
      kept.push_back(staged.files.folder);
    } else if (!staged.is_own) {
      (void)cluster_->area->remove(staged.files.folder);
    }
  }
  if (!run_.run_id.empty()) (void)cluster_->area->remove_run(run_.source, run_.run_id, kept);
  stager_.staged().clear();
}

// Not committed: what this run has staged is of no use to anybody, unless nobody knows whether it
// is. What cannot be removed now a later run removes.
void RedshiftSession::abandon() {
  if (in_doubt_ || stager_.staged().empty()) return;
  (void)cluster_->area->remove_run(run_.source, run_.run_id, {});
  if (!rollback()) {
    // Interrupted, or lost.
    auto connection = cluster_->connect();
    if (!connection) return;
    connection_ = std::move(connection).value();
  }
  for (const auto& [files, staged] : stager_.staged())
    (void)execute(drop_staging_table(staged.table));
}

// --- Dray's own tables ---------------------------------------------------------------------------

Result<void> RedshiftSession::append(const std::string& schema, const std::string& table,
                                     RowSource& rows) {
  RedshiftRows out = new_rows(widths_of(table));
  std::vector<PlainValue> row;
  while (true) {
    DRAY_ASSIGN(const bool more, rows.next(row));
    if (!more) break;
    DRAY_TRY(out.add(row));
    if (const auto values = out.take_literals()) {
      DRAY_TRY(execute(insert_literals(schema, table, *values)));
    }
  }
  return put_rows(schema, table, out);
}

RedshiftRows RedshiftSession::new_rows(std::vector<std::uint32_t> widths) {
  std::string folder;
  if (cluster_->area != nullptr && !run_.run_id.empty()) {
    folder = cluster_->area->ledger_folder(run_.source, run_.run_id, ++files_written_);
  }
  StagingArea* const area = folder.empty() ? nullptr : cluster_->area.get();
  return {area, std::move(folder), std::move(widths)};
}

// What is not in the table yet.
Result<void> RedshiftSession::put_rows(const std::string& schema, const std::string& table,
                                       RedshiftRows& rows) {
  if (const auto values = rows.take_last_literals()) {
    return execute(insert_literals(schema, table, *values));
  }
  if (!rows.in_files()) return {};
  DRAY_ASSIGN(const std::string manifest, rows.end());
  DRAY_ASSIGN(const CopyAccess access, cluster_->copy_access());
  const CopyTarget target{schema, table, manifest, rows.null_text(), std::nullopt};
  DRAY_TRY(execute(copy_file(target, access)));
  DRAY_TRY(check_copy(*connection_, rows.count()));
  return {};
}

}  // namespace dray
