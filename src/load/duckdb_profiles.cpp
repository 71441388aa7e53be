#include "load/duckdb_session.h"

#include <algorithm>
#include <cstring>

#include "ledger/tables.h"
#include "load/duckdb_casts.h"
#include "load/duckdb_rows.h"
#include "load/profile_casts.h"
#include "load/rivals.h"
#include "model/row_batch.h"
#include "sql/duckdb_connection.h"
#include "sql/query_values.h"

namespace dray {

// Ids are compared as bytes, by encode(): their columns may have a collation for which "Ana" and
// "ana" are one.

// A profile is known by the hash of its id: ids may be long. Should two share one, the other is
// computed anew as well, and comes out as it was.
Sql DuckSession::is_touched(const Sql& id) {
  SqlBuilder sql("dray_uuid(");
  return std::move(sql.sql(id).code(") in (select uuid from dray_touched)")).done();
}

// DuckDB holds a value of every column for every profile of one statement, and cannot move them
// to a file: so many profiles are merged at a time as have room in a quarter of its memory, or
// if they are long in an eighth.
Result<std::vector<DuckSession::ProfilePart>> DuckSession::profile_parts(
    const RowsProfileMerge& merge, bool is_long) {
  // A short text, the aggregate that holds it, and its place.
  constexpr std::uint64_t value_bytes = 128;
  const std::uint64_t profile_bytes = (merge.columns.size() + 4) * value_bytes;
  ProfilePart part;
  part.is_long = is_long;
  DRAY_ASSIGN(const bool is_hidden, hides_row_numbers(*merge.load));
  part.has_row_numbers = !is_hidden;
  std::vector<ProfilePart> parts;
  const std::uint64_t bytes_max = memory_bytes_ / (part.is_long ? 8 : 4);
  std::uint64_t bytes = 0;
  const Sql sizes = part.is_long ? sizes_of_long(merge)
                                 : SqlBuilder(
                                       "select distinct uuid, 0::bigint as bytes from "
                                       "dray_touched where uuid is not null order by uuid")
                                       .done();
  DRAY_TRY(connection_->each_chunk(sizes, [&](duckdb_data_chunk chunk) {
    const DuckColumn<std::int64_t> uuids(chunk, 0);
    const DuckColumn<std::int64_t> sizes_of_texts(chunk, 1);
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); ++i) {
      const std::int64_t uuid = uuids[i];
      const auto own = static_cast<std::uint64_t>(sizes_of_texts.value_or(i, 0));
      if (bytes > 0 && bytes + profile_bytes + own > bytes_max) {
        part.is_all = false;
        part.last = uuid - 1;
        parts.push_back(part);
        part.first = uuid;
        bytes = 0;
      }
      bytes += profile_bytes + own;
    }
  }));
  part.last = INT64_MAX;
  parts.push_back(part);
  return parts;
}

// The hash of each profile's id, and what its texts have at most.
Sql DuckSession::sizes_of_long(const RowsProfileMerge& merge) {
  const Sql id = profile_id(*merge.load);
  SqlBuilder sql("select dray_uuid(");
  sql.sql(id).code(") as uuid, (max(strlen(").sql(id).code("))");
  for (const LoadColumn& column : merge.load->columns) {
    if (column.type != ColumnType::varchar || column.refused) continue;
    if (std::ranges::find(merge.columns, column.name) == merge.columns.end()) continue;
    sql.code(" + coalesce(max(strlen(").name(column.name).code(")), 0)");
  }
  sql.code(")::bigint as bytes from ").table(merge.schema, merge.source_table);
  sql.code(" where ").sql(is_touched(id));
  return std::move(sql.code(" group by dray_uuid(").sql(id).code(") order by uuid")).done();
}

// Each thread holds 2,048 rows, or a row group that is as short as long rows make it.
Result<std::uint64_t> DuckSession::merge_rows(const RowsProfileMerge& merge) {
  DRAY_ASSIGN(const bool is_long, has_long_rows(*merge.load));
  if (is_long) DRAY_TRY(execute(SqlBuilder("set threads = 1").done()));
  DRAY_ASSIGN(const std::uint64_t merged, merge_parts(merge, is_long));
  if (is_long) DRAY_TRY(set_threads());
  return merged;
}

