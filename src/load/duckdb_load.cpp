#include "load/duckdb_session.h"

#include <cstring>

#include "ledger/tables.h"
#include "load/duckdb_room.h"
#include "load/duckdb_rows.h"
#include "load/rivals.h"
#include "sql/duckdb_connection.h"

namespace dray {

Result<RowsLoaded> DuckSession::load_rows(RowsToLoad& load) {
  RowsLoaded loaded;
  if (!load.profile_id_column.empty()) {
    DRAY_TRY(execute(SqlBuilder("create or replace temp table dray_touched (uuid bigint)").done()));
  }
  if (!load.created) {
    DRAY_TRY(bind_indexes(load.schema, load.table));
    DRAY_TRY(settle_rivals(load, loaded));
  }
  room_.note_table(load.columns.size());
  // Before the rows, of which some may be committed by themselves.
  if (load.lineage_table) {
    if (auto written = write_lineage(load); !written) {
      Error error = explained(std::move(written).error(), ledger_schema, lineage_table_name);
      return of_ledger(std::move(error), lineage_table_name);
    }
  }
  DRAY_ASSIGN(loaded.rows_inserted, insert(load));
  if (!load.profile_id_column.empty()) {
    SqlBuilder sql("insert into dray_touched select distinct dray_uuid(");
    sql.sql(profile_id(load)).code(") from ").table(load.schema, load.table);
    sql.code(" where ");
    if (!load.touches_all_profiles) {
      sql.code("uuid_ts = make_timestamp(").number(load.uuid_ts).code(") and ");
    }
    DRAY_TRY(execute(std::move(sql.name(load.profile_id_column).code(" is not null")).done()));
  }
  return loaded;
}

Result<void> DuckSession::append_all(duckdb_appender appender, RowSource& rows) const {
  // An appender left to itself holds 204,800 rows, whatever is in them, and does not count them as
  // DuckDB's memory: 270 MB of rejects that keep 1 KB each. Whole vectors are handed on: for each
  // that is filled in two pieces DuckDB notes who wrote every row, in 32 KiB that it does not
  // count either.
  constexpr std::uint64_t held_bytes_max = 4U << 20;
  std::uint64_t held_bytes = 0;
  const idx_t columns = duckdb_appender_column_count(appender);
  std::uint64_t held_rows = 0;
  std::vector<PlainValue> row;
  while (true) {
    if (connection_->interrupted()) return cancelled_error();
    DRAY_ASSIGN(const bool more, rows.next(row));
    if (!more) break;
    for (const PlainValue& value : row) {
      append_value(appender, value);
      if (const auto* text = std::get_if<std::string_view>(&value)) held_bytes += text->size();
    }
    // Columns that somebody has added come last.
    for (idx_t i = row.size(); i < columns; ++i)
      duckdb_append_default(appender);
    if (duckdb_appender_end_row(appender) != DuckDBSuccess) {
      return connection_->failure(duckdb_appender_error(appender));
    }
    if (++held_rows % duckdb_vector_size() != 0 || held_bytes < held_bytes_max) continue;
    if (duckdb_appender_flush(appender) != DuckDBSuccess) {
      return connection_->failure(duckdb_appender_error(appender));
    }
    held_bytes = 0;
  }
  if (duckdb_appender_close(appender) != DuckDBSuccess) {
    return connection_->failure(duckdb_appender_error(appender));
  }
  return {};
}

void DuckSession::append_value(duckdb_appender appender, const PlainValue& value) {
  struct Visitor {
    duckdb_appender appender;
    void operator()(std::monostate) const { duckdb_append_null(appender); }
    void operator()(bool v) const { duckdb_append_bool(appender, v); }
    void operator()(std::int64_t v) const { duckdb_append_int64(appender, v); }
    void operator()(double v) const { duckdb_append_double(appender, v); }
    void operator()(std::string_view v) const {
      duckdb_append_varchar_length(appender, v.data(), v.size());
    }
    void operator()(Timestamp v) const { duckdb_append_timestamp(appender, {to_micros(v)}); }
  };
  std::visit(Visitor{appender}, value);
}

Result<std::uint64_t> DuckSession::changed_rows(const Sql& sql) {
  DuckResult result;
  DRAY_TRY(connection_->run(sql, result));
  return duckdb_rows_changed(&result.handle());
}

Result<void> DuckSession::set_threads() {
  SqlBuilder sql("set threads = ");
  return execute(std::move(sql.number(std::int64_t{threads_})).done());
}

// Rows have no order of their own, and giving it up lets several threads insert.
Result<void> DuckSession::choose_threads(const RowsToLoad& load) {
  const bool in_order = relations_.insert_threads(load) == 1;
  if (in_order_ == in_order) return {};
  in_order_ = in_order;
  return execute(in_order ? SqlBuilder("set preserve_insertion_order = true").done()
                          : SqlBuilder("set preserve_insertion_order = false").done());
}

Result<void> DuckSession::write_lineage(const RowsToLoad& load) {
  SqlBuilder sql("insert into ");
  sql.word(lineage_columns).code(" select uuid, make_timestamp(received_at), ");
  sql.number(*load.lineage_table).code(", object_number, line from dray_origins(");
  return execute(std::move(sql.number(relations_.show(load)).code(")")).done());
}

// DuckDB reads, compresses and writes 2,048 rows at once, and has room for that many usual ones.
// A row group that is shorter holds fewer, and there is a new one after every commit: so where
// rows are long they are committed some at a time.
Result<std::uint64_t> DuckSession::insert(const RowsToLoad& load) {
  DRAY_TRY(relations_.begin_rows(load, static_cast<bool>(load.commit_so_far)));
  DRAY_TRY(choose_threads(load));
  std::uint64_t inserted = 0;
  while (true) {
    DRAY_ASSIGN(const std::uint64_t rows, insert_some(load));
    inserted += rows;
    const DuckRelations::Shown shown = relations_.shown();
    if (shown.has_more || shown.has_long_rows) DRAY_TRY(keep_groups_short(load));
    if (!shown.has_more) return inserted;
    if (connection_->interrupted()) return cancelled_error();
    DRAY_TRY(load.commit_so_far());
  }
}

Result<std::uint64_t> DuckSession::insert_some(const RowsToLoad& load) {
  SqlBuilder sql("insert into ");
  sql.table(load.schema, load.table).code(" (");
  bool first = true;
  for (const LoadColumn& column : load.columns) {
    if (column.refused) continue;
    if (!first) sql.code(", ");
    first = false;
    sql.name(column.name);
  }
  sql.code(") select * from dray_rows(").number(relations_.show(load)).code(")");
  return changed_rows(std::move(sql).done());
}

// A checkpoint would make one row group of several short ones, and hold all their rows for it.
Result<void> DuckSession::keep_groups_short(const RowsToLoad& load) {
  SqlBuilder table("create table if not exists ");
  table.word(long_rows_table).code(" (schema_name varchar not null, table_name varchar not null)");
  DRAY_TRY(execute(std::move(table).done()));
  SqlBuilder sql("insert into ");
  sql.word(long_rows_table).code(" select schema_name, table_name from (values (");
  sql.text(load.schema).code(", ").text(load.table).code(")) l (schema_name, table_name) ");
  sql.code("except select schema_name, table_name from ").word(long_rows_table);
  DRAY_TRY(execute(std::move(sql).done()));
  return execute(SqlBuilder("set max_vacuum_tasks = 0").done());
}

Result<bool> DuckSession::has_long_rows(const RowsToLoad& load) {
  DRAY_ASSIGN(const bool is_told, dray_tells_long_rows(*connection_));
  if (!is_told) return false;
  SqlBuilder sql("select count(*) > 0 from ");
  sql.word(long_rows_table)
      .code(" where schema_name = ")
      .text(load.schema)
      .code(" and table_name = ")
      .text(load.table);
  DRAY_ASSIGN(const QueryResult found, query(std::move(sql).done()));
  return found.rows[0][0] == "true";
}

Result<void> DuckSession::settle_rivals(RowsToLoad& load, RowsLoaded& loaded) {
  return dray::settle_rivals(load, duplicates_bytes_,
                             {[&](Rivals& rivals) { return find_rivals(load, rivals); },
                              [&](Rivals& rivals) { return find_origins(load, rivals); },
                              [&](const auto& rows) { return remove_rows(load, rows); }},
                             loaded);
}

// A stored row is known by DuckDB's row number. In a table that has a column `rowid` of its own
// nothing can name that; there the rivals are written down and numbered.
Result<void> DuckSession::find_rivals(const RowsToLoad& load, Rivals& rivals) {
  DRAY_ASSIGN(const bool is_hidden, hides_row_numbers(load));
  SqlBuilder sql;
  if (is_hidden) {
    sql.code("create or replace temp table dray_rivals as select row_number() over () as number");
    sql.code(", t.uuid as stored_uuid, t.id as id");
  } else {
    sql.code("select t.rowid as number");
  }
  sql.code(", t.received_at as stored_received_at, k.uuid as uuid, k.check_id as check_id, ");
  sql.code("k.received_at as received_at, k.object as object, k.line as line, ");
  sql.code("k.row as staged_row from (select ");
  if (!is_hidden) sql.code("rowid, ");
  // An id may be long: nothing but its hash goes through the join.
  sql.code("uuid, received_at, dray_check(id, ");
  sql.number(static_cast<std::int64_t>(load.check_seed)).code(") as check_id");
  if (is_hidden) sql.code(", id");
  sql.code(" from ").table(load.schema, load.table);
  sql.code(") t join dray_keys(").number(relations_.show(load)).code(") k on t.uuid = k.uuid");
  sql.code(" and t.check_id = k.check_id");
  if (const auto rows = rivals.rows()) {
    sql.code(" where k.row >= ").number(rows->begin).code(" and k.row < ").number(rows->end);
  }
  Sql select = std::move(sql).done();
  if (is_hidden) {
    DRAY_TRY(execute(select));
    select = SqlBuilder("select * exclude (stored_uuid, id) from dray_rivals").done();
  }
  return connection_->each_chunk(select,
                                 [&](duckdb_data_chunk chunk) { read_rivals(chunk, rivals); });
}

Result<bool> DuckSession::hides_row_numbers(const RowsToLoad& load) {
  DRAY_ASSIGN(const Peculiarities* tables, peculiarities());
  return tables->with_rowid.contains({load.schema, load.table});
}

void DuckSession::read_rivals(duckdb_data_chunk chunk, Rivals& rivals) {
  const auto numbers = [&](idx_t column) { return DuckColumn<std::int64_t>(chunk, column); };
  const auto stored_row = numbers(0);
  const auto stored_received_at = numbers(1);
  const auto uuid = numbers(2);
  const auto check = numbers(3);
  const auto received_at = numbers(4);
  const auto object = numbers(5);
  const auto line = numbers(6);
  const auto row = numbers(7);
  for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); ++i) {
    Rival rival;
    rival.stored_row = stored_row[i];
    // All else is of dray_keys, or a row's number.
    rival.stored_received_at = stored_received_at.value_or(i, no_received_at);
    rival.key.uuid = static_cast<std::uint64_t>(uuid[i]);
    rival.key.check = static_cast<std::uint64_t>(check[i]);
    rival.key.received_at = received_at[i];
    rival.key.object = static_cast<std::uint32_t>(object[i]);
    rival.key.line = static_cast<std::uint32_t>(line[i]);
    rival.row = static_cast<std::uint64_t>(row[i]);
    rivals.add(rival);
  }
}

