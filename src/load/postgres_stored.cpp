#include "load/postgres_session.h"

#include <algorithm>

#include "ledger/tables.h"
#include "load/rivals.h"
#include "load/wide_profiles.h"
#include "sql/pq_connection.h"
#include "sql/query_values.h"

namespace dray {

Result<void> PostgresSession::settle_rivals(RowsToLoad& load, RowsLoaded& loaded) {
  DRAY_TRY(send_keys(load));
  return dray::settle_rivals(
      load, duplicates_bytes_,
      {[&](Rivals& rivals) { return find_rivals(load, rivals); },
       [&](Rivals& rivals) { return of_lineage(find_origins(load, rivals)); },
       [&](const auto& rows) { return remove_rows(load, rows); }},
      loaded);
}

Result<void> PostgresSession::send_keys(const RowsToLoad& load) {
  are_keys_sent_ = true;
  DRAY_TRY(make_temp_table(keys_table));
  CopyStream copy(*connection_);
  DRAY_TRY(begin_copy(copy, keys_table));
  DRAY_TRY(each_key(*load.rows, [&](const RowKey& key, std::uint64_t row) -> Result<void> {
    if (load.rows->is_dropped(row)) return {};
    copy.begin_row(6);
    copy.put(static_cast<std::int64_t>(key.uuid));
    copy.put(static_cast<std::int64_t>(key.check));
    copy.put(key.received_at);
    copy.put(std::int64_t{key.object});
    copy.put(std::int64_t{key.line});
    copy.put(static_cast<std::int64_t>(row));
    return copy.pass_on();
  }));
  DRAY_ASSIGN(const std::uint64_t rows, copy.end());
  (void)rows;
  return analyze(keys_table);
}

Result<void> PostgresSession::find_rivals(const RowsToLoad& load, Rivals& rivals) {
  SqlBuilder sql("select t.tableoid, t.ctid, t.id, t.received_at, k.uuid, k.check_id, ");
  sql.code("k.received_at, k.object, k.line, k.staged_row from ");
  sql.table(load.schema, load.table).code(" t join ").sql(keys_table.name);
  sql.code(" k on t.uuid = k.uuid");
  if (const auto rows = rivals.rows()) {
    sql.code(" where k.staged_row >= ").number(rows->begin);
    sql.code(" and k.staged_row < ").number(rows->end);
  }
  return connection_->each_row(std::move(sql).done(), [&](PqRow row) -> Result<void> {
    Rival rival;
    DRAY_ASSIGN(rival.stored_row, row_addresses_.add(*row[0], *row[1]));
    rival.stored_received_at = parse_timestamp(row[3].value_or("")).value_or(no_received_at);
    DRAY_ASSIGN(const std::int64_t uuid, needed_integer(row[4], "pg_temp.dray_keys.uuid"));
    DRAY_ASSIGN(const std::int64_t check, needed_integer(row[5], "pg_temp.dray_keys.check_id"));
    DRAY_ASSIGN(rival.key.received_at, needed_integer(row[6], "pg_temp.dray_keys.received_at"));
    DRAY_ASSIGN(const std::uint64_t object, needed_count(row[7], "pg_temp.dray_keys.object"));
    DRAY_ASSIGN(const std::uint64_t line, needed_count(row[8], "pg_temp.dray_keys.line"));
    DRAY_ASSIGN(rival.row, needed_count(row[9], "pg_temp.dray_keys.staged_row"));
    rival.key.uuid = static_cast<std::uint64_t>(uuid);
    rival.key.check = static_cast<std::uint64_t>(check);
    rival.key.object = static_cast<std::uint32_t>(object);
    rival.key.line = static_cast<std::uint32_t>(line);
    rivals.add_if_same_id(rival, row[2].value_or(""));
    return {};
  });
}

Result<void> PostgresSession::find_origins(const RowsToLoad& load, Rivals& rivals) {
  const std::vector<std::int64_t> tied = rivals.tied_uuids();
  if (tied.empty()) return {};
  DRAY_TRY(make_temp_table(numbers_table));
  CopyStream copy(*connection_);
  DRAY_TRY(begin_copy(copy, numbers_table));
  for (const std::int64_t uuid : tied) {
    copy.begin_row(1);
    copy.put(uuid);
    DRAY_TRY(copy.pass_on());
  }
  DRAY_TRY(copy.end());
  DRAY_TRY(analyze(numbers_table));
  SqlBuilder sql("select l.uuid, l.received_at, o.key, l.line from ");
  sql.word(lineage_table).code(" l join ").sql(numbers_table.name);
  sql.code(" n on l.uuid = n.number join ")
      .word(objects_table)
      .code(" o on o.object_number = l.object_number and o.source = ")
      .text(load.schema)
      .code(" where l.table_number in (");
  sql.numbers(load.rival_tables).code(")");
  return connection_->each_row(std::move(sql).done(), [&](PqRow row) -> Result<void> {
    DRAY_ASSIGN(const std::int64_t uuid, needed_integer(row[0], "lineage.uuid"));
    DRAY_ASSIGN(const std::uint64_t line, needed_count(row[3], "lineage.line"));
    rivals.add_origin(uuid, parse_timestamp(row[1].value_or("")).value_or(no_received_at),
                      row[2].value_or(""), line);
    return {};
  });
}

Result<void> PostgresSession::remove_rows(const RowsToLoad& load,
                                          const std::vector<std::int64_t>& rows) {
  if (rows.empty()) return {};
  DRAY_TRY(find_references(load));
  DRAY_TRY(send_replaced(rows));
  if (!load.profile_id_column.empty()) DRAY_TRY(touch_replaced(load));
  if (replaces_in_place()) return {};
  SqlBuilder sql("delete from ");
  sql.table(load.schema, load.table).code(" t using ").sql(replaced_table.name);
  sql.code(" r where t.ctid = r.stored_row and t.tableoid = r.table_oid");
  DRAY_ASSIGN(const std::uint64_t removed, connection_->changed_rows(std::move(sql).done()));
  if (removed == rows.size()) return {};
  return not_replaced(load);
}

// They go as text: of all types only these have no simpler binary form.
Result<void> PostgresSession::send_replaced(const std::vector<std::int64_t>& rows) {
  if (!replaces_in_place() || !is_replaced_kept_) DRAY_TRY(make_temp_table(replaced_table));
  is_replaced_kept_ = true;
  SqlBuilder sql("copy ");
  sql.sql(replaced_table.name).code(" from stdin");
  DRAY_TRY(connection_->begin_copy(std::move(sql).done()));
  for (const std::int64_t row : rows) {
    DRAY_TRY(connection_->put_copy(row_addresses_.line(row)));
  }
  DRAY_TRY(connection_->end_copy());
  return analyze(replaced_table);
}

Result<std::vector<PostgresSession::Reference>> PostgresSession::references_to(
    const std::string& schema, const std::string& table) {
  SqlBuilder sql(
      "select k.conname, n.nspname, c.relname, "
      "pg_catalog.has_schema_privilege(n.oid, 'usage') and "
      "pg_catalog.has_table_privilege(c.oid, 'select'), a.attname, o.attname, k.oid "
      "from pg_catalog.pg_constraint k join pg_catalog.pg_class c on c.oid = k.conrelid "
      "join pg_catalog.pg_namespace n on n.oid = c.relnamespace "
      "join pg_catalog.pg_class t on t.oid = k.confrelid "
      "join pg_catalog.pg_namespace s on s.oid = t.relnamespace "
      "cross join lateral unnest(k.conkey, k.confkey) as p(own, ours) "
      "join pg_catalog.pg_attribute a on a.attrelid = k.conrelid and a.attnum = p.own "
      "join pg_catalog.pg_attribute o on o.attrelid = k.confrelid and o.attnum = p.ours "
      "where k.contype = 'f' and k.conparentid = 0 and s.nspname = ");
  sql.text(schema).code(" and t.relname = ").text(table).code(" order by k.oid, p.ours");
  DRAY_ASSIGN(const QueryResult rows, query(std::move(sql).done()));
  std::vector<Reference> references;
  std::string last;
  for (const auto& row : rows.rows) {
    if (references.empty() || last != *row[6]) {
      references.push_back({*row[0], *row[1], *row[2], row[3] == "true", {}, {}});
      last = *row[6];
    }
    references.back().columns.push_back(*row[4]);
    references.back().our_columns.push_back(*row[5]);
  }
  return references;
}

// Once in a load, and only if rows of it are replaced.
Result<void> PostgresSession::find_references(const RowsToLoad& load) {
  if (references_) return {};
  DRAY_ASSIGN(references_, references_to(load.schema, load.table));
  is_replaced_kept_ = false;
  return {};
}

// The rows go to a table of their own, and from there into the rows that they replace.
Result<std::uint64_t> PostgresSession::replace_in_place(const RowsToLoad& load,
                                                        RowsLoaded& loaded) {
  const std::vector<std::string> names = names_of_columns(load);
  DRAY_TRY(execute(SqlBuilder("drop table if exists pg_temp.dray_rows").done()));
  SqlBuilder make("create temp table dray_rows on commit drop as select ");
  make.names(names).code(" from ").table(load.schema, load.table).code(" with no data");
  DRAY_TRY(execute(std::move(make).done()));
  DRAY_ASSIGN(const RowLayout layout, layout_of(load));
  DRAY_TRY(copy_rows(load, SqlBuilder("pg_temp.dray_rows").done(), layout, RowRoom::certain,
                     load.value_rejects, &loaded.rows_refused));
  DRAY_TRY(execute(SqlBuilder("analyze pg_temp.dray_rows").done()));
  DRAY_ASSIGN(const std::vector<std::string> emptied, columns_to_empty(load, names));
  DRAY_ASSIGN(const Sql replace, update_and_insert(load, names, emptied));
  DRAY_ASSIGN(const QueryResult counts, query(replace));
  DRAY_ASSIGN(const std::uint64_t updated, needed_count(counts.rows[0][0], "count(*)"));
  DRAY_ASSIGN(const std::uint64_t ids, needed_count(counts.rows[0][1], "count(distinct id)"));
  DRAY_ASSIGN(const std::uint64_t added, needed_count(counts.rows[0][2], "count(*)"));
  // A row that the table cannot hold leaves the one that it would replace as it is.
  const std::uint64_t missing = loaded.rows_replaced - std::min(updated, loaded.rows_replaced);
  if (missing <= loaded.rows_refused.size()) return ids + added;
  return not_replaced(load);
}

Result<Sql> PostgresSession::update_and_insert(const RowsToLoad& load,
                                               const std::vector<std::string>& names,
                                               const std::vector<std::string>& emptied) {
  DRAY_ASSIGN(const bool is_blurred, blurs(load.schema, load.table, "id"));
  SqlBuilder sql("with updated as (update ");
  sql.table(load.schema, load.table).code(" t set uuid_ts = n.uuid_ts");
  for (const std::string& name : names) {
    if (name == "id" || name == "uuid" || name == "uuid_ts") continue;
    sql.code(", ").name(name).code(" = n.").name(name);
  }
  for (const std::string& name : emptied)
    sql.code(", ").name(name).code(" = null");
  sql.code(" from pg_temp.dray_rows n, ").sql(replaced_table.name);
  sql.code(" r where t.ctid = r.stored_row and t.tableoid = r.table_oid and n.id = t.id");
  sql.word(by_bytes(is_blurred))
      .code(" returning n.id), added as (insert into ")
      .table(load.schema, load.table);
  sql.code(" (").names(names).code(") select ").names(names);
  sql.code(" from pg_temp.dray_rows n where not exists (select 1 from updated u where u.id = n.id");
  sql.word(by_bytes(is_blurred))
      .code(") returning 1) select (select count(*) from updated), (select count(distinct id");
  sql.word(by_bytes(is_blurred)).code(") from updated), (select count(*) from added)");
  return std::move(sql).done();
}

// What a row has that the new one does not bring. Columns that somebody gave a default, a key or
// a NOT NULL are not Dray's.
Result<std::vector<std::string>> PostgresSession::columns_to_empty(
    const RowsToLoad& load, const std::vector<std::string>& brought) {
  SqlBuilder sql(
      "select a.attname from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = "
      "a.attrelid join pg_catalog.pg_namespace n on n.oid = c.relnamespace where a.attnum > 0 "
      "and not a.attisdropped and not a.atthasdef and not a.attnotnull and a.attidentity = '' "
      "and not exists (select 1 from pg_catalog.pg_index i where i.indrelid = c.oid and "
      "i.indisunique and a.attnum = any (i.indkey)) and n.nspname = ");
  sql.text(load.schema).code(" and c.relname = ").text(load.table);
  DRAY_ASSIGN(const QueryResult rows, query(std::move(sql).done()));
  DRAY_ASSIGN(const Catalog catalog, this->catalog(load.schema));
  const auto table = std::ranges::find(catalog.tables, load.table, &LiveTable::name);
  DRAY_ASSERT(table != catalog.tables.end());
  std::vector<std::string> names;
  for (const auto& row : rows.rows) {
    const auto live = std::ranges::find(table->columns, *row[0], &LiveColumn::name);
    if (live == table->columns.end() || !live->writable) continue;
    if (std::ranges::find(brought, *row[0]) == brought.end()) names.push_back(*row[0]);
  }
  return names;
}

}  // namespace dray
