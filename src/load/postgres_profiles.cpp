#include "load/postgres_session.h"

#include <algorithm>

#include "base/hash.h"
#include "base/numbers.h"
#include "ledger/tables.h"
#include "load/postgres_sql.h"
#include "load/profile_casts.h"
#include "load/rivals.h"
#include "load/wide_profiles.h"
#include "model/row_batch.h"
#include "sql/pq_connection.h"
#include "sql/query_values.h"

namespace dray {
void PostgresSession::put_touched(CopyRows& rows, std::string_view id) {
  rows.begin_row(2);
  rows.put(id);
  rows.put(static_cast<std::int64_t>(xxh3(id)));
}

Result<void> PostgresSession::touch_replaced(const RowsToLoad& load) {
  DRAY_ASSIGN(const bool is_blurred, blurs(load.schema, load.table, load.profile_id_column));
  SqlBuilder sql("select distinct t.");
  sql.name(load.profile_id_column).word(by_bytes(is_blurred)).code(" from ");
  sql.table(load.schema, load.table);
  sql.code(" t join ").sql(replaced_table.name).code(" r on t.ctid = r.stored_row and ");
  sql.code("t.tableoid = r.table_oid where t.").name(load.profile_id_column);
  return touch_stored(load, std::move(sql.code(" is not null")).done());
}

// The profiles of stored ids.
Result<void> PostgresSession::touch_stored(const RowsToLoad& load, const Sql& ids) {
  const auto column = std::ranges::find(load.columns, load.profile_id_column, &LoadColumn::name);
  const ColumnType type = column == load.columns.end() ? ColumnType::varchar : column->type;
  return append_made(ids, touched_table, [&](std::string_view id, CopyRows& rows) {
    put_touched(rows, stored_text(type, id));
  });
}

Result<void> PostgresSession::touch_staged(const RowsToLoad& load) {
  const auto column = std::ranges::find(load.columns, load.profile_id_column, &LoadColumn::name);
  if (column == load.columns.end() || column->refused) return {};
  CopyStream copy(*connection_);
  DRAY_TRY(begin_copy(copy, touched_table));
  BlockScratch scratch;
  for (std::size_t number = 0; number < load.rows->block_count(); ++number) {
    DRAY_ASSIGN(const RowBlock block, load.rows->rows(number, scratch));
    const char* record = block.records.data();
    for (std::size_t i = 0; i < block.keys.size(); ++i) {
      CellReader cells(record);
      record = cells.end();
      if (load.rows->is_dropped(block.first_row + i)) continue;
      for (Cell cell; cells.next(cell);) {
        if (cell.slot != column->slot) continue;
        if (const auto id = stored_id(*column, cell)) put_touched(copy, *id);
      }
      DRAY_TRY(copy.pass_on());
    }
  }
  DRAY_TRY(copy.end());
  return {};
}

// Those of whom a row is stored. A column that takes no values is not read either.
Result<void> PostgresSession::touch_all(const RowsToLoad& load) {
  const auto column = std::ranges::find(load.columns, load.profile_id_column, &LoadColumn::name);
  if (column != load.columns.end() && column->refused) return {};
  DRAY_ASSIGN(const bool is_blurred, blurs(load.schema, load.table, load.profile_id_column));
  SqlBuilder sql("select distinct ");
  sql.name(load.profile_id_column).word(by_bytes(is_blurred)).code(" from ");
  sql.table(load.schema, load.table).code(" where ");
  return touch_stored(load,
                      std::move(sql.name(load.profile_id_column).code(" is not null")).done());
}

// The text of what the column holds of an id.
std::optional<std::string> PostgresSession::stored_id(const LoadColumn& column, const Cell& cell) {
  if (column.type == ColumnType::varchar && !fits_bound(column, cell.bytes)) return std::nullopt;
  return id_text(column.type, cell);
}

// Whether the column's collation takes texts of different bytes for equal, as one that knows no
// case does.
Result<bool> PostgresSession::blurs(std::string_view schema, std::string_view table,
                                    std::string_view column) {
  SqlBuilder sql(
      "select 1 from pg_catalog.pg_attribute a join pg_catalog.pg_class c on c.oid = a.attrelid join "
      "pg_catalog.pg_namespace n on n.oid = c.relnamespace join pg_catalog.pg_collation l on l.oid "
      "= a.attcollation where not l.collisdeterministic and n.nspname = ");
  sql.text(schema).code(" and c.relname = ").text(table).code(" and a.attname = ").text(column);
  DRAY_ASSIGN(const QueryResult found, query(std::move(sql).done()));
  return !found.rows.empty();
}

// A touched id, "t.id", as one of the source table's own: its index is on those. The index finds
// what the collation takes for the id, and of that the bytes tell whose it is.
Result<void> PostgresSession::find_ids(const RowsProfileMerge& merge) {
  DRAY_ASSIGN(source_blurs_ids_, blurs(merge.schema, merge.source_table, merge.id_column));
  DRAY_ASSIGN(profiles_blur_ids_, blurs(merge.schema, merge.table, "id"));
  SqlBuilder look(
      "select pg_catalog.format_type(a.atttypid, -1) from pg_catalog.pg_attribute a join "
      "pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n on n.oid = "
      "c.relnamespace where n.nspname = ");
  look.text(merge.schema).code(" and c.relname = ").text(merge.source_table);
  look.code(" and a.attname = ").text(merge.id_column);
  DRAY_ASSIGN(const QueryResult found, query(std::move(look).done()));
  const std::string type = found.rows.empty() ? "text" : found.rows[0][0].value_or("text");
  const bool is_text = type == "text" || type == "character varying";
  source_id_ = is_text ? SqlBuilder("t.id").done()
                       : std::move(SqlBuilder("cast(t.id as ").word(type).code(")")).done();
  SqlBuilder is_row("s.");
  is_row.name(merge.id_column).code(" = ").sql(source_id_);
  if (source_blurs_ids_) {
    is_row.code(" and s.").name(merge.id_column).code(" collate \"C\" = ").sql(source_id_);
  }
  is_profiles_row_ = std::move(is_row).done();
  return {};
}

// One of its own for each profile, for their types differ.
PostgresSession::TempTable PostgresSession::cast_table(const RowsProfileMerge& merge,
                                                       std::size_t number) {
  const ProfileCast& cast = merge.casts[number];
  SqlBuilder name("pg_temp.");
  name.name("dray_cast_" + merge.table + "_" + std::to_string(number));
  SqlBuilder columns("stored ");
  columns.word(postgres_types.of(cast.from)).code(", fitting ");
  columns.word(postgres_types.of(cast.to));
  return {std::move(name).done(), std::move(columns).done()};
}

// A table for each column that tells what the values become that fit, of all those that the
// touched profiles' rows have.
Result<void> PostgresSession::cast_values(const RowsProfileMerge& merge) {
  for (std::size_t i = 0; i < merge.casts.size(); ++i) {
    const ProfileCast& cast = merge.casts[i];
    DRAY_TRY(cast_values(merge, cast, cast_table(merge, i)));
    DRAY_TRY(reject_values(merge, cast, reason_of(cast), [&](std::string_view text) {
      return cast_stored(cast, text, VarcharUnit::characters).has_value();
    }));
  }
  return {};
}

Result<void> PostgresSession::cast_values(const RowsProfileMerge& merge, const ProfileCast& cast,
                                          const TempTable& table) {
  DRAY_TRY(make_temp_table(table));
  SqlBuilder sql("select distinct s.");
  sql.name(cast.column).word(by_bytes(cast.from == ColumnType::varchar)).code(" from ");
  sql.table(merge.schema, merge.source_table).code(" s join ").sql(touched_table.name);
  sql.code(" t on ").sql(is_profiles_row_);
  sql.code(" where s.").name(cast.column).code(" is not null");
  DRAY_TRY(append_made(std::move(sql).done(), table, [&](std::string_view stored, CopyRows& rows) {
    const std::string text = stored_text(cast.from, stored);
    const auto fitting = cast_stored(cast, text, VarcharUnit::characters);
    if (!fitting) return;
    rows.begin_row(2);
    rows.put(*stored_value(cast.from, text));
    rows.put(*fitting);
  }));
  return analyze(table);
}

// The latest value of each column that is not NULL, of all rows of the touched profiles. The
// names with a blank are none that a column can have.
void PostgresSession::add_latest_values(SqlBuilder& sql, const RowsProfileMerge& merge,
                                        std::span<const std::string> columns) {
  sql.code("select \"the id\", max(\"the time\") as \"the time\", \"the uuid\"");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    sql.code(", (pg_catalog.array_agg(")
        .name(columns[i])
        .code(") filter (where \"the place\" = \"place ");
    sql.number(static_cast<std::uint64_t>(i)).code("\"))[1] as ").name(columns[i]);
  }
  sql.code(" from (select *");
  for (std::size_t i = 0; i < columns.size(); ++i) {
    sql.code(", max(\"the place\") filter (where ").name(columns[i]);
    sql.code(" is not null) over profile as \"place ").number(static_cast<std::uint64_t>(i));
    sql.code("\"");
  }
  sql.code(" from (select t.id as \"the id\", t.uuid as \"the uuid\", ");
  sql.code("s.received_at as \"the time\"");
  SqlBuilder joins;
  for (const std::string& column : columns) {
    const auto cast = std::ranges::find(merge.casts, column, &ProfileCast::column);
    if (cast == merge.casts.end()) {
      sql.code(", s.").name(column);
    } else {
      add_cast(sql.code(", "), joins, merge, static_cast<std::size_t>(cast - merge.casts.begin()));
    }
  }
  sql.code(", row_number() over (partition by t.uuid, t.id order by s.received_at, ");
  sql.code("s.\"timestamp\", s.id collate \"C\") as \"the place\" from ");
  sql.table(merge.schema, merge.source_table).code(" s join (select distinct id, uuid from ");
  sql.sql(touched_table.name).code(") t on ").sql(is_profiles_row_);
  sql.sql(std::move(joins).done()).code(") r ");
  sql.code("window profile as (partition by \"the uuid\", \"the id\")) r ");
  sql.code("group by \"the uuid\", \"the id\"");
}

