#include "load/wide_profiles.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "load/copy_rows.h"
#include "load/postgres_row.h"
#include "sql/query_values.h"

namespace dray {
namespace {

// id, received_at, uuid, uuid_ts.
constexpr std::size_t values_of_every_profile = 4;

// How many of them are looked at together; a place of each column is held for it, a byte.
constexpr std::size_t profiles_at_once = 1'000;
// PostgreSQL takes 1,664 expressions in one select.
constexpr std::size_t columns_at_once = 500;
// No text that is longer can stay in its row.
constexpr std::size_t text_read_max = 4'097;

// What WideProfiles::Room says of a column.
constexpr unsigned char nothing = 0;
constexpr unsigned char moved_out = 25;   // a pointer
constexpr unsigned char may_stay = 26;    // up to value_bytes_max, aligned
constexpr unsigned char fixed_size = 27;  // 8 bytes, aligned

std::optional<ColumnType> fixed_type(std::string_view name) {
  if (name == "boolean") return ColumnType::boolean;
  if (name == "bigint") return ColumnType::bigint;
  if (name == "double precision") return ColumnType::double_precision;
  if (name == "timestamp without time zone") return ColumnType::timestamp;
  return std::nullopt;
}

std::size_t with_room(std::size_t before, unsigned char room) {
  switch (room) {
    case nothing:
      return before;
    case moved_out:
      return with_short_text(before, value_bytes_max);
    case may_stay:
      return (before + 3) / 4 * 4 + value_bytes_max;
    case fixed_size:
      return with_value(before, ColumnType::bigint);
    default:
      return before + room;
  }
}

void add_range(SqlBuilder& sql, std::size_t first, std::size_t end) {
  sql.code("t.number > ").number(std::uint64_t{first});
  sql.code(" and t.number <= ").number(std::uint64_t{end});
}

}  // namespace

Result<void> WideProfiles::find() {
  DRAY_ASSIGN(const std::size_t values_max, values_fitting());
  if (merge_.columns.size() <= values_max) return {};
  DRAY_ASSIGN(const std::size_t count, find_candidates(values_max));
  found_ = true;
  DRAY_TRY(connection_.execute(
      SqlBuilder(
          "create temp table pg_temp.dray_unfit (number bigint, place bigint) on commit drop")
          .done()));
  for (std::size_t first = 0; first < count; first += profiles_at_once)
    DRAY_TRY(find_unfit(first, std::min(count, first + profiles_at_once)));
  return connection_.execute(SqlBuilder("analyze pg_temp.dray_unfit").done());
}

Sql WideProfiles::unfit_at(std::size_t place) {
  SqlBuilder sql("(select w.id from pg_temp.dray_wide w join pg_temp.dray_unfit u on u.number = ");
  sql.code("w.number where u.place = ").number(std::uint64_t{place});
  return std::move(sql.code(")")).done();
}

// How many values of merge.columns there is always room for.
Result<std::size_t> WideProfiles::values_fitting() {
  std::map<std::string_view, std::size_t> places;
  for (std::size_t i = 0; i < merge_.columns.size(); ++i)
    places.emplace(merge_.columns[i], i);
  types_.assign(merge_.columns.size(), ColumnType::varchar);
  SqlBuilder sql(
      "select a.attname, pg_catalog.format_type(a.atttypid, null) from pg_catalog.pg_attribute a "
      "join pg_catalog.pg_class c on c.oid = a.attrelid join pg_catalog.pg_namespace n "
      "on n.oid = c.relnamespace where a.attnum > 0 and n.nspname = ");
  sql.text(merge_.schema).code(" and c.relname = ").text(merge_.table);
  DRAY_ASSIGN(const QueryResult columns,
              connection_.query(std::move(sql.code(" order by a.attnum")).done()));
  for (const auto& column : columns.rows) {
    const auto found = places.find(column[0].value_or(""));
    if (found == places.end()) continue;
    order_.push_back(found->second);
    if (const auto type = fixed_type(column[1].value_or(""))) types_[found->second] = *type;
  }
  const std::size_t others = merge_.kept_columns.size() + values_of_every_profile;
  bytes_before_ = row_bytes_before_values(columns.rows.size()) + others * value_bytes_max;
  return values_always_fitting(columns.rows.size(), others * value_bytes_max);
}

// Those that have ever had values in more columns; how many.
Result<std::size_t> WideProfiles::find_candidates(std::size_t values_max) {
  DRAY_TRY(connection_.execute(
      SqlBuilder("drop table if exists pg_temp.dray_wide; drop table if exists pg_temp.dray_unfit; "
                 "create temp table pg_temp.dray_wide (number bigint, id text) on commit drop")
          .done()));
  SqlBuilder sql("insert into pg_temp.dray_wide select row_number() over (order by id), id from ");
  sql.code("(select t.id from (select distinct id from ").sql(query_.touched).code(") t join ");
  sql.table(merge_.schema, merge_.source_table).code(" s on ");
  sql.sql(query_.is_row)
      .code(" group by t.id having (select count(*) from pg_catalog.unnest(array[");
  const char* separator = "";
  for (const std::string& column : merge_.columns)
    sql.word(std::exchange(separator, ", ")).code("pg_catalog.count(s.").name(column).code(")");
  sql.code("]) c where c > 0) > ").number(std::uint64_t{values_max}).code(") w");
  return connection_.changed_rows(std::move(sql).done());
}

Result<void> WideProfiles::find_unfit(std::size_t first, std::size_t end) {
  DRAY_ASSIGN(const std::vector<Profile> profiles, read_profiles(first, end));
  CopyStream copy(connection_);
  DRAY_TRY(copy.begin(SqlBuilder("copy pg_temp.dray_unfit from stdin (format binary)").done()));
  std::set<std::size_t> places(places_.begin(), places_.end());
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    for (const std::size_t place : unfit_places(profiles[i])) {
      places.insert(place);
      copy.begin_row(2);
      copy.put(static_cast<std::int64_t>(first + i + 1));
      copy.put(static_cast<std::int64_t>(place));
      DRAY_TRY(copy.pass_on());
    }
  }
  places_.assign(places.begin(), places.end());
  DRAY_ASSIGN(const std::uint64_t rows, copy.end());
  (void)rows;
  return {};
}

