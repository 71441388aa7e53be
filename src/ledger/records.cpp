#include "ledger/records.h"

#include <algorithm>

#include "ledger/ledger.h"
#include "sql/query_values.h"

namespace dray {
namespace {

using Row = std::vector<std::optional<std::string>>;

std::uint64_t number(const std::optional<std::string>& text) { return count_in(text).value_or(0); }
std::string text(const std::optional<std::string>& value) { return value.value_or(""); }
Timestamp time(const std::optional<std::string>& value) {
  return from_micros(value ? parse_timestamp(*value).value_or(0) : 0);
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

// The record has the four counts; what they leave of the lines waited when the run ended.
std::uint64_t lines_left(const LineCounts& counts) {
  const std::uint64_t told = counts.loaded + counts.duplicate + counts.filtered + counts.rejected;
  return counts.lines - std::min(counts.lines, told);
}

constexpr std::size_t run_column_count = 21;

SqlBuilder select_runs() {
  return SqlBuilder(
      "select run_id, source, location, status, started_at, duration_us, preparing_us, "
      "loading_us, objects_listed, objects_loaded, objects_set_aside, objects_known, bytes_read, "
      "bytes_plain, lines, loaded, duplicate, filtered, rejected, values_rejected, error from "
      "_dray.runs");
}

RunReport run_of(const Row& row) {
  DRAY_ASSERT(row.size() == run_column_count);
  RunReport run;
  run.run_id = RunId(text(row[0]));
  run.source = text(row[1]);
  run.location = text(row[2]);
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
  run.counts.waiting = lines_left(run.counts);
  run.values_rejected = number(row[19]);
  run.error = text(row[20]);
  return run;
}

Result<void> add_details(Session& session, RunReport& run) {
  SqlBuilder collections(
      "select table_name, rows_loaded, duplicates, rows_replaced, values_rejected, new_columns, "
      "created from _dray.collections where run_id = ");
  collections.text(run.run_id.text()).code(" order by 1");
  DRAY_ASSIGN(const QueryResult tables, session.query(std::move(collections).done()));
  for (const Row& row : tables.rows) {
    run.collections.push_back({text(row[0]), number(row[1]), number(row[2]), number(row[3]),
                               number(row[4]), split_names(text(row[5])), truth_in(row[6])});
  }
  SqlBuilder notices("select code, message, count from _dray.notices where run_id = ");
  notices.text(run.run_id.text()).code(" order by 1, 2");
  DRAY_ASSIGN(const QueryResult found, session.query(std::move(notices).done()));
  for (const Row& row : found.rows) {
    run.notices.push_back({text(row[0]), text(row[1]), number(row[2])});
  }
  return {};
}

Result<std::vector<RunReport>> read_runs(Session& session, const Sql& sql) {
  DRAY_ASSIGN(const QueryResult rows, session.query(sql));
  std::vector<RunReport> runs;
  for (const Row& row : rows.rows) {
    runs.push_back(run_of(row));
    DRAY_TRY(add_details(session, runs.back()));
  }
  return runs;
}

std::optional<Timestamp> time_or_none(const std::optional<std::string>& value) {
  if (!value) return std::nullopt;
  return time(value);
}

// Reads what the ledger has of one source.
class StatusReader {
 public:
  StatusReader(Session& session, const LedgerShape& shape, std::optional<Timestamp> noted_look)
      : session_(session), shape_(shape), noted_look_(noted_look) {}

  Result<SourceStatus> read(const std::string& source) {
    SourceStatus status;
    status.source = source;
    DRAY_TRY(add_runs(status));
    DRAY_TRY(add_objects(status));
    if (shape_.has_pending) DRAY_TRY(add_waiting(status));
    DRAY_TRY(add_looks(status));
    if (!status.newest_event) DRAY_TRY(add_newest_event(status));
    SqlBuilder open("select count(*) from _dray.rejects where resolved_run is null and source = ");
    DRAY_ASSIGN(const QueryResult rejects, ask(open.text(source)));
    status.rejects_open = number(rejects.rows[0][0]);
    decide(status);
    return status;
  }

 private:
  Result<QueryResult> ask(SqlBuilder& sql) { return session_.query(std::move(sql).done()); }

  Result<void> add_runs(SourceStatus& status) {
    SqlBuilder last = select_runs();
    last.code(" where source = ").text(status.source).sql(newest_first(shape_)).code(" limit 1");
    DRAY_ASSIGN(auto runs, read_runs(session_, std::move(last).done()));
    if (!runs.empty()) status.last_run = std::move(runs.front());
    status.location = status.last_run.location;
    SqlBuilder times(
        "select max(case when status = 'success' then started_at end), max(case when loaded > 0 "
        "then started_at end) from _dray.runs where source = ");
    DRAY_ASSIGN(const QueryResult found, ask(times.text(status.source)));
    status.last_success = time_or_none(found.rows[0][0]);
    status.last_loaded = time_or_none(found.rows[0][1]);
    DRAY_ASSIGN(const Failures failures, failures_in_a_row(session_, status.source));
    status.failures = failures.count;
    status.failing_since = failures.since;
    if (!runs.empty()) status.last_looked = status.last_run.started;
    return {};
  }

  Result<void> add_objects(SourceStatus& status) {
    SqlBuilder counts(
        "select sum(case when state = 'loaded' then 1 else 0 end), sum(case when state = 'waiting' "
        "then 1 else 0 end) from _dray.objects where source = ");
    DRAY_ASSIGN(const QueryResult objects, ask(counts.text(status.source)));
    status.objects_loaded = number(objects.rows[0][0]);
    status.objects_waiting = number(objects.rows[0][1]);
    DRAY_ASSIGN(const auto set_aside, read_set_aside(session_, status.source, shape_));
    for (const auto& [key, object] : set_aside)
      status.objects_set_aside.push_back({key, object.reason, object.since, object.attempts});
    if (shape_.has_changes) DRAY_TRY(add_changed(status));
    if (!shape_.has_skipped) return {};
    DRAY_ASSIGN(const std::vector<SkippedObject> skipped, read_skipped(session_, status.source));
    for (const SkippedObject& object : skipped) {
      status.objects_skipped.push_back(
          {object.key, object.reason, object.skipped_by, object.skipped_at});
    }
    return {};
  }

  Result<void> add_changed(SourceStatus& status) {
    SqlBuilder sql("select key, changed_at from _dray.objects where changed_at is not null and ");
    DRAY_ASSIGN(const QueryResult changed,
                ask(sql.code("source = ").text(status.source).code(" order by key")));
    for (const Row& row : changed.rows)
      status.objects_changed.push_back({text(row[0]), time(row[1])});
    return {};
  }

  // Each recorded run tries them again.
  Result<void> add_waiting(SourceStatus& status) {
    SqlBuilder sql(
        "select table_name, reason, staged_rows, recorded_at from _dray.pending where source = ");
    DRAY_ASSIGN(const QueryResult waiting,
                ask(sql.text(status.source).code(" order by recorded_at, table_name")));
    if (waiting.rows.empty()) return {};
    SqlBuilder since("select started_at from _dray.runs where source = ");
    since.text(status.source).code(" and started_at >= ");
    since.text(text(waiting.rows.front()[3]));
    DRAY_ASSIGN(const QueryResult runs, ask(since));
    for (const Row& row : waiting.rows) {
      TableWaiting& table = status.tables_waiting.emplace_back();
      table = {text(row[0]), text(row[1]), number(row[2]), time(row[3]), 1};
      for (const Row& run : runs.rows)
        table.attempts += time(run[0]) >= table.since ? 1U : 0U;
    }
    return {};
  }

  // Runs that found nothing new: in the ledger, or in a note where a write would cost too much.
  Result<void> add_looks(SourceStatus& status) {
    const auto looked = [&](Timestamp at) {
      status.last_looked = std::max(status.last_looked.value_or(at), at);
      status.last_success = std::max(status.last_success.value_or(at), at);
    };
    if (noted_look_) {
      looked(*noted_look_);
      made_good_ = *noted_look_ > status.last_run.started;
    }
    if (!shape_.has_looks) return {};
    SqlBuilder sql(
        "select looked_at, newest_event, looked_run, (select max(run_number) from _dray.runs where "
        "source = ");
    sql.text(status.source).code(") from _dray.sources where source = ").text(status.source);
    DRAY_ASSIGN(const QueryResult found, ask(sql));
    if (found.rows.empty()) return {};
    const Row& row = found.rows.front();
    status.newest_event = time_or_none(row[1]);
    if (!row[0]) return {};
    // By the runs' numbers, not by their times: a clock may have been set back. Runs of an earlier
    // version have none.
    const bool is_later = row[2] ? number(row[2]) >= number(row[3])
                                 : !row[3] && time(row[0]) > status.last_run.started;
    if (is_later) {
      looked(time(row[0]));
      status.last_looked = time(row[0]);
      made_good_ = true;
    }
    return {};
  }

  // Of a source that an earlier version loaded.
  Result<void> add_newest_event(SourceStatus& status) {
    SqlBuilder sql(
        "select max(l.received_at) from _dray.lineage l join _dray.tables t on t.table_number = "
        "l.table_number where t.source = ");
    DRAY_ASSIGN(const QueryResult newest, ask(sql.text(status.source)));
    status.newest_event = time_or_none(newest.rows[0][0]);
    return {};
  }

  void decide(SourceStatus& status) const {
    const RunStatus last = status.last_run.status;
    if (last == RunStatus::failure && !made_good_) {
      status.state = SourceState::failure;
      return;
    }
    status.failures = 0;
    const bool waits = !status.objects_set_aside.empty() || !status.tables_waiting.empty() ||
                       !status.objects_changed.empty();
    const bool is_partial = waits || (last == RunStatus::partial && !made_good_);
    status.state = is_partial ? SourceState::partial : SourceState::success;
  }

  Session& session_;
  const LedgerShape shape_;
  const std::optional<Timestamp> noted_look_;
  bool made_good_ = false;  // a run that left no record has found all well since the last that did
};

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

std::string_view to_string(SourceState state) {
  switch (state) {
    case SourceState::never:
      return "never";
    case SourceState::success:
      return "success";
    case SourceState::partial:
      return "partial";
    case SourceState::failure:
      return "failure";
  }
  return "never";
}

Result<std::vector<RunReport>> recent_runs(Session& session,
                                           const std::optional<std::string>& source,
                                           std::size_t count_max) {
  DRAY_ASSIGN(const bool is_there, has_ledger(session));
  if (!is_there) return std::vector<RunReport>();
  SqlBuilder sql = select_runs();
  if (source) sql.code(" where source = ").text(*source);
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  sql.sql(newest_first(shape)).code(" limit ").number(static_cast<std::uint64_t>(count_max));
  return read_runs(session, std::move(sql).done());
}

Result<std::vector<std::string>> recent_run_ids(Session& session, std::size_t count_max) {
  std::vector<std::string> ids;
  DRAY_ASSIGN(const bool is_there, has_ledger(session));
  if (!is_there) return ids;
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  SqlBuilder sql("select run_id from _dray.runs");
  sql.sql(newest_first(shape)).code(" limit ").number(static_cast<std::uint64_t>(count_max));
  DRAY_ASSIGN(const QueryResult runs, session.query(std::move(sql).done()));
  for (const Row& row : runs.rows)
    ids.push_back(text(row[0]));
  return ids;
}

Result<std::optional<RunReport>> find_run(Session& session, const std::string& run_id) {
  DRAY_ASSIGN(const bool is_there, has_ledger(session));
  if (!is_there) return std::optional<RunReport>();
  SqlBuilder sql = select_runs();
  add_run_prefix(sql.code(" where "), run_id);
  sql.code(" order by started_at limit 2");
  DRAY_ASSIGN(auto runs, read_runs(session, std::move(sql).done()));
  if (runs.empty()) return std::optional<RunReport>();
  if (runs.size() > 1 && runs.front().run_id.text() != run_id) {
    return config_error("several runs begin with " + run_id, "more of its id");
  }
  return std::optional<RunReport>(std::move(runs.front()));
}

Result<std::vector<std::string>> source_names(Session& session) {
  std::vector<std::string> names;
  DRAY_ASSIGN(const bool is_there, has_ledger(session));
  if (!is_there) return names;
  DRAY_ASSIGN(
      const QueryResult sources,
      session.query(SqlBuilder("select distinct source from _dray.runs order by 1").done()));
  for (const Row& row : sources.rows)
    names.push_back(text(row[0]));
  return names;
}

Result<SourceStatus> source_status(Session& session, const std::string& source,
                                   std::optional<Timestamp> noted_look) {
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  return StatusReader(session, shape, noted_look).read(source);
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
  for (const Row& row : rows.rows) {
    rejects.push_back({text(row[0]), text(row[1]), text(row[2]), number(row[3]), text(row[4]),
                       text(row[5]), text(row[6]), text(row[7]), text(row[8]), text(row[9]),
                       time(row[10])});
  }
  return rejects;
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
  for (const Row& row : rows.rows) {
    groups.push_back({text(row[0]), text(row[1]), text(row[2]), text(row[3]), text(row[4]),
                      number(row[5]), text(row[6]), number(row[7]), text(row[8])});
  }
  return groups;
}

}  // namespace dray