Result<void> DuckSession::find_origins(const RowsToLoad& load, Rivals& rivals) {
  std::vector<std::int64_t> tied = rivals.tied_uuids();
  if (tied.empty()) return {};
  SqlBuilder sql("select l.uuid, epoch_us(l.received_at), o.key, l.line from ");
  sql.word(lineage_table).code(" l join ").word(objects_table);
  sql.code(" o on o.object_number = l.object_number and o.source = ").text(load.schema);
  sql.code(" where l.uuid in ");
  sql.code("(select number from dray_numbers(").number(relations_.show(std::move(tied)));
  sql.code(")) and l.table_number in (").numbers(load.rival_tables);
  return connection_->each_chunk(std::move(sql.code(")")).done(), [&](duckdb_data_chunk chunk) {
    const DuckColumn<std::int64_t> uuid(chunk, 0);
    const DuckColumn<std::int64_t> received_at(chunk, 1);
    const DuckColumn<duckdb_string_t> key(chunk, 2);
    const DuckColumn<std::int64_t> line(chunk, 3);
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); ++i) {
      if (!key.has(i)) continue;  // a hand has been there; no object has no key
      rivals.add_origin(uuid[i], received_at.value_or(i, no_received_at), text_of(key[i]),
                        static_cast<std::uint64_t>(line.value_or(i, 0)));
    }
  });
}

