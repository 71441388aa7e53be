#include "ledger/runs.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "ledger/rows.h"
#include "sql/query_values.h"

namespace dray {
namespace {

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) {
    if (!out.empty()) out += ", ";
    out += name;
  }
  return out;
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

RunStatus status_of(const std::string& name) {
  for (const RunStatus status : {RunStatus::success, RunStatus::partial}) {
    if (to_string(status) == name) return status;
  }
  return RunStatus::failure;
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

RunReport run_of(const LedgerRow& row) {
  DRAY_ASSERT(row.size() == run_column_count);
  RunReport run;
  run.run_id = RunId(text_of(row[0]));
  run.source = text_of(row[1]);
  run.location = text_of(row[2]);
  run.status = status_of(text_of(row[3]));
  run.started = time_of(row[4]);
  run.duration = std::chrono::microseconds(count_of(row[5]));
  run.preparing = std::chrono::microseconds(count_of(row[6]));
  run.loading = std::chrono::microseconds(count_of(row[7]));
  run.objects_listed = count_of(row[8]);
  run.objects_loaded = count_of(row[9]);
  run.objects_set_aside = count_of(row[10]);
  run.objects_known = count_of(row[11]);
  run.bytes_read = count_of(row[12]);
  run.bytes_plain = count_of(row[13]);
  run.counts = {count_of(row[14]), count_of(row[15]), count_of(row[16]), count_of(row[17]),
                count_of(row[18])};
  run.counts.waiting = lines_left(run.counts);
  run.values_rejected = count_of(row[19]);
  run.error = text_of(row[20]);
  return run;
}

Result<void> add_details(Session& session, RunReport& run) {
  SqlBuilder collections(
      "select table_name, rows_loaded, duplicates, rows_replaced, values_rejected, new_columns, "
      "created from _dray.collections where run_id = ");
  collections.text(run.run_id.text()).code(" order by 1");
  DRAY_ASSIGN(const QueryResult tables, session.query(std::move(collections).done()));
  for (const LedgerRow& row : tables.rows) {
    run.collections.push_back({text_of(row[0]), count_of(row[1]), count_of(row[2]),
                               count_of(row[3]), count_of(row[4]), split_names(text_of(row[5])),
                               truth_in(row[6])});
  }
  SqlBuilder notices("select code, message, count from _dray.notices where run_id = ");
  notices.text(run.run_id.text()).code(" order by 1, 2");
  DRAY_ASSIGN(const QueryResult found, session.query(std::move(notices).done()));
  for (const LedgerRow& row : found.rows) {
    run.notices.push_back({text_of(row[0]), text_of(row[1]), count_of(row[2])});
  }
  return {};
}

Result<std::vector<RunReport>> read_runs(Session& session, const Sql& sql) {
  DRAY_ASSIGN(const QueryResult rows, session.query(sql));
  std::vector<RunReport> runs;
  for (const LedgerRow& row : rows.rows) {
    runs.push_back(run_of(row));
    DRAY_TRY(add_details(session, runs.back()));
  }
  return runs;
}

}  // namespace

Result<bool> has_run(Session& session, const RunId& run_id) {
  DRAY_ASSIGN(const bool there, has_ledger(session));
  if (!there) return false;
  SqlBuilder sql("select 1 from _dray.runs where run_id = ");
  DRAY_ASSIGN(const QueryResult runs, session.query(std::move(sql.text(run_id.text())).done()));
  return !runs.rows.empty();
}

Result<RunId> last_committed_run(Session& session, const std::string& source) {
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  if (!shape.is_there) return RunId();
  SqlBuilder sql("select run_id from _dray.runs where status in ('success', 'partial')");
  sql.code(" and source = ").text(source).sql(newest_first(shape)).code(" limit 1");
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(sql).done()));
  return RunId(rows.rows.empty() ? "" : text_of(rows.rows[0][0]));
}

Result<Failures> failures_in_a_row(Session& session, const std::string& source) {
  Failures failures;
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  if (!shape.is_there) return failures;
  SqlBuilder sql("select status, started_at from _dray.runs where source = ");
  sql.text(source).sql(newest_first(shape)).code(" limit 1000");
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(sql).done()));
  for (const auto& row : rows.rows) {
    if (row[0] != "failure") break;
    ++failures.count;
    failures.since = to_time(row[1]).value_or(Timestamp());
  }
  return failures;
}

Sql newest_first(const LedgerShape& shape) {
  if (!shape.has_run_numbers) return SqlBuilder(" order by started_at desc").done();
  return SqlBuilder(" order by coalesce(run_number, 0) desc, started_at desc").done();
}

Result<void> write_run(Session& session, const RunReport& report, Micros uuid_ts) {
  const std::string_view run_id = report.run_id.text();
  DRAY_ASSIGN(
      const QueryResult greatest,
      session.query(SqlBuilder("select coalesce(max(run_number), 0) from _dray.runs").done()));
  const std::int64_t run_number = to_number(greatest.rows[0][0], 0) + 1;
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
                number_value(report.objects_listed),
                number_value(report.objects_loaded),
                number_value(report.objects_set_aside),
                number_value(report.objects_known),
                number_value(report.bytes_read),
                number_value(report.bytes_plain),
                number_value(report.counts.lines),
                number_value(report.counts.loaded),
                number_value(report.counts.duplicate),
                number_value(report.counts.filtered),
                number_value(report.counts.rejected),
                number_value(report.values_rejected),
                text_or_null(report.error),
                run_number});
  }));
  const auto& collections = report.collections;
  std::string new_columns;
  DRAY_TRY(append_rows(
      session, "collections", collections.size(), [&](std::size_t i, std::vector<PlainValue>& row) {
        const CollectionReport& collection = collections[i];
        new_columns = joined(collection.new_columns);
        row.assign({run_id, std::string_view(collection.table),
                    number_value(collection.rows_loaded), number_value(collection.duplicates),
                    number_value(collection.rows_replaced),
                    number_value(collection.values_rejected), std::string_view(new_columns),
                    collection.created});
      }));
  return append_rows(session, "notices", report.notices.size(),
                     [&](std::size_t i, std::vector<PlainValue>& row) {
                       const Notice& notice = report.notices[i];
                       row.assign({run_id, std::string_view(notice.code),
                                   std::string_view(notice.message), number_value(notice.count)});
                     });
}

Result<std::optional<RunReport>> last_run(Session& session, const std::string& source,
                                          const LedgerShape& shape) {
  SqlBuilder last = select_runs();
  last.code(" where source = ").text(source).sql(newest_first(shape)).code(" limit 1");
  DRAY_ASSIGN(auto runs, read_runs(session, std::move(last).done()));
  if (runs.empty()) return std::optional<RunReport>();
  return std::optional<RunReport>(std::move(runs.front()));
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
  for (const LedgerRow& row : runs.rows)
    ids.push_back(text_of(row[0]));
  return ids;
}

void add_run_prefix(SqlBuilder& sql, const std::string& prefix) {
  sql.code("left(run_id, ").number(static_cast<std::uint64_t>(prefix.size())).code(") = ");
  sql.text(prefix);
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
  for (const LedgerRow& row : sources.rows)
    names.push_back(text_of(row[0]));
  return names;
}

}  // namespace dray
