#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"
#include "ledger/tables.h"
#include "sqlite/sqlite_session.h"
#include "stage/row_shape.h"

namespace dray {
namespace {

// Binds the rows of a load to its columns that are not refused, in their order.
class RowBinder {
 public:
  explicit RowBinder(const RowsToLoad& load) : shape_(load), placed_(shape_) {}

  // Returns the record behind this one.
  const char* bind(SqliteStatement& insert, const RowBlock& block, const RowKey& key,
                   const char* record) {
    const char* const end = placed_.place(block, key, record);
    int parameter = 0;
    for (std::size_t i = 0; i < shape_.size(); ++i) {
      if (shape_.column(i).refused) continue;
      Out out(insert, ++parameter);
      if (!placed_.has(i) || !placed_.put(i, key, out)) insert.bind(parameter, {});
    }
    return end;
  }

 private:
  // One parameter.
  class Out {
   public:
    static constexpr bool takes_number_text = false;

    Out(SqliteStatement& insert, int parameter) : insert_(insert), parameter_(parameter) {}
    bool put_text(std::size_t, const Cell&, std::string_view text) {
      insert_.bind(parameter_, text);
      return true;
    }
    bool put_copied_text(std::size_t i, const Cell& cell, std::string_view text) {
      return put_text(i, cell, text);
    }
    void put_time(Micros value) { insert_.bind(parameter_, from_micros(value)); }
    void put_boolean(bool value) { insert_.bind(parameter_, value); }
    void put_integer(std::int64_t value) { insert_.bind(parameter_, value); }
    void put_double(double value) { insert_.bind(parameter_, value); }

   private:
    SqliteStatement& insert_;
    const int parameter_;
  };