Result<std::uint64_t> DuckSession::merge_parts(const RowsProfileMerge& merge, bool is_long) {
  DRAY_TRY(bind_indexes(merge.schema, merge.table));
  DRAY_TRY(reject_unfit(merge));
  DRAY_ASSIGN(const Peculiarities* tables, peculiarities());
  if (tables->referenced.contains(merge.table)) return update_profiles(merge, is_long);
  if (!merge.kept_columns.empty()) DRAY_TRY(keep_values(merge));
  SqlBuilder erase("delete from ");
  erase.table(merge.schema, merge.table).code(" where ").sql(is_touched());
  DRAY_TRY(execute(std::move(erase).done()));
  return each_part(merge, is_long, [&](const ProfilePart& part) -> Result<std::uint64_t> {
    if (merge.kept_columns.empty()) return insert_latest(merge, part, Kept::none);
    // A new profile has what the columns that are not ours have as a default.
    DRAY_ASSIGN(const std::uint64_t old, insert_latest(merge, part, Kept::has));
    DRAY_ASSIGN(const std::uint64_t made, insert_latest(merge, part, Kept::lacks));
    return old + made;
  });
}

Result<std::uint64_t> DuckSession::each_part(
    const RowsProfileMerge& merge, bool is_long,
    const std::function<Result<std::uint64_t>(const ProfilePart&)>& write) {
  DRAY_ASSIGN(const std::vector<ProfilePart> parts, profile_parts(merge, is_long));
  std::uint64_t merged = 0;
  for (const ProfilePart& part : parts) {
    if (connection_->interrupted()) return cancelled_error();
    // insert() has it so.
    const bool is_later = &part != &parts.front();
    if (is_later && part.is_long && merge.load->commit_so_far)
      DRAY_TRY(merge.load->commit_so_far());
    DRAY_ASSIGN(const std::uint64_t rows, write(part));
    merged += rows;
  }
  return merged;
}

// Where other tables' foreign keys refer to the profiles, each is changed in its place. It costs
// DuckDB a copy of every changed value until the commit.
Result<std::uint64_t> DuckSession::update_profiles(const RowsProfileMerge& merge, bool is_long) {
  DRAY_ASSIGN(const std::uint64_t merged,
              each_part(merge, is_long, [&](const ProfilePart& part) -> Result<std::uint64_t> {
                SqlBuilder latest("create or replace temp table dray_merged as ");
                DRAY_ASSIGN(const Sql values, latest_values(merge, part, Kept::none));
                DRAY_TRY(execute(std::move(latest.sql(values)).done()));
                DRAY_ASSIGN(const std::uint64_t old, changed_rows(update_merged(merge)));
                DRAY_ASSIGN(const std::uint64_t made, changed_rows(insert_merged(merge)));
                return old + made;
              }));
  // Those of whom no row is left.
  SqlBuilder erase("delete from ");
  erase.table(merge.schema, merge.table).code(" where ").sql(is_touched()).code(" and ");
  erase.code("encode(id) not in (select encode(").sql(profile_id(*merge.load));
  erase.code(") from ").table(merge.schema, merge.source_table);
  erase.code(" where ").name(merge.id_column);
  DRAY_TRY(execute(std::move(erase.code(" is not null)")).done()));
  return merged;
}

Sql DuckSession::update_merged(const RowsProfileMerge& merge) {
  SqlBuilder sql("update ");
  sql.table(merge.schema, merge.table);
  sql.code(" t set received_at = p.received_at, uuid = p.uuid, uuid_ts = p.uuid_ts");
  for (const std::string& column : merge.columns)
    sql.code(", ").name(column).code(" = p.").name(column);
  return std::move(sql.code(" from dray_merged p where encode(t.id) = encode(p.id)")).done();
}

Sql DuckSession::insert_merged(const RowsProfileMerge& merge) {
  SqlBuilder sql("insert into ");
  sql.table(merge.schema, merge.table).code(" (id, received_at, uuid, uuid_ts");
  for (const std::string& column : merge.columns)
    sql.code(", ").name(column);
  sql.code(") select * from dray_merged where encode(id) not in (select encode(id) from ");
  return std::move(sql.table(merge.schema, merge.table).code(")")).done();
}

