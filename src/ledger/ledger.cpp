#include "ledger/ledger.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "model/row_batch.h"

namespace dray {
namespace {

constexpr const char* ledger_schema = "_dray";

std::vector<Sql> ledger_ddl() {
  return {
      SqlBuilder("create schema if not exists _dray").done(),
      SqlBuilder("create table if not exists _dray.sources (source varchar not null, "
                 "location varchar not null)")
          .done(),
      SqlBuilder("create table if not exists _dray.objects (source varchar not null, "
                 "key varchar not null, size_bytes bigint not null, version varchar not null, "
                 "state varchar not null, object_number bigint not null, run_id varchar not null, "
                 "reason varchar, lines bigint not null, loaded bigint not null, "
                 "duplicate bigint not null, filtered bigint not null, rejected bigint not null, "
                 "recorded_at timestamp not null)")
          .done(),
      SqlBuilder("create table if not exists _dray.tables (source varchar not null, "
                 "table_name varchar not null, event varchar, table_number bigint not null, "
                 "created_by_run varchar not null)")
          .done(),
      SqlBuilder("create table if not exists _dray.lineage (uuid bigint not null, "
                 "received_at timestamp not null, table_number bigint not null, "
                 "object_number bigint not null, line bigint not null)")
          .done(),
      SqlBuilder("create table if not exists _dray.runs (run_id varchar not null, "
                 "source varchar not null, location varchar not null, status varchar not null, "
                 "started_at timestamp not null, duration_us bigint not null, "
                 "preparing_us bigint not null, loading_us bigint not null, uuid_ts timestamp, "
                 "objects_listed bigint not null, objects_loaded bigint not null, "
                 "objects_set_aside bigint not null, objects_known bigint not null, "
                 "bytes_read bigint not null, bytes_plain bigint not null, lines bigint not null, "
                 "loaded bigint not null, duplicate bigint not null, filtered bigint not null, "
                 "rejected bigint not null, values_rejected bigint not null, error varchar)")
          .done(),
      SqlBuilder("create table if not exists _dray.collections (run_id varchar not null, "
                 "table_name varchar not null, rows_loaded bigint not null, "
                 "duplicates bigint not null, rows_replaced bigint not null, "
                 "values_rejected bigint not null, new_columns varchar not null, "
                 "created boolean not null)")
          .done(),
      SqlBuilder("create table if not exists _dray.notices (run_id varchar not null, "
                 "code varchar not null, message varchar not null, count bigint not null)")
          .done(),
      SqlBuilder("create table if not exists _dray.rejects (run_id varchar not null, "
                 "source varchar not null, object varchar not null, line bigint not null, "
                 "kind varchar not null, reason varchar not null, detail varchar, "
                 "table_name varchar, column_name varchar, value varchar, "
                 "rejected_at timestamp not null, resolved_run varchar)")
          .done(),
  };
}

PlainValue number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

PlainValue text_or_null(std::string_view text) {
  if (text.empty()) return std::monostate();
  return text;
}

// Rows made by a function: fill(i, row) for i in 0 .. count.
template <typename Fill>
class CountedRows final : public RowSource {
 public:
  CountedRows(std::size_t count, Fill fill) : count_(count), fill_(std::move(fill)) {}
  Result<bool> next(std::vector<PlainValue>& row) override {
    if (at_ == count_) return false;
    row.clear();
    fill_(at_++, row);
    return true;
  }

 private:
  std::size_t count_;
  std::size_t at_ = 0;
  Fill fill_;
};

template <typename Fill>
Result<void> append_rows(WarehouseSession& session, const char* table, std::size_t count,
                         Fill fill) {
  CountedRows<Fill> rows(count, std::move(fill));
  return session.append(ledger_schema, table, rows);
}

class LineageRows final : public RowSource {
 public:
  LineageRows(const StagedRows& rows, std::int64_t table,
              const std::vector<std::int64_t>& object_numbers, const std::vector<bool>& unusable)
      : rows_(rows), table_(table), object_numbers_(object_numbers), unusable_(unusable) {}

  Result<bool> next(std::vector<PlainValue>& row) override {
    while (true) {
      if (at_ == block_.keys.size()) {
        if (next_block_ == rows_.block_count()) return false;
        DRAY_ASSIGN(block_, rows_.keys(next_block_++, scratch_));
        at_ = 0;
        continue;
      }
      const RowKey& key = block_.keys[at_++];
      if (unusable_[key.object]) continue;
      row.assign({static_cast<std::int64_t>(key.uuid), from_micros(key.received_at), table_,
                  object_numbers_[key.object], static_cast<std::int64_t>(key.line)});
      return true;
    }
  }

 private:
  const StagedRows& rows_;
  const std::int64_t table_;
  const std::vector<std::int64_t>& object_numbers_;
  const std::vector<bool>& unusable_;
  BlockScratch scratch_;
  RowBlock block_;
  std::size_t next_block_ = 0;
  std::size_t at_ = 0;
};

class RejectRows final : public RowSource {
 public:
  RejectRows(std::string_view source, std::string_view run_id, Timestamp now,
             const StagedRows& rejects, const std::vector<std::string>& object_keys,
             const std::vector<bool>& unusable)
      : source_(source),
        run_id_(run_id),
        now_(now),
        rejects_(rejects),
        object_keys_(object_keys),
        unusable_(unusable) {}

