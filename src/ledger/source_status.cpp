#include "ledger/source_status.h"

#include <algorithm>
#include <array>
#include <utility>

#include "ledger/objects.h"
#include "ledger/rows.h"
#include "ledger/runs.h"
#include "ledger/shape.h"
#include "ledger/skipped_objects.h"

namespace dray {
namespace {

std::optional<Timestamp> time_or_none(const std::optional<std::string>& value) {
  if (!value) return std::nullopt;
  return time_of(value);
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
    status.rejects_open = count_of(rejects.rows[0][0]);
    decide(status);
    return status;
  }

 private:
  Result<QueryResult> ask(SqlBuilder& sql) { return session_.query(std::move(sql).done()); }

  Result<void> add_runs(SourceStatus& status) {
    DRAY_ASSIGN(std::optional<RunReport> last, last_run(session_, status.source, shape_));
    if (last) status.last_run = std::move(*last);
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
    if (last) status.last_looked = status.last_run.started;
    return {};
  }

  Result<void> add_objects(SourceStatus& status) {
    SqlBuilder counts(
        "select sum(case when state = 'loaded' then 1 else 0 end), sum(case when state = 'waiting' "
        "then 1 else 0 end) from _dray.objects where source = ");
    DRAY_ASSIGN(const QueryResult objects, ask(counts.text(status.source)));
    status.objects_loaded = count_of(objects.rows[0][0]);
    status.objects_waiting = count_of(objects.rows[0][1]);
    DRAY_ASSIGN(const auto set_aside, read_set_aside(session_, status.source, shape_));
    for (const auto& [key, object] : set_aside)
      status.objects_set_aside.push_back({key, object.reason, object.since, object.attempts});
    if (shape_.has_skipped) DRAY_TRY(add_skipped(status));
    return shape_.has_changes ? add_changed(status) : Result<void>();
  }

  Result<void> add_skipped(SourceStatus& status) {
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
    for (const LedgerRow& row : changed.rows) {
      // The next sync settles what was skipped since.
      if (std::ranges::find(status.objects_skipped, text_of(row[0]), &ObjectSkipped::key) !=
          status.objects_skipped.end()) {
        continue;
      }
      status.objects_changed.push_back({text_of(row[0]), time_of(row[1])});
    }
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
    since.text(text_of(waiting.rows.front()[3]));
    DRAY_ASSIGN(const QueryResult runs, ask(since));
    for (const LedgerRow& row : waiting.rows) {
      TableWaiting& table = status.tables_waiting.emplace_back();
      table = {text_of(row[0]), text_of(row[1]), count_of(row[2]), time_of(row[3]), 1};
      for (const LedgerRow& run : runs.rows)
        table.attempts += time_of(run[0]) >= table.since ? 1U : 0U;
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
    const LedgerRow& row = found.rows.front();
    status.newest_event = time_or_none(row[1]);
    if (!row[0]) return {};
    // By the runs' numbers, not by their times: a clock may have been set back. Runs of an earlier
    // version have none.
    const bool is_later = row[2] ? count_of(row[2]) >= count_of(row[3])
                                 : !row[3] && time_of(row[0]) > status.last_run.started;
    if (is_later) {
      looked(time_of(row[0]));
      status.last_looked = time_of(row[0]);
      made_good_ = true;
    }
    return {};
  }

  // A source that an earlier version loaded has it in the lineage alone.
  Result<void> add_newest_event(SourceStatus& status) {
    SqlBuilder sql(
        "select max(l.received_at) from _dray.lineage l join _dray.objects o on o.object_number = "
        "l.object_number where o.source = ");
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
    const bool is_open = last == RunStatus::partial && !made_good_ && !is_all_skipped(status);
    const bool is_partial = waits || is_open;
    status.state = is_partial ? SourceState::partial : SourceState::success;
  }

  // The last run set objects aside and did all else, and since then somebody has skipped them. With
  // any of these notices there was something else as well, and the next run tells whether there
  // still is.
  static bool is_all_skipped(const SourceStatus& status) {
    constexpr std::array others = std::to_array<std::string_view>(
        {"not_listed", "source_empty", "object_gone", "object_changed", "object_skipped"});
    bool is_set_aside = false;
    for (const Notice& notice : status.last_run.notices) {
      if (std::ranges::find(others, notice.code) != others.end()) return false;
      is_set_aside = is_set_aside || notice.code == "object_set_aside";
    }
    return is_set_aside && !status.objects_skipped.empty();
  }

  Session& session_;
  const LedgerShape shape_;
  const std::optional<Timestamp> noted_look_;
  bool made_good_ = false;  // a run that left no record has found all well since the last that did
};

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

Result<SourceStatus> source_status(Session& session, const std::string& source,
                                   std::optional<Timestamp> noted_look) {
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  return StatusReader(session, shape, noted_look).read(source);
}

}  // namespace dray