Result<void> DuckSession::remove_rows(const RowsToLoad& load,
                                      const std::vector<std::int64_t>& rows) {
  if (rows.empty()) return {};
  DRAY_ASSIGN(const bool is_hidden, hides_row_numbers(load));
  if (!load.profile_id_column.empty()) {
    // The hash comes before the condition: DuckDB may keep what a row has for it.
    SqlBuilder touched("insert into dray_touched select distinct profile from (select ");
    touched.word(is_hidden ? "*" : "rowid").code(", dray_uuid(").sql(profile_id(load));
    touched.code(") as profile from ").table(load.schema, load.table).code(" where ");
    touched.name(load.profile_id_column).code(" is not null) t where ");
    touched.sql(are_numbered(rows, is_hidden));
    DRAY_TRY(execute(std::move(touched).done()));
  }
  SqlBuilder sql("delete from ");
  sql.table(load.schema, load.table).code(" t where ").sql(are_numbered(rows, is_hidden));
  DRAY_ASSIGN(const std::uint64_t removed, changed_rows(std::move(sql).done()));
  if (removed == rows.size()) return {};
  return internal_error(load.table + ": " + std::to_string(rows.size()) +
                        " rows were to be replaced and " + std::to_string(removed) +
                        " were removed");
}

// The rows of a table called `t` to which find_rivals() gave these numbers.
Sql DuckSession::are_numbered(const std::vector<std::int64_t>& rows, bool is_hidden) {
  SqlBuilder sql;
  if (is_hidden) {
    sql.code("exists (select 1 from dray_rivals r where r.stored_uuid = t.uuid and r.id = t.id ");
    sql.code("and r.stored_received_at is not distinct from t.received_at and r.number in (");
  } else {
    sql.code("t.rowid in (");
  }
  sql.code("select number from dray_numbers(").number(relations_.show(rows));
  return std::move(is_hidden ? sql.code(")))") : sql.code("))")).done();
}

}  // namespace dray