  Result<bool> next(std::vector<PlainValue>& row) override {
    while (true) {
      if (at_ == block_.keys.size()) {
        if (next_block_ == rejects_.block_count()) return false;
        DRAY_ASSIGN(block_, rejects_.rows(next_block_++, scratch_));
        at_ = 0;
        record_ = block_.records.data();
        continue;
      }
      const RowKey& key = block_.keys[at_++];
      CellReader cells(record_);
      record_ = cells.end();
      if (unusable_[key.object]) continue;
      fill(key, cells, row);
      return true;
    }
  }

 private:
  void fill(const RowKey& key, CellReader& cells, std::vector<PlainValue>& row) const {
    std::array<PlainValue, 6> values{};
    for (Cell cell; cells.next(cell);)
      values[cell.slot] = cell.bytes;
    const bool is_value = values[reject_slot::table_name].index() != 0;
    row.assign({run_id_, source_, std::string_view(object_keys_[key.object]),
                static_cast<std::int64_t>(key.line), std::string_view(is_value ? "value" : "line"),
                values[reject_slot::reason], values[reject_slot::detail],
                values[reject_slot::table_name], values[reject_slot::column_name],
                values[reject_slot::value], now_, std::monostate()});
  }

  const std::string_view source_;
  const std::string_view run_id_;
  const Timestamp now_;
  const StagedRows& rejects_;
  const std::vector<std::string>& object_keys_;
  const std::vector<bool>& unusable_;
  BlockScratch scratch_;
  RowBlock block_;
  std::size_t next_block_ = 0;
  std::size_t at_ = 0;
  const char* record_ = nullptr;
};

std::int64_t to_number(const std::optional<std::string>& text, std::int64_t otherwise) {
  return text ? std::stoll(*text) : otherwise;
}

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
}

}  // namespace

Result<void> create_ledger(WarehouseSession& session) {
  for (const Sql& sql : ledger_ddl())
    DRAY_TRY(session.execute(sql));
  return {};
}

Result<bool> has_ledger(WarehouseSession& session) {
  DRAY_ASSIGN(const Catalog catalog, session.catalog(ledger_schema));
  return !catalog.tables.empty();
}

Result<bool> has_run(WarehouseSession& session, const std::string& run_id) {
  DRAY_ASSIGN(const bool there, has_ledger(session));
  if (!there) return false;
  SqlBuilder sql("select 1 from _dray.runs where run_id = ");
  DRAY_ASSIGN(const QueryResult runs, session.query(std::move(sql.text(run_id)).done()));
  return !runs.rows.empty();
}

Result<LedgerState> read_ledger(WarehouseSession& session, const std::string& source) {
  LedgerState state;
  DRAY_ASSIGN(const bool there, has_ledger(session));
  if (!there) return state;
  DRAY_ASSIGN(const QueryResult sources,
              session.query(std::move(SqlBuilder("select location from _dray.sources where "
                                                 "source = ")
                                          .text(source))
                                .done()));
  if (!sources.rows.empty()) state.location = sources.rows.front()[0];
  DRAY_ASSIGN(const QueryResult objects,
              session.query(std::move(SqlBuilder("select key, size_bytes, version, state = "
                                                 "'loaded', object_number from _dray.objects "
                                                 "where source = ")
                                          .text(source))
                                .done()));
  state.objects.reserve(objects.rows.size());
  for (const auto& row : objects.rows) {
    state.objects.emplace(*row[0], LedgerObject{std::stoull(*row[1]), *row[2], *row[3] == "true",
                                                std::stoll(*row[4])});
  }
  DRAY_ASSIGN(const QueryResult tables,
              session.query(std::move(SqlBuilder("select table_name, table_number from "
                                                 "_dray.tables where source = ")
                                          .text(source))
                                .done()));
  for (const auto& row : tables.rows)
    state.tables.emplace(*row[0], std::stoll(*row[1]));
  SqlBuilder last(
      "select (select max(object_number) from _dray.objects), (select "
      "max(table_number) from _dray.tables), (select max(epoch_us(uuid_ts)) from "
      "_dray.runs where source = ");
  DRAY_ASSIGN(const QueryResult maxima,
              session.query(std::move(last.text(source).code(")")).done()));
  state.next_object_number = to_number(maxima.rows[0][0], 0) + 1;
  state.next_table_number = to_number(maxima.rows[0][1], 0) + 1;
  state.last_uuid_ts = to_number(maxima.rows[0][2], 0);
  return state;
}

