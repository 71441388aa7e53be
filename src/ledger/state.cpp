#include "ledger/state.h"

#include <utility>

#include "ledger/rows.h"
#include "ledger/sources.h"
#include "sql/query_values.h"

namespace dray {

Result<LedgerMark> read_mark(Session& session, const std::string& source) {
  SqlBuilder of_objects(
      "select count(*), max(run_id), max(loaded + filtered), max(rejected), min(object_number), "
      "max(object_number) from _dray.objects where source = ");
  DRAY_ASSIGN(const QueryResult objects, session.query(std::move(of_objects.text(source)).done()));
  SqlBuilder of_tables("select max(table_number) from _dray.tables where source = ");
  DRAY_ASSIGN(const QueryResult tables, session.query(std::move(of_tables.text(source)).done()));
  SqlBuilder of_runs(
      "select max(uuid_ts), max(loaded + filtered), max(rejected) from _dray.runs where source = ");
  DRAY_ASSIGN(const QueryResult runs, session.query(std::move(of_runs.text(source)).done()));
  LedgerMark mark;
  mark.objects = to_number(objects.rows[0][0], 0);
  mark.newest_run = objects.rows[0][1].value_or("");
  DRAY_ASSIGN(mark.numbers,
              find_range(session, source,
                         {integer_in(objects.rows[0][4]), integer_in(objects.rows[0][5]),
                          integer_in(tables.rows[0][0])}));
  if (const auto& last_load = runs.rows[0][0]) {
    mark.last_uuid_ts = parse_timestamp(*last_load).value_or(0);
  }
  // Somebody may have emptied the runs, and what is gone from the source has no object.
  mark.has_loaded = to_number(runs.rows[0][1], 0) > 0 || to_number(objects.rows[0][2], 0) > 0;
  mark.has_rejected = to_number(runs.rows[0][2], 0) > 0 || to_number(objects.rows[0][3], 0) > 0;
  return mark;
}

bool has_loaded_since(const LedgerMark& before, const LedgerMark& now) {
  return now.objects != before.objects || now.newest_run != before.newest_run ||
         now.last_uuid_ts != before.last_uuid_ts;
}

Result<LedgerState> read_ledger(Session& session, const std::string& source) {
  LedgerState state;
  state.mark.numbers = first_range(source);
  DRAY_ASSIGN(state.shape, ledger_shape(session));
  const LedgerShape& shape = state.shape;
  if (!shape.is_there) return state;
  // First: what is loaded after it was taken shows as a change.
  DRAY_ASSIGN(state.mark, read_mark(session, source));
  if (state.mark.numbers.has_left) {
    DRAY_ASSIGN(state.shared, shared_numbers(session, source));
  }
  DRAY_ASSIGN(const auto entry, read_source(session, source, shape));
  if (entry) {
    state.location = entry->location;
    state.listed_at = entry->listed_at;
    state.newest_event = entry->newest_event;
  }
  DRAY_ASSIGN(const QueryResult keys,
              session.query(std::move(SqlBuilder("select min(key), max(key), min(case when state "
                                                 "<> 'loaded' then key end) from _dray.objects "
                                                 "where source = ")
                                          .text(source))
                                .done()));
  state.first_key = keys.rows[0][0];
  state.last_key = keys.rows[0][1];
  state.first_unloaded_key = keys.rows[0][2];
  if (state.first_unloaded_key) {
    DRAY_ASSIGN(state.set_aside, read_set_aside(session, source, shape));
  }
  DRAY_ASSIGN(const QueryResult tables,
              session.query(std::move(SqlBuilder("select table_name, table_number from "
                                                 "_dray.tables where source = ")
                                          .text(source))
                                .done()));
  for (const auto& row : tables.rows) {
    DRAY_ASSIGN(const std::int64_t number, needed_integer(row[1], "_dray.tables.table_number"));
    state.tables.emplace(*row[0], number);
  }
  return state;
}

Result<void> read_objects(Session& session, const std::string& source,
                          const std::string& start_after, LedgerState& state) {
  // Without an object there may be no table either.
  if (!state.first_key) return {};
  SqlBuilder sql("select key, size_bytes, version, state = 'loaded', object_number");
  if (state.shape.has_changes) sql.code(", changed_at");
  sql.code(" from _dray.objects where source = ").text(source);
  if (!start_after.empty()) sql.code(" and key > ").text(start_after);
  DRAY_ASSIGN(const QueryResult objects, session.query(std::move(sql).done()));
  state.objects.reserve(objects.rows.size());
  for (const auto& row : objects.rows) {
    DRAY_ASSIGN(const std::uint64_t size, needed_count(row[1], "_dray.objects.size_bytes"));
    DRAY_ASSIGN(const std::int64_t number, needed_integer(row[4], "_dray.objects.object_number"));
    const bool changed = state.shape.has_changes && row[5];
    const bool is_loaded = truth_in(row[3]);
    state.has_unloaded |= !is_loaded;
    state.objects.emplace(*row[0], LedgerObject{size, *row[2], is_loaded, changed, number});
  }
  return {};
}

}  // namespace dray
