#include "ledger/rejects.h"

#include <array>
#include <string_view>
#include <utility>
#include <variant>

#include "ledger/rows.h"
#include "ledger/runs.h"
#include "ledger/shape.h"
#include "model/row_batch.h"

namespace dray {
namespace {

class RejectRows final : public RowSource {
 public:
  RejectRows(std::string_view source, const RunId& run_id, Timestamp now, const StagedRows& rejects,
             const std::vector<std::string>& object_keys, const std::vector<bool>& unusable)
      : source_(source),
        run_id_(run_id.text()),
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

  ValuesRejected values_rejected() && { return std::move(values_rejected_); }

 private:
  void fill(const RowKey& key, CellReader& cells, std::vector<PlainValue>& row) {
    std::array<PlainValue, 6> values{};
    for (Cell cell; cells.next(cell);)
      values[cell.slot] = cell.bytes;
    const auto* table = std::get_if<std::string_view>(&values[reject_slot::table_name]);
    const bool is_value = table != nullptr;
    if (is_value) count_value(*table);
    row.assign({run_id_, source_, std::string_view(object_keys_[key.object]),
                static_cast<std::int64_t>(key.line), std::string_view(is_value ? "value" : "line"),
                values[reject_slot::reason], values[reject_slot::detail],
                values[reject_slot::table_name], values[reject_slot::column_name],
                values[reject_slot::value], now_, std::monostate()});
  }

  void count_value(std::string_view table) {
    auto count = values_rejected_.find(table);
    if (count == values_rejected_.end()) count = values_rejected_.emplace(table, 0).first;
    ++count->second;
  }

  ValuesRejected values_rejected_;
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

void add_filter(SqlBuilder& sql, const RejectFilter& filter) {
  sql.code(" where resolved_run is null");
  if (filter.source) sql.code(" and source = ").text(*filter.source);
  if (filter.run_id) add_run_prefix(sql.code(" and "), *filter.run_id);
  if (filter.reason) sql.code(" and reason = ").text(*filter.reason);
  if (filter.table_name) sql.code(" and table_name = ").text(*filter.table_name);
  if (filter.object) sql.code(" and object = ").text(*filter.object);
}

}  // namespace

Result<ValuesRejected> write_rejects(Session& session, const std::string& source,
                                     const RunId& run_id, Timestamp now, const StagedRows& rejects,
                                     const std::vector<std::string>& object_keys,
                                     const std::vector<bool>& unusable) {
  RejectRows rows(source, run_id, now, rejects, object_keys, unusable);
  if (auto written = session.append(ledger_schema, "rejects", rows); !written) {
    return of_ledger(std::move(written).error(), "rejects");
  }
  return std::move(rows).values_rejected();
}

namespace {

SqlBuilder resolve_open(const std::string& source, const RunId& run_id) {
  SqlBuilder sql("update _dray.rejects set resolved_run = ");
  sql.text(run_id.text()).code(" where resolved_run is null and source = ").text(source);
  return sql;
}

}  // namespace

Result<void> resolve_rejects(Session& session, const std::string& source, const RunId& run_id,
                             const std::vector<std::string>& objects) {
  return execute_in(session, "rejects", resolve_open(source, run_id).code(" and object"), objects);
}

Result<void> resolve_rejects(Session& session, const std::string& source, const RunId& run_id,
                             const LinesOfObjects& lines) {
  // Each row is compared with every object of a statement.
  constexpr std::size_t objects_at_once = 500;
  for (auto object = lines.begin(); object != lines.end();) {
    SqlBuilder sql = resolve_open(source, run_id).code(" and (");
    for (std::size_t i = 0; i < objects_at_once && object != lines.end(); ++i, ++object) {
      if (i > 0 && sql.size() > text_bytes_per_statement) break;
      sql.word(i == 0 ? "" : " or ").code("(object = ").text(object->first);
      sql.code(" and line in (");
      bool is_first = true;
      for (const std::uint64_t line : object->second) {
        sql.word(is_first ? "" : ", ").number(line);
        is_first = false;
      }
      sql.code("))");
    }
    DRAY_TRY(execute_on(session, "rejects", std::move(sql.code(")")).done()));
  }
  return {};
}

Result<ResolvedRejects> count_resolved(Session& session, const std::string& source,
                                       const RunId& run_id) {
  SqlBuilder sql(
      "select count(*), count(n.line) from _dray.rejects o left join (select distinct object, "
      "line, coalesce(table_name, '') as table_name, coalesce(column_name, '') as column_name from "
      "_dray.rejects where run_id = ");
  sql.text(run_id.text()).code(" and source = ").text(source);
  sql.code(
      ") n on n.object = o.object and n.line = o.line and n.table_name = coalesce(o.table_name, '') "
      "and n.column_name = coalesce(o.column_name, '') where o.resolved_run = ");
  sql.text(run_id.text()).code(" and o.source = ").text(source);
  DRAY_ASSIGN(const QueryResult found, session.query(std::move(sql).done()));
  return ResolvedRejects{count_of(found.rows[0][0]), count_of(found.rows[0][1])};
}

Result<std::vector<Reject>> find_rejects(Session& session, const RejectFilter& filter) {
  std::vector<Reject> rejects;
  DRAY_ASSIGN(const bool is_there, has_ledger(session));
  if (!is_there) return rejects;
  SqlBuilder sql(
      "select run_id, source, object, line, kind, reason, detail, table_name, column_name, value, "
      "rejected_at from _dray.rejects");
  add_filter(sql, filter);
  sql.code(" order by source, object, line, table_name, column_name limit ");
  sql.number(static_cast<std::uint64_t>(filter.count_max));
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(sql).done()));
  for (const LedgerRow& row : rows.rows) {
    rejects.push_back({text_of(row[0]), text_of(row[1]), text_of(row[2]), count_of(row[3]),
                       text_of(row[4]), text_of(row[5]), text_of(row[6]), text_of(row[7]),
                       text_of(row[8]), text_of(row[9]), time_of(row[10])});
  }
  return rejects;
}