void PostgresSession::add_cast(SqlBuilder& sql, SqlBuilder& joins, const RowsProfileMerge& merge,
                               std::size_t number) {
  const ProfileCast& cast = merge.casts[number];
  const auto suffix = static_cast<std::uint64_t>(number);
  sql.code("c").number(suffix).code(".fitting as ").name(cast.column);
  joins.code(" left join ").sql(cast_table(merge, number).name).code(" c").number(suffix);
  joins.code(" on s.").name(cast.column).code(" = c").number(suffix).code(".stored");
  if (cast.from == ColumnType::varchar) joins.code(" collate \"C\"");
}

// Profiles of which no row is left, for a newer duplicate took its last row to another. One that
// somebody else's table refers to stays, without values.
Result<void> PostgresSession::remove_empty_profiles(const RowsProfileMerge& merge) {
  SqlBuilder empty("u.id = t.id");
  if (profiles_blur_ids_) empty.code(" and u.id collate \"C\" = t.id");
  empty.code(" and not exists (select 1 from ").table(merge.schema, merge.source_table);
  const Sql is_empty = std::move(empty.code(" s where ").sql(is_profiles_row_).code(")")).done();
  DRAY_ASSIGN(const auto references, references_to(merge.schema, merge.table));
  SqlBuilder erase("delete from ");
  erase.table(merge.schema, merge.table).code(" u using ").sql(touched_table.name);
  erase.code(" t where ").sql(is_empty);
  for (const Reference& reference : references)
    add_unreferenced(erase, reference);
  DRAY_TRY(execute(std::move(erase).done()));
  return references.empty() || merge.columns.empty() ? Result<void>()
                                                     : empty_profiles(merge, is_empty);
}