Result<std::uint64_t> DuckSession::insert_latest(const RowsProfileMerge& merge,
                                                 const ProfilePart& part, Kept kept) {
  DRAY_ASSIGN(const Sql values, latest_values(merge, part, kept));
  SqlBuilder sql("insert into ");
  sql.table(merge.schema, merge.table).code(" (id, received_at, uuid, uuid_ts");
  for (const std::string& column : merge.columns)
    sql.code(", ").name(column);
  if (kept == Kept::has) {
    for (const std::string& column : merge.kept_columns)
      sql.code(", ").name(column);
  }
  sql.code(") select p.*");
  if (kept == Kept::has) {
    for (const std::string& column : merge.kept_columns)
      sql.code(", k.").name(column);
  }
  sql.code(" from (").sql(values).code(") p");
  if (kept == Kept::has) sql.code(" join dray_kept k on k.id = encode(p.id)");
  // Rows that have an order are inserted by one thread. Several would each keep a block for every
  // column until the commit, anew with every statement. Long ones are not to be sorted: they have
  // one thread anyway.
  if (!part.is_long) sql.code(" order by p.id");
  return changed_rows(std::move(sql).done());
}

// What to insert for the profiles of a part: their ids, times and columns. Of a wide table some
// columns are merged at a time, into temporary tables.
Result<Sql> DuckSession::latest_values(const RowsProfileMerge& merge, const ProfilePart& part,
                                       Kept kept) {
  const std::size_t count = merge.columns.size();
  // A block that is read and the vectors of two operators, for each thread.
  constexpr std::uint64_t column_bytes = 192U << 10;
  const std::uint64_t fitting = memory_bytes_ / 2 / (threads_ * column_bytes);
  const std::size_t at_once =
      std::clamp<std::size_t>(static_cast<std::size_t>(fitting), 1, merged_columns_max_);
  if (count <= at_once || !part.has_row_numbers) {
    return latest_of(merge, {0, count}, placed_rows(merge, part, kept));
  }
  SqlBuilder places("create or replace temp table dray_places as ");
  DRAY_TRY(execute(std::move(places.sql(row_places(merge, part, kept))).done()));
  const Sql rows = at_places(merge, SqlBuilder("dray_places").done());
  SqlBuilder columns("select s0.id, s0.received_at, s0.uuid, s0.uuid_ts");
  SqlBuilder tables;
  for (std::size_t first = 0; first < count; first += at_once) {
    const ColumnRange range{first, std::min(count, first + at_once)};
    const std::string slice = "s" + std::to_string(first / at_once);
    SqlBuilder make("create or replace temp table ");
    make.name("dray_" + slice).code(" as ").sql(latest_of(merge, range, rows));
    DRAY_TRY(execute(std::move(make).done()));
    for (std::size_t i = range.begin; i < range.end; ++i)
      columns.code(", ").name(slice).code(".").name(merge.columns[i]);
    tables.word(first == 0 ? " from " : " join ").name("dray_" + slice).code(" ").name(slice);
    if (first > 0) tables.code(" on encode(").name(slice).code(".id) = encode(s0.id)");
  }
  return std::move(columns.sql(std::move(tables).done())).done();
}

Sql DuckSession::latest_of(const RowsProfileMerge& merge, ColumnRange range, const Sql& rows) {
  SqlBuilder sql("select id, max(received_at) as received_at, dray_uuid(id) as uuid, ");
  sql.code("make_timestamp(").number(merge.uuid_ts).code(") as uuid_ts");
  for (std::size_t i = range.begin; i < range.end; ++i) {
    const std::string& column = merge.columns[i];
    sql.code(", arg_max(").name(column).code(", \"the place\") as ").name(column);
  }
  sql.code(" from (select ").sql(profile_id(*merge.load));
  sql.code(" as id, received_at, \"the place\"");
  for (std::size_t i = range.begin; i < range.end; ++i) {
    const std::string& column = merge.columns[i];
    const auto cast = std::ranges::find(merge.casts, column, &ProfileCast::column);
    if (cast == merge.casts.end()) {
      sql.code(", ").name(column);
    } else {
      sql.code(", ").sql(cast_without_loss(column, cast->from, cast->to));
      sql.code(" as ").name(column);
    }
  }
  // A collation may take several ids for one; their hashes tell them apart.
  return std::move(sql.code(" from ").sql(rows).code(") group by id, dray_uuid(id)")).done();
}

// The rows of profiles with one place for every row of a profile: the order in which its values
// count. No column's name has a blank. The places are found of what decides them alone, so that
// DuckDB need not hold whole rows and sort them; unless nothing names a row.
Sql DuckSession::placed_rows(const RowsProfileMerge& merge, const ProfilePart& part, Kept kept) {
  SqlBuilder sql("(");
  sql.sql(row_places(merge, part, kept)).code(")");
  return part.has_row_numbers ? at_places(merge, std::move(sql).done()) : std::move(sql).done();
}

