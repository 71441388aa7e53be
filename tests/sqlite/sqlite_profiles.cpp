#include <algorithm>

#include "base/hash.h"
#include "base/time.h"
#include "load/profile_casts.h"
#include "sqlite/sqlite_session.h"

namespace dray {
namespace {

const ProfileCast* cast_of(const ProfileMerge& merge, const std::string& column) {
  const auto cast = std::ranges::find(merge.casts, column, &ProfileCast::column);
  return cast == merge.casts.end() ? nullptr : &*cast;
}

// The latest values of one profile, by ProfileMerge::columns: parameter i + first.
class LatestValues {
 public:
  LatestValues(const ProfileMerge& merge, std::vector<SqliteStatement*> writes, int first)
      : merge_(merge), writes_(std::move(writes)), first_(first) {
    for (const std::string& column : merge.columns)
      casts_.push_back(cast_of(merge, column));
  }

  void begin() {
    found_.assign(merge_.columns.size(), false);
    for (SqliteStatement* write : writes_) {
      for (std::size_t i = 0; i < merge_.columns.size(); ++i)
        write->bind(parameter(i), PlainValue());
    }
  }

  // The next older row, whose values begin at column `at`.
  void add(const SqliteStatement& row, int at) {
    for (std::size_t i = 0; i < merge_.columns.size(); ++i) {
      const int column = at + static_cast<int>(i);
      if (found_[i] || row.is_null(column)) continue;
      if (casts_[i] == nullptr) {
        found_[i] = true;
        for (SqliteStatement* write : writes_)
          write->bind_value(parameter(i), row, column);
        continue;
      }
      const std::string text = row.text(column);
      const auto value = cast_stored(*casts_[i], text);
      if (!value) continue;
      found_[i] = true;
      for (SqliteStatement* write : writes_)
        write->bind(parameter(i), *value);
    }
  }

 private:
  int parameter(std::size_t i) const { return first_ + static_cast<int>(i); }

  const ProfileMerge& merge_;
  const std::vector<SqliteStatement*> writes_;
  const int first_;
  std::vector<const ProfileCast*> casts_;
  std::vector<bool> found_;
};

}  // namespace

// Of one profile its rows, the latest first: received_at, then the columns.
Sql SqliteSession::select_source(const RowsProfileMerge& merge) {
  SqlBuilder sql("select received_at");
  for (const std::string& column : merge.columns)
    sql.code(", ").name(column);
  sql.code(" from ").table(merge.schema, merge.source_table);
  sql.code(" where ").name(merge.id_column);
  return std::move(sql.code(" = ? order by received_at desc, \"timestamp\" desc, id desc")).done();
}

// Of both the parameters are: id, received_at, uuid, uuid_ts, and the columns.
Sql SqliteSession::update_profile(const RowsProfileMerge& merge) {
  SqlBuilder sql("update ");
  sql.table(merge.schema, merge.table).code(" set received_at = ?2, uuid = ?3, uuid_ts = ?4");
  for (std::uint64_t i = 0; i < merge.columns.size(); ++i)
    sql.code(", ").name(merge.columns[i]).code(" = ?").number(i + 5);
  return std::move(sql.code(" where id = ?1")).done();
}

Sql SqliteSession::insert_profile(const RowsProfileMerge& merge) {
  SqlBuilder sql("insert into ");
  sql.table(merge.schema, merge.table).code(" (id, received_at, uuid, uuid_ts");
  for (const std::string& column : merge.columns)
    sql.code(", ").name(column);
  sql.code(") values (?1, ?2, ?3, ?4");
  for (std::uint64_t i = 0; i < merge.columns.size(); ++i)
    sql.code(", ?").number(i + 5);
  return std::move(sql.code(")")).done();
}

Result<std::uint64_t> SqliteSession::merge_profiles(const RowsProfileMerge& merge) {
  for (const ProfileCast& cast : merge.casts)
    DRAY_TRY(reject_values(merge, cast, reason_of(cast)));
  for (const ProfileRefusal& refused : merge.refused_columns) {
    DRAY_TRY(reject_values(merge, {refused.column, refused.from}, refused.reason));
  }
  DRAY_TRY(ensure_index(merge.schema, merge.table, "id"));
  SqlBuilder erase("delete from ");
  erase.table(merge.schema, merge.table).code(" where id = ?");
  DRAY_ASSIGN(SqliteStatement remove, connection_->prepare(std::move(erase).done()));
  DRAY_ASSIGN(SqliteStatement source, connection_->prepare(select_source(merge)));
  DRAY_ASSIGN(SqliteStatement update, connection_->prepare(update_profile(merge)));
  DRAY_ASSIGN(SqliteStatement insert, connection_->prepare(insert_profile(merge)));
  constexpr int first_column = 5;
  LatestValues latest(merge, {&update, &insert}, first_column);
  std::uint64_t merged = 0;
  for (const std::string& id : touched_) {
    latest.begin();
    source.bind(1, std::string_view(id));
    std::optional<std::string> received_at;
    while (true) {
      DRAY_ASSIGN(const bool more, source.step());
      if (!more) break;
      if (!received_at) received_at = source.text(0);
      latest.add(source, 1);
    }
    if (!received_at) {  // the last row has gone to another profile
      remove.bind(1, std::string_view(id));
      DRAY_TRY(remove.run());
      continue;
    }
    for (SqliteStatement* write : {&update, &insert}) {
      write->bind(1, std::string_view(id));
      write->bind(2, std::string_view(*received_at));
      write->bind(3, static_cast<std::int64_t>(xxh3(id)));
      write->bind(4, from_micros(merge.uuid_ts));
    }
    // In place: what stands in columns of somebody's own stays.
    DRAY_TRY(update.run());
    if (connection_->changed() == 0) DRAY_TRY(insert.run());
    ++merged;
  }
  return merged;
}

// Values of this load that the profiles' column does not take.
Result<void> SqliteSession::reject_values(const RowsProfileMerge& merge, const ProfileCast& cast,
                                          RejectReason reason) {
  const bool is_cast = cast_of(merge, cast.column) != nullptr;
  SqlBuilder sql("select ");
  sql.name(cast.column).code(" from ").table(merge.schema, merge.source_table);
  sql.code(" where uuid = ? and uuid_ts = ").text(format_timestamp(merge.uuid_ts)).code(" and ");
  sql.name(merge.id_column).code(" is not null and ").name(cast.column).code(" is not null");
  DRAY_ASSIGN(SqliteStatement stored, connection_->prepare(std::move(sql).done()));
  const StagedRows& staged = *merge.load->rows;
  return each_key(staged, [&](const RowKey& key, std::uint64_t row) -> Result<void> {
    if (staged.is_dropped(row)) return {};
    stored.bind(1, static_cast<std::int64_t>(key.uuid));
    while (true) {
      DRAY_ASSIGN(const bool more, stored.step());
      if (!more) return {};
      const std::string text(stored.text(0));
      if (is_cast && cast_stored(cast, text)) continue;
      merge.value_rejects({key.object, key.line, reason, cast.column, cast.to, text});
    }
  });
}

}  // namespace dray