// What cannot be looked at is taken to refer to every row.
void PostgresSession::add_unreferenced(SqlBuilder& sql, const Reference& reference) {
  if (!reference.readable) {
    sql.code(" and false");
    return;
  }
  sql.code(" and not exists (select 1 from ").table(reference.schema, reference.table);
  sql.code(" o where true");
  for (std::size_t i = 0; i < reference.columns.size(); ++i) {
    sql.code(" and o.").name(reference.columns[i]);
    sql.code(" = u.").name(reference.our_columns[i]);
  }
  sql.code(")");
}

Result<void> PostgresSession::empty_profiles(const RowsProfileMerge& merge, const Sql& is_empty) {
  SqlBuilder sql("update ");
  sql.table(merge.schema, merge.table).code(" u set uuid_ts = timestamp ");
  sql.text(format_timestamp(merge.uuid_ts));
  for (const std::string& column : merge.columns)
    sql.code(", ").name(column).code(" = null");
  sql.code(" from ").sql(touched_table.name).code(" t where ").sql(is_empty);
  return execute(std::move(sql).done());
}

// Values of this load that the profiles' column does not take. `cast` tells column and types. They
// are told as they come: there may be one for every row.
Result<void> PostgresSession::reject_values(const RowsProfileMerge& merge, const ProfileCast& cast,
                                            RejectReason reason, const Fits& fits,
                                            const Sql& profiles) {
  if (!are_keys_sent_) DRAY_TRY(send_keys(*merge.load));
  SqlBuilder sql("select k.object, k.line, ");
  // Whether it fits the whole of it tells; of a reject its beginning is kept.
  const bool is_cut = !fits && cast.from == ColumnType::varchar;
  if (is_cut) sql.code("pg_catalog.left(");
  sql.code("s.").name(cast.column);
  if (is_cut) sql.code(", ").number(std::uint64_t{reject_value_bytes_max}).code(")");
  sql.code(" from ").table(merge.schema, merge.source_table).code(" s join ");
  sql.sql(keys_table.name).code(" k on s.uuid = k.uuid where s.uuid_ts = timestamp ");
  sql.text(format_timestamp(merge.uuid_ts));
  // The ids are there for the index: only uuid_ts tells the rows, and that has none.
  sql.code(" and s.").name(merge.id_column).code(" in (select ").sql(source_id_);
  sql.code(" from ").sql(profiles).code(" t)");
  if (source_blurs_ids_) {
    sql.code(" and s.").name(merge.id_column).code(" collate \"C\" in (select ").sql(source_id_);
    sql.code(" from ").sql(profiles).code(" t)");
  }
  sql.code(" and s.").name(cast.column).code(" is not null");
  return connection_->each_row(std::move(sql).done(), [&](PqRow row) -> Result<void> {
    const std::string text = stored_text(cast.from, *row[2]);
    if (fits && fits(text)) return {};
    DRAY_ASSIGN(const std::uint64_t object, needed_count(row[0], "pg_temp.dray_keys.object"));
    DRAY_ASSIGN(const std::uint64_t line, needed_count(row[1], "pg_temp.dray_keys.line"));
    merge.value_rejects({static_cast<std::uint32_t>(object), static_cast<std::uint32_t>(line),
                         reason, cast.column, cast.to, text});
    return {};
  });
}