Result<void> write_objects(WarehouseSession& session, const std::string& source,
                           const std::string& run_id, Timestamp now,
                           const std::vector<ObjectEntry>& objects) {
  for (const ObjectEntry& entry : objects) {
    if (!entry.known) continue;
    SqlBuilder sql("delete from _dray.objects where source = ");
    DRAY_TRY(session.execute(
        std::move(sql.text(source).code(" and key = ").text(entry.object.key)).done()));
  }
  return append_rows(
      session, "objects", objects.size(), [&](std::size_t i, std::vector<PlainValue>& row) {
        const ObjectEntry& entry = objects[i];
        const bool loaded = entry.set_aside_reason.empty();
        row.assign({std::string_view(source), std::string_view(entry.object.key),
                    number(entry.object.size_bytes), std::string_view(entry.object.version),
                    std::string_view(loaded ? "loaded" : "set_aside"), entry.number,
                    std::string_view(run_id), text_or_null(entry.set_aside_reason),
                    number(entry.counts.lines), number(entry.counts.loaded),
                    number(entry.counts.duplicate), number(entry.counts.filtered),
                    number(entry.counts.rejected), now});
      });
}

Result<void> forget_objects(WarehouseSession& session, const std::string& source,
                            const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    SqlBuilder sql("delete from _dray.objects where state = 'set_aside' and source = ");
    DRAY_TRY(session.execute(std::move(sql.text(source).code(" and key = ").text(key)).done()));
  }
  return {};
}

Result<void> write_tables(WarehouseSession& session, const std::string& source,
                          const std::string& run_id, const std::vector<TableEntry>& tables) {
  return append_rows(
      session, "tables", tables.size(), [&](std::size_t i, std::vector<PlainValue>& row) {
        row.assign({std::string_view(source), std::string_view(tables[i].table),
                    text_or_null(tables[i].event), tables[i].number, std::string_view(run_id)});
      });
}

Result<void> write_source(WarehouseSession& session, const std::string& source,
                          const std::string& location) {
  DRAY_TRY(session.execute(
      std::move(SqlBuilder("delete from _dray.sources where source = ").text(source)).done()));
  return append_rows(session, "sources", 1, [&](std::size_t, std::vector<PlainValue>& row) {
    row.assign({std::string_view(source), std::string_view(location)});
  });
}

Result<void> write_run(WarehouseSession& session, const RunReport& report, Micros uuid_ts) {
  const std::string_view run_id = report.run_id;
  DRAY_TRY(append_rows(session, "runs", 1, [&](std::size_t, std::vector<PlainValue>& row) {
    const PlainValue stamp = uuid_ts == 0 ? PlainValue() : PlainValue(from_micros(uuid_ts));
    row.assign({run_id,
                std::string_view(report.source),
                std::string_view(report.location),
                to_string(report.status),
                report.started,
                report.duration.count(),
                report.preparing.count(),
                report.loading.count(),
                stamp,
                number(report.objects_listed),
                number(report.objects_loaded),
                number(report.objects_set_aside),
                number(report.objects_known),
                number(report.bytes_read),
                number(report.bytes_plain),
                number(report.counts.lines),
                number(report.counts.loaded),
                number(report.counts.duplicate),
                number(report.counts.filtered),
                number(report.counts.rejected),
                number(report.values_rejected),
                text_or_null(report.error)});
  }));
  const auto& collections = report.collections;
  std::string new_columns;
  DRAY_TRY(append_rows(
      session, "collections", collections.size(), [&](std::size_t i, std::vector<PlainValue>& row) {
        const CollectionReport& collection = collections[i];
        new_columns = joined(collection.new_columns);
        row.assign({run_id, std::string_view(collection.table), number(collection.rows_loaded),
                    number(collection.duplicates), number(collection.rows_replaced),
                    number(collection.values_rejected), std::string_view(new_columns),
                    collection.created});
      }));
  return append_rows(session, "notices", report.notices.size(),
                     [&](std::size_t i, std::vector<PlainValue>& row) {
                       const Notice& notice = report.notices[i];
                       row.assign({run_id, std::string_view(notice.code),
                                   std::string_view(notice.message), number(notice.count)});
                     });
}

Result<void> write_lineage(WarehouseSession& session, const StagedRows& rows,
                           std::int64_t table_number,
                           const std::vector<std::int64_t>& object_numbers,
                           const std::vector<bool>& unusable) {
  LineageRows source(rows, table_number, object_numbers, unusable);
  return session.append(ledger_schema, "lineage", source);
}

Result<void> write_rejects(WarehouseSession& session, const std::string& source,
                           const std::string& run_id, Timestamp now, const StagedRows& rejects,
                           const std::vector<std::string>& object_keys,
                           const std::vector<bool>& unusable) {
  RejectRows rows(source, run_id, now, rejects, object_keys, unusable);
  return session.append(ledger_schema, "rejects", rows);
}

Result<void> resolve_rejects(WarehouseSession& session, const std::string& source,
                             const std::string& run_id, const std::string& object,
                             const std::vector<std::uint64_t>& lines) {
  SqlBuilder sql("update _dray.rejects set resolved_run = ");
  sql.text(run_id).code(" where resolved_run is null and source = ").text(source);
  sql.code(" and object = ").text(object);
  if (lines.empty()) return session.execute(std::move(sql).done());
  sql.code(" and line in (");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (i > 0) sql.code(", ");
    sql.number(lines[i]);
  }
  return session.execute(std::move(sql.code(")")).done());
}

}  // namespace dray
