#include "run/records.h"

#include <algorithm>

#include "ledger/ledger.h"

namespace dray {
namespace {

using Row = std::vector<std::optional<std::string>>;

std::uint64_t number(const std::optional<std::string>& text) {
  return text ? static_cast<std::uint64_t>(std::stoll(*text)) : 0;
}
std::string text(const std::optional<std::string>& value) { return value.value_or(""); }
Timestamp time(const std::optional<std::string>& value) {
  return from_micros(value ? parse_timestamp(*value).value_or(0) : 0);
}

// A session on a warehouse that has a ledger, or nothing.
Result<std::unique_ptr<WarehouseSession>> open_ledger(Warehouse& warehouse) {
  DRAY_ASSIGN(auto session, warehouse.open_session());
  DRAY_ASSIGN(const bool there, has_ledger(*session));
  if (!there) session.reset();
  return session;
}

RunStatus status_of(const std::string& name) {
  for (const RunStatus status : {RunStatus::success, RunStatus::partial}) {
    if (to_string(status) == name) return status;
  }
  return RunStatus::failure;
}

std::vector<std::string> split_names(const std::string& joined) {
  std::vector<std::string> names;
  for (std::size_t begin = 0; begin < joined.size();) {
    const std::size_t end = std::min(joined.find(", ", begin), joined.size());
    names.push_back(joined.substr(begin, end - begin));
    begin = end + 2;
  }
  return names;
}

constexpr std::size_t run_column_count = 21;

SqlBuilder select_runs() {
  return SqlBuilder(
      "select run_id, source, location, status, started_at, duration_us, preparing_us, "
      "loading_us, objects_listed, objects_loaded, objects_set_aside, objects_known, bytes_read, "
      "bytes_plain, lines, loaded, duplicate, filtered, rejected, values_rejected, error from "
      "_dray.runs");
}

RunReport run_of(const Row& row, const std::string& warehouse) {
  DRAY_ASSERT(row.size() == run_column_count);
  RunReport run;
  run.run_id = text(row[0]);
  run.source = text(row[1]);
  run.location = text(row[2]);
  run.warehouse = warehouse;
  run.status = status_of(text(row[3]));
  run.started = time(row[4]);
  run.duration = std::chrono::microseconds(number(row[5]));
  run.preparing = std::chrono::microseconds(number(row[6]));
  run.loading = std::chrono::microseconds(number(row[7]));
  run.objects_listed = number(row[8]);
  run.objects_loaded = number(row[9]);
  run.objects_set_aside = number(row[10]);
  run.objects_known = number(row[11]);
  run.bytes_read = number(row[12]);
  run.bytes_plain = number(row[13]);
  run.counts = {number(row[14]), number(row[15]), number(row[16]), number(row[17]),
                number(row[18])};
  run.values_rejected = number(row[19]);
  run.error = text(row[20]);
  return run;
}

Result<void> add_details(WarehouseSession& session, RunReport& run) {
  SqlBuilder collections(
      "select table_name, rows_loaded, duplicates, rows_replaced, values_rejected, new_columns, "
      "created from _dray.collections where run_id = ");
  collections.text(run.run_id).code(" order by 1");
  DRAY_ASSIGN(const QueryResult tables, session.query(std::move(collections).done()));
  for (const Row& row : tables.rows) {
    run.collections.push_back({text(row[0]), number(row[1]), number(row[2]), number(row[3]),
                               number(row[4]), split_names(text(row[5])), row[6] == "true"});
  }
  SqlBuilder notices("select code, message, count from _dray.notices where run_id = ");
  notices.text(run.run_id).code(" order by 1, 2");
  DRAY_ASSIGN(const QueryResult found, session.query(std::move(notices).done()));
  for (const Row& row : found.rows) {
    run.notices.push_back({text(row[0]), text(row[1]), number(row[2])});
  }
  return {};
}

Result<std::vector<RunReport>> read_runs(Warehouse& warehouse, WarehouseSession& session,
                                         const Sql& sql) {
  DRAY_ASSIGN(const QueryResult rows, session.query(sql));
  std::vector<RunReport> runs;
  for (const Row& row : rows.rows) {
    runs.push_back(run_of(row, warehouse.location()));
    DRAY_TRY(add_details(session, runs.back()));
  }
  return runs;
}

Result<SourceStatus> status_of_source(Warehouse& warehouse, WarehouseSession& session,
                                      const std::string& source) {
  SourceStatus status;
  status.source = source;
  SqlBuilder last = select_runs();
  last.code(" where source = ").text(source).code(" order by started_at desc limit 1");
  DRAY_ASSIGN(auto runs, read_runs(warehouse, session, std::move(last).done()));
  if (!runs.empty()) status.last_run = std::move(runs.front());
  status.location = status.last_run.location;
  SqlBuilder success(
      "select max(started_at) from _dray.runs where status = 'success' and source = ");
  DRAY_ASSIGN(const QueryResult succeeded, session.query(std::move(success.text(source)).done()));
  if (succeeded.rows[0][0]) status.last_success = time(succeeded.rows[0][0]);
  SqlBuilder loaded("select count(*) from _dray.objects where state = 'loaded' and source = ");
  DRAY_ASSIGN(const QueryResult objects, session.query(std::move(loaded.text(source)).done()));
  status.objects_loaded = number(objects.rows[0][0]);
  SqlBuilder aside(
      "select key, reason, recorded_at from _dray.objects where state = 'set_aside' and source = ");
  aside.text(source).code(" order by 1");
  DRAY_ASSIGN(const QueryResult set_aside, session.query(std::move(aside).done()));
  for (const Row& row : set_aside.rows) {
    status.objects_set_aside.push_back({text(row[0]), text(row[1]), time(row[2])});
  }
  SqlBuilder open("select count(*) from _dray.rejects where resolved_run is null and source = ");
  DRAY_ASSIGN(const QueryResult rejects, session.query(std::move(open.text(source)).done()));
  status.rejects_open = number(rejects.rows[0][0]);
  return status;
}

void add_run_prefix(SqlBuilder& sql, const std::string& prefix) {
  sql.code("left(run_id, ").number(static_cast<std::uint64_t>(prefix.size())).code(") = ");
  sql.text(prefix);
}

void add_filter(SqlBuilder& sql, const RejectFilter& filter) {
  sql.code(" where resolved_run is null");
  if (filter.source) sql.code(" and source = ").text(*filter.source);
  if (filter.run_id) add_run_prefix(sql.code(" and "), *filter.run_id);
  if (filter.reason) sql.code(" and reason = ").text(*filter.reason);
  if (filter.table_name) sql.code(" and table_name = ").text(*filter.table_name);
  if (filter.object) sql.code(" and object = ").text(*filter.object);
}

}  // namespace

Result<std::vector<RunReport>> recent_runs(Warehouse& warehouse,
                                           const std::optional<std::string>& source,
                                           std::size_t count_max) {
  DRAY_ASSIGN(const auto session, open_ledger(warehouse));
  if (!session) return std::vector<RunReport>();
  SqlBuilder sql = select_runs();
  if (source) sql.code(" where source = ").text(*source);
  sql.code(" order by started_at desc limit ").number(static_cast<std::uint64_t>(count_max));
  return read_runs(warehouse, *session, std::move(sql).done());
}

Result<std::optional<RunReport>> find_run(Warehouse& warehouse, const std::string& run_id) {
  DRAY_ASSIGN(const auto session, open_ledger(warehouse));
  if (!session) return std::optional<RunReport>();
  SqlBuilder sql = select_runs();
  add_run_prefix(sql.code(" where "), run_id);
  sql.code(" order by started_at limit 2");
  DRAY_ASSIGN(auto runs, read_runs(warehouse, *session, std::move(sql).done()));
  if (runs.empty()) return std::optional<RunReport>();
  if (runs.size() > 1 && runs.front().run_id != run_id) {
    return config_error("several runs begin with " + run_id + "\ntry: more of its id");
  }
  return std::optional<RunReport>(std::move(runs.front()));
}

Result<std::vector<std::string>> source_names(Warehouse& warehouse) {
  std::vector<std::string> names;
  DRAY_ASSIGN(const auto session, open_ledger(warehouse));
  if (!session) return names;
  DRAY_ASSIGN(
      const QueryResult sources,
      session->query(SqlBuilder("select distinct source from _dray.runs order by 1").done()));
  for (const Row& row : sources.rows)
    names.push_back(text(row[0]));
  return names;
}

Result<std::vector<SourceStatus>> source_statuses(Warehouse& warehouse) {
  std::vector<SourceStatus> statuses;
  DRAY_ASSIGN(const std::vector<std::string> names, source_names(warehouse));
  if (names.empty()) return statuses;
  DRAY_ASSIGN(const auto session, open_ledger(warehouse));
  for (const std::string& name : names) {
    DRAY_ASSIGN(SourceStatus status, status_of_source(warehouse, *session, name));
    statuses.push_back(std::move(status));
  }
  return statuses;
}

Result<std::vector<Reject>> find_rejects(Warehouse& warehouse, const RejectFilter& filter) {
  std::vector<Reject> rejects;
  DRAY_ASSIGN(const auto session, open_ledger(warehouse));
  if (!session) return rejects;
  SqlBuilder sql(
      "select run_id, source, object, line, kind, reason, detail, table_name, column_name, value, "
      "rejected_at from _dray.rejects");
  add_filter(sql, filter);
  sql.code(" order by source, object, line, table_name, column_name limit ");
  sql.number(static_cast<std::uint64_t>(filter.count_max));
  DRAY_ASSIGN(const QueryResult rows, session->query(std::move(sql).done()));
  for (const Row& row : rows.rows) {
    rejects.push_back({text(row[0]), text(row[1]), text(row[2]), number(row[3]), text(row[4]),
                       text(row[5]), text(row[6]), text(row[7]), text(row[8]), text(row[9]),
                       time(row[10])});
  }
  return rejects;
}

Result<std::vector<RejectGroup>> group_rejects(Warehouse& warehouse, const RejectFilter& filter) {
  std::vector<RejectGroup> groups;
  DRAY_ASSIGN(const auto session, open_ledger(warehouse));
  if (!session) return groups;
  SqlBuilder sql(
      "select source, kind, reason, table_name, column_name, group_size, object, line, value from "
      "(select source, kind, reason, table_name, column_name, object, line, value, "
      "count(*) over (partition by source, kind, reason, table_name, column_name) as group_size, "
      "row_number() over (partition by source, kind, reason, table_name, column_name "
      "order by object, line) as place from _dray.rejects");
  add_filter(sql, filter);
  sql.code(") r where place = 1 order by 6 desc, 1, 2, 3, 4, 5 limit ");
  sql.number(static_cast<std::uint64_t>(filter.count_max));
  DRAY_ASSIGN(const QueryResult rows, session->query(std::move(sql).done()));
  for (const Row& row : rows.rows) {
    groups.push_back({text(row[0]), text(row[1]), text(row[2]), text(row[3]), text(row[4]),
                      number(row[5]), text(row[6]), number(row[7]), text(row[8])});
  }
  return groups;
}

}  // namespace dray