// Profiles whose id somebody's index has no room for are in the source table alone.
Result<void> PostgresSession::forget_long_ids(const RowsProfileMerge& merge) {
  DRAY_ASSIGN(const QueryResult columns, query(postgres_columns_query(merge.schema, merge.table)));
  const auto is_indexed = [](const auto& column) { return column[0] == "id" && column[2]; };
  if (std::ranges::none_of(columns.rows, is_indexed)) return {};
  SqlBuilder condition("octet_length(id) > ");
  const Sql is_long = std::move(condition.number(std::uint64_t{index_row_bytes_max})).done();
  SqlBuilder profiles("(select id from pg_temp.dray_touched where ");
  DRAY_TRY(reject_values(merge, {merge.id_column, ColumnType::varchar}, RejectReason::row_too_wide,
                         nullptr, std::move(profiles.sql(is_long).code(")")).done()));
  SqlBuilder forget("delete from pg_temp.dray_touched where ");
  return execute(std::move(forget.sql(is_long)).done());
}

// Makes rejects of the values that have no room in their profile.
Result<void> PostgresSession::reject_unfit(const RowsProfileMerge& merge,
                                           const WideProfiles& wide) {
  for (const std::size_t place : wide.places()) {
    DRAY_TRY(reject_values(merge, {merge.columns[place], wide.type_of(place)},
                           RejectReason::row_too_wide, nullptr, WideProfiles::unfit_at(place)));
  }
  return {};
}