Result<std::vector<std::string>> known_tables(Session& session,
                                              const std::optional<std::string>& source) {
  // These follow from others, and have no number.
  std::vector<std::string> tables = {"accounts", "tracks", "users"};
  DRAY_ASSIGN(const bool is_there, has_ledger(session));
  if (!is_there) return tables;
  SqlBuilder sql("select table_name from _dray.tables");
  if (source) sql.code(" where source = ").text(*source);
  sql.code(" union select table_name from _dray.rejects where table_name is not null");
  if (source) sql.code(" and source = ").text(*source);
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(sql.code(" order by 1")).done()));
  for (const LedgerRow& row : rows.rows)
    tables.push_back(text_of(row[0]));
  return tables;
}

Result<bool> knows_object(Session& session, const std::string& key) {
  DRAY_ASSIGN(const bool is_there, has_ledger(session));
  if (!is_there) return false;
  SqlBuilder sql("select key from _dray.objects where key = ");
  sql.text(key).code(" union select object from _dray.rejects where object = ").text(key);
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(sql).done()));
  return !rows.rows.empty();
}

Result<std::vector<RejectGroup>> group_rejects(Session& session, const RejectFilter& filter) {
  std::vector<RejectGroup> groups;
  DRAY_ASSIGN(const bool is_there, has_ledger(session));
  if (!is_there) return groups;
  SqlBuilder sql(
      "select source, kind, reason, table_name, column_name, group_size, object, line, value from "
      "(select source, kind, reason, table_name, column_name, object, line, value, "
      "count(*) over (partition by source, kind, reason, table_name, column_name) as group_size, "
      "row_number() over (partition by source, kind, reason, table_name, column_name "
      "order by object, line) as place from _dray.rejects");
  add_filter(sql, filter);
  sql.code(") r where place = 1 order by 6 desc, 1, 2, 3, 4, 5 limit ");
  sql.number(static_cast<std::uint64_t>(filter.count_max));
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(sql).done()));
  for (const LedgerRow& row : rows.rows) {
    groups.push_back({text_of(row[0]), text_of(row[1]), text_of(row[2]), text_of(row[3]),
                      text_of(row[4]), count_of(row[5]), text_of(row[6]), count_of(row[7]),
                      text_of(row[8])});
  }
  return groups;
}

}  // namespace dray