Sql DuckSession::at_places(const RowsProfileMerge& merge, const Sql& places) {
  SqlBuilder sql;
  sql.table(merge.schema, merge.source_table).code(" s join ").sql(places);
  return std::move(sql.code(" p on s.rowid = p.\"the row\"")).done();
}

Sql DuckSession::row_places(const RowsProfileMerge& merge, const ProfilePart& part, Kept kept) {
  const Sql id = profile_id(*merge.load);
  SqlBuilder sql("select ");
  sql.word(part.has_row_numbers ? "rowid as \"the row\"" : "*");
  sql.code(", row_number() over (order by received_at, \"timestamp\", encode(id)) ");
  sql.code("as \"the place\" from ");
  sql.table(merge.schema, merge.source_table).code(" where ").sql(is_touched(id));
  if (kept != Kept::none) {
    sql.code(" and encode(").sql(id).word(kept == Kept::has ? ") in" : ") not in");
    sql.code(" (select id from dray_kept)");
  }
  if (!part.is_all) {
    sql.code(" and dray_uuid(").sql(id).code(") between ").number(part.first);
    sql.code(" and ").number(part.last);
  }
  return std::move(sql).done();
}

// The id of a row's profile as text: somebody may have given the column another type.
Sql DuckSession::profile_id(const RowsToLoad& load) {
  const std::string& name = load.profile_id_column;
  const auto column = std::ranges::find(load.columns, name, &LoadColumn::name);
  SqlBuilder sql;
  if (column == load.columns.end() || column->type == ColumnType::varchar) {
    if (column == load.columns.end() || !column->refused) return std::move(sql.name(name)).done();
    return std::move(sql.code("cast(").name(name).code(" as varchar)")).done();
  }
  return cast_without_loss(name, column->type, ColumnType::varchar);
}

// The values of this load that the profiles' columns cannot hold.
Result<void> DuckSession::reject_unfit(const RowsProfileMerge& merge) {
  for (const ProfileCast& cast : merge.casts) {
    if (cast.to == ColumnType::varchar) continue;  // has no bound here
    SqlBuilder unfit(" and ");
    unfit.sql(cast_without_loss(cast.column, cast.from, cast.to)).code(" is null");
    DRAY_TRY(reject_values(merge, cast.column, std::move(unfit).done(), reason_of(cast), cast.to));
  }
  for (const ProfileRefusal& refused : merge.refused_columns) {
    DRAY_TRY(reject_values(merge, refused.column, SqlBuilder().done(), refused.reason,
                           ColumnType::varchar));
  }
  return {};
}

Result<void> DuckSession::reject_values(const RowsProfileMerge& merge, const std::string& column,
                                        const Sql& condition, RejectReason reason,
                                        ColumnType type) {
  SqlBuilder sql("select k.object, k.line, t.value from (select uuid, received_at, left(cast(");
  // Of a value the beginning is kept, and no more of it goes through the join.
  sql.name(column).code(" as varchar), ").number(std::uint64_t{reject_value_bytes_max});
  sql.code(") as value from ").table(merge.schema, merge.source_table);
  sql.code(" where uuid_ts = make_timestamp(").number(merge.uuid_ts).code(") and ");
  sql.name(merge.id_column).code(" is not null and ").name(column).code(" is not null");
  sql.sql(condition).code(") t join dray_keys(").number(relations_.show(*merge.load));
  sql.code(") k on t.uuid = k.uuid and epoch_us(t.received_at) = k.received_at");
  // There may be one for every row.
  return connection_->each_chunk(std::move(sql).done(), [&](duckdb_data_chunk chunk) {
    const DuckColumn<std::int64_t> object(chunk, 0);
    const DuckColumn<std::int64_t> line(chunk, 1);
    const DuckColumn<duckdb_string_t> value(chunk, 2);
    for (idx_t i = 0; i < duckdb_data_chunk_get_size(chunk); ++i) {
      merge.value_rejects({static_cast<std::uint32_t>(object[i]),
                           static_cast<std::uint32_t>(line[i]), reason, column, type,
                           text_of(value[i])});
    }
  });
}

Result<void> DuckSession::keep_values(const RowsProfileMerge& merge) {
  SqlBuilder sql("create or replace temp table dray_kept as select encode(id) as id");
  for (const std::string& column : merge.kept_columns)
    sql.code(", ").name(column);
  sql.code(" from ").table(merge.schema, merge.table);
  return execute(std::move(sql.code(" where ").sql(is_touched())).done());
}

}  // namespace dray