  const RowShape shape_;
  PlacedRow placed_;
};

}  // namespace

Result<RowsLoaded> SqliteSession::load(RowsToLoad& load) {
  RowsLoaded loaded;
  if (!load.profile_id_column.empty()) touched_.clear();
  DRAY_TRY(ensure_index(load.schema, load.table, "uuid"));
  if (!load.created) DRAY_TRY(settle_rivals(load, loaded));
  if (load.lineage_table) DRAY_TRY(write_lineage(load));
  DRAY_ASSIGN(loaded.rows_inserted, insert(load));
  if (!load.profile_id_column.empty()) {
    DRAY_TRY(ensure_index(load.schema, load.table, load.profile_id_column));
    DRAY_TRY(touch_loaded(load));
  }
  return loaded;
}

// No event makes a '$'.
Result<void> SqliteSession::ensure_index(const std::string& schema, const std::string& table,
                                         const std::string& column) {
  SqlBuilder sql("create index if not exists ");
  sql.table(schema, table + "$" + column).code(" on ").name(table);
  return execute(std::move(sql.code(" (").name(column).code(")")).done());
}

// --- stored rows with the ids of staged ones -----------------------------------------------------

Result<void> SqliteSession::settle_rivals(const RowsToLoad& load, RowsLoaded& loaded) {
  return dray::settle_rivals(load, duplicates_bytes_,
                             {[&](Rivals& rivals) { return find_rivals(load, rivals); },
                              [&](Rivals& rivals) { return find_origins(load, rivals); },
                              [&](const auto& rows) { return remove_rows(load, rows); }},
                             loaded);
}

Result<void> SqliteSession::find_rivals(const RowsToLoad& load, Rivals& rivals) {
  SqlBuilder sql("select rowid, received_at, id from ");
  sql.table(load.schema, load.table).code(" where uuid = ?");
  DRAY_ASSIGN(SqliteStatement stored, connection_->prepare(std::move(sql).done()));
  const auto rows = rivals.rows();
  return each_key(*load.rows, [&](const RowKey& key, std::uint64_t row) -> Result<void> {
    if (load.rows->is_dropped(row)) return {};
    if (rows && (row < rows->begin || row >= rows->end)) return {};
    stored.bind(1, static_cast<std::int64_t>(key.uuid));
    while (true) {
      DRAY_ASSIGN(const bool more, stored.step());
      if (!more) return {};
      const Micros received_at = parse_timestamp(stored.text(1)).value_or(no_received_at);
      rivals.add_if_same_id({stored.number(0), received_at, key, row}, stored.text(2));
    }
  });
}

Result<void> SqliteSession::find_origins(const RowsToLoad& load, Rivals& rivals) {
  const std::vector<std::int64_t> tied = rivals.tied_uuids();
  if (tied.empty()) return {};
  SqlBuilder sql("select l.received_at, o.key, l.line from ");
  sql.word(lineage_table).code(" l join ").word(objects_table);
  sql.code(" o on o.object_number = l.object_number and o.source = ").text(load.schema);
  sql.code(" where l.uuid = ? and l.table_number in (");
  sql.numbers(load.rival_tables);
  DRAY_ASSIGN(SqliteStatement places, connection_->prepare(std::move(sql.code(")")).done()));
  for (const std::int64_t uuid : tied) {
    places.bind(1, uuid);
    while (true) {
      DRAY_ASSIGN(const bool more, places.step());
      if (!more) break;
      rivals.add_origin(uuid, parse_timestamp(places.text(0)).value_or(0), places.text(1),
                        static_cast<std::uint64_t>(places.number(2)));
    }
  }
  return {};
}

Result<void> SqliteSession::remove_rows(const RowsToLoad& load,
                                        const std::vector<std::int64_t>& rows) {
  const bool has_profiles = !load.profile_id_column.empty();
  SqlBuilder look("select ");
  look.name(has_profiles ? load.profile_id_column : "id").code(" from ");
  look.table(load.schema, load.table).code(" where rowid = ?");
  SqlBuilder erase("delete from ");
  erase.table(load.schema, load.table).code(" where rowid = ?");
  DRAY_ASSIGN(SqliteStatement profile, connection_->prepare(std::move(look).done()));
  DRAY_ASSIGN(SqliteStatement gone, connection_->prepare(std::move(erase).done()));
  for (const std::int64_t row : rows) {
    if (has_profiles) {
      profile.bind(1, row);
      DRAY_ASSIGN(bool more, profile.step());
      if (more && !profile.is_null(0)) touched_.insert(profile.text(0));
      while (more) {
        DRAY_ASSIGN(more, profile.step());
      }
    }
    gone.bind(1, row);
    DRAY_TRY(gone.run());
    if (connection_->changed() == 1) continue;
    return internal_error(load.table + ": a row was to be replaced and was not removed");
  }
  return {};
}

// --- new rows ------------------------------------------------------------------------------------

Result<std::uint64_t> SqliteSession::insert(const RowsToLoad& load) {
  std::vector<std::string> columns;
  for (const LoadColumn& column : load.columns) {
    if (!column.refused) columns.push_back(column.name);
  }
  SqlBuilder sql("insert into ");
  sql.table(load.schema, load.table).code(" (").names(columns).code(") values (?");
  for (std::size_t i = 1; i < columns.size(); ++i)
    sql.code(", ?");
  DRAY_ASSIGN(SqliteStatement insert, connection_->prepare(std::move(sql.code(")")).done()));
  RowBinder binder(load);
  std::uint64_t inserted = 0;
  BlockScratch scratch;
  for (std::size_t number = 0; number < load.rows->block_count(); ++number) {
    DRAY_ASSIGN(const RowBlock block, load.rows->rows(number, scratch));
    const char* record = block.records.data();
    for (std::size_t i = 0; i < block.keys.size(); ++i) {
      if (load.rows->is_dropped(block.first_row + i)) {
        record = CellReader(record).end();
        continue;
      }
      record = binder.bind(insert, block, block.keys[i], record);
      DRAY_TRY(insert.run());
      inserted += connection_->changed();
    }
  }
  return inserted;
}

// Of the dropped duplicates too.
Result<void> SqliteSession::write_lineage(const RowsToLoad& load) {
  DRAY_TRY(ensure_index(ledger_schema, lineage_table_name, "uuid"));
  SqlBuilder sql("insert into ");
  sql.word(lineage_columns).code(" values (?, ?, ?, ?, ?)");
  DRAY_ASSIGN(SqliteStatement insert, connection_->prepare(std::move(sql).done()));
  return each_key(*load.rows, [&](const RowKey& key, std::uint64_t) -> Result<void> {
    const std::int64_t object = (*load.object_numbers)[key.object];
    if (object == no_object_number) return {};
    insert.bind(1, static_cast<std::int64_t>(key.uuid));
    insert.bind(2, from_micros(key.received_at));
    insert.bind(3, *load.lineage_table);
    insert.bind(4, object);
    insert.bind(5, std::int64_t{key.line});
    return insert.run();
  });
}

Result<void> SqliteSession::touch_loaded(const RowsToLoad& load) {
  SqlBuilder sql("select distinct ");
  sql.name(load.profile_id_column).code(" from ").table(load.schema, load.table);
  sql.code(" where ").name(load.profile_id_column).code(" is not null");
  if (!load.touches_all_profiles) {
    sql.code(" and uuid_ts = ").text(format_timestamp(load.uuid_ts));
  }
  DRAY_ASSIGN(const QueryResult ids, query(std::move(sql).done()));
  for (const auto& row : ids.rows)
    touched_.insert(*row[0]);
  return {};
}

}  // namespace dray