Result<std::vector<WideProfiles::Profile>> WideProfiles::read_profiles(std::size_t first,
                                                                       std::size_t end) {
  std::vector<Profile> profiles(end - first, Profile(merge_.columns.size(), nothing));
  for (std::size_t column = 0; column < merge_.columns.size(); column += columns_at_once) {
    const std::size_t column_end = std::min(merge_.columns.size(), column + columns_at_once);
    DRAY_TRY(read_columns(first, end, column, column_end, profiles));
  }
  return profiles;
}

// The latest value of each, as the merge takes them.
Result<void> WideProfiles::read_columns(std::size_t first, std::size_t end, std::size_t column,
                                        std::size_t column_end, std::vector<Profile>& profiles) {
  SqlBuilder sql("select t.number");
  for (std::size_t i = column; i < column_end; ++i) {
    sql.code(", pg_catalog.left(((pg_catalog.array_agg(s.").name(merge_.columns[i]);
    sql.code(" order by s.received_at desc, s.\"timestamp\" desc, s.id collate \"C\" desc) ");
    sql.code("filter (where s.").name(merge_.columns[i]).code(" is not null))[1])::text, ");
    sql.number(std::uint64_t{text_read_max}).code(")");
  }
  sql.code(" from pg_temp.dray_wide t join ").table(merge_.schema, merge_.source_table);
  sql.code(" s on ").sql(query_.is_row).code(" where ");
  add_range(sql, first, end);
  sql.code(" group by t.number");
  return connection_.each_row(std::move(sql).done(), [&](PqRow row) -> Result<void> {
    DRAY_ASSIGN(const std::uint64_t number, needed_count(row[0], "pg_temp.dray_wide.number"));
    Profile& profile = profiles.at(number - 1 - first);
    for (std::size_t i = column; i < column_end; ++i) {
      if (const auto text = row[1 + i - column]) profile[i] = room_of(i, *text);
    }
    return {};
  });
}

// Nobody knows yet what a value will be that is cast on the way, nor whether it is the latest that
// fits.
WideProfiles::Room WideProfiles::room_of(std::size_t place, std::string_view text) const {
  if (types_[place] == ColumnType::boolean) return 1;
  if (types_[place] != ColumnType::varchar) return fixed_size;
  const bool is_cast = std::ranges::find(merge_.casts, merge_.columns[place],
                                         &ProfileCast::column) != merge_.casts.end();
  if (is_cast) return may_stay;
  if (text.size() < value_bytes_max) return static_cast<Room>(text.size() + 1);
  return may_stay_in_row(text) ? may_stay : moved_out;
}

std::vector<std::size_t> WideProfiles::unfit_places(const Profile& profile) const {
  std::vector<std::size_t> unfit;
  std::size_t bytes = bytes_before_;
  for (const std::size_t place : order_) {
    const std::size_t larger = with_room(bytes, profile[place]);
    if (aligned_row(larger) <= row_bytes_max) {
      bytes = larger;
    } else {
      unfit.push_back(place);
    }
  }
  return unfit;
}

}  // namespace dray