// Into a table of their own, from which they go into those that are stored.
Result<std::uint64_t> PostgresSession::compute_profiles(const RowsProfileMerge& merge,
                                                        const WideProfiles& wide,
                                                        std::span<const std::string> columns) {
  DRAY_TRY(execute(SqlBuilder("drop table if exists pg_temp.dray_profiles").done()));
  SqlBuilder sql("create temp table dray_profiles on commit drop as ");
  add_latest_values(sql, merge, columns);
  DRAY_ASSIGN(const std::uint64_t profiles, connection_->changed_rows(std::move(sql).done()));
  DRAY_TRY(execute(SqlBuilder("analyze pg_temp.dray_profiles").done()));
  for (const std::size_t place : wide.places()) {
    const std::string& column = merge.columns[place];
    if (std::ranges::find(columns, column) == columns.end()) continue;
    SqlBuilder leave_out("update pg_temp.dray_profiles set ");
    leave_out.name(column).code(" = null where \"the id\" in ").sql(WideProfiles::unfit_at(place));
    DRAY_TRY(execute(std::move(leave_out).done()));
  }
  return profiles;
}

// A wide profile changes in several steps, and has to fit its page after each of them.
Result<void> PostgresSession::make_room_for_changes(const RowsProfileMerge& merge,
                                                    const WideProfiles& wide) {
  if (!wide.found()) return {};
  SqlBuilder sql("update ");
  sql.table(merge.schema, merge.table).code(" set ");
  const char* separator = "";
  for (const std::string& column : merge.columns)
    sql.word(std::exchange(separator, ", ")).name(column).code(" = null");
  sql.code(" where id in (select id from pg_temp.dray_wide)");
  if (profiles_blur_ids_) sql.code(" and id collate \"C\" in (select id from pg_temp.dray_wide)");
  return execute(std::move(sql).done());
}

Sql PostgresSession::insert_profiles(const RowsProfileMerge& merge,
                                     std::span<const std::string> columns) const {
  SqlBuilder sql("insert into ");
  sql.table(merge.schema, merge.table).code(" (id, received_at, uuid, uuid_ts");
  for (const std::string& column : columns)
    sql.code(", ").name(column);
  sql.code(") select \"the id\", \"the time\", \"the uuid\", timestamp ");
  sql.text(format_timestamp(merge.uuid_ts));
  for (const std::string& column : columns)
    sql.code(", ").name(column);
  sql.code(" from pg_temp.dray_profiles p where not exists (select 1 from ");
  sql.table(merge.schema, merge.table).code(" u where u.id = p.\"the id\"");
  if (profiles_blur_ids_) sql.code(" and u.id collate \"C\" = p.\"the id\"");
  return std::move(sql.code(")")).done();
}

// In place: whatever refers to a profile, and what stands in columns of somebody's own, stays.
Sql PostgresSession::update_profiles(const RowsProfileMerge& merge,
                                     std::span<const std::string> columns) const {
  SqlBuilder sql("update ");
  sql.table(merge.schema, merge.table).code(" u set received_at = p.\"the time\", ");
  sql.code("uuid = p.\"the uuid\", uuid_ts = timestamp ").text(format_timestamp(merge.uuid_ts));
  for (const std::string& column : columns)
    sql.code(", ").name(column).code(" = p.").name(column);
  sql.code(" from pg_temp.dray_profiles p where u.id = p.\"the id\"");
  if (profiles_blur_ids_) sql.code(" and u.id collate \"C\" = p.\"the id\"");
  return std::move(sql).done();
}

}  // namespace dray
