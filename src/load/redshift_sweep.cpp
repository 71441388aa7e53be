#include "load/redshift_session.h"

#include <algorithm>

#include "ledger/tables.h"

namespace dray {
namespace {

// A run that began so long before the last one that committed cannot commit any more: what it read
// of the ledger is not true. The day is for one that has begun but not read yet.
constexpr std::chrono::hours run_hours_min(24);

// The run in a staging table's name, "source run number".
RunId run_of(const StagingTable& table) {
  const std::size_t end = table.name.rfind(' ');
  const std::size_t begin = table.name.rfind(' ', end - 1) + 1;
  std::string run_id = table.name.substr(begin, end - begin);
  // Names are folded to lower case.
  std::ranges::replace(run_id, 't', 'T');
  return RunId(std::move(run_id));
}

bool can_commit_no_more(const RunId& run_id, const StageRun& run) {
  const auto its_own = run_id.began();
  const auto last = run.last_committed_run.began();
  return its_own && last && *its_own + run_hours_min < *last;
}

}  // namespace

// What other runs of this source have left: those that are recorded have ended, whatever became of
// them; others cannot commit any more. But what a failed table still needs stays.
Result<void> RedshiftSession::sweep(const StageRun& run) {
  DRAY_TRY(catalog(ledger_schema));
  DRAY_ASSIGN(const std::vector<StagingTable> tables, staging_tables(run.source));
  DRAY_ASSIGN(std::vector<RunId> runs, cluster_->area->runs(run.source));
  for (const StagingTable& table : tables)
    runs.push_back(run_of(table));
  DRAY_ASSIGN(const std::set<RunId> ended, recorded(runs));
  // Asked for after the runs: one that has ended by then has written what it left pending.
  DRAY_ASSIGN(const std::vector<std::string> kept, pending_folders(run.source));
  const auto has_ended = [&](const RunId& other) {
    return other != run.run_id && (ended.contains(other) || can_commit_no_more(other, run));
  };
  for (const StagingTable& table : tables) {
    if (has_ended(run_of(table))) DRAY_TRY(execute(drop_staging_table(table)));
  }
  for (const RunId& other : std::set<RunId>(runs.begin(), runs.end())) {
    if (has_ended(other)) DRAY_TRY(cluster_->area->remove_run(run.source, other, kept));
  }
  return {};
}

Result<std::vector<std::string>> RedshiftSession::pending_folders(const std::string& source) {
  std::vector<std::string> folders;
  if (!ledger_columns_.contains("pending")) return folders;
  SqlBuilder sql("select files from ");
  sql.word(pending_table).code(" where source = ").text(source);
  DRAY_ASSIGN(const QueryResult rows, query(std::move(sql).done()));
  for (const auto& row : rows.rows)
    folders.push_back(row[0]->substr(0, row[0]->rfind('/') + 1));
  return folders;
}

Result<std::vector<StagingTable>> RedshiftSession::staging_tables(const std::string& source) {
  SqlBuilder sql("select table_name from svv_tables where table_schema = ");
  DRAY_ASSIGN(const QueryResult rows, query(std::move(sql.text(redshift_staging_schema)).done()));
  std::vector<StagingTable> tables;
  for (const auto& row : rows.rows) {
    if (row[0]->starts_with(staging_table_prefix(source))) {
      tables.push_back({redshift_staging_schema, *row[0]});
    }
  }
  return tables;
}

Result<std::set<RunId>> RedshiftSession::recorded(const std::vector<RunId>& run_ids) {
  std::set<RunId> found;
  if (run_ids.empty() || !ledger_columns_.contains("runs")) return found;
  SqlBuilder sql("select run_id from ");
  sql.word(runs_table).code(" where run_id in (");
  for (std::size_t i = 0; i < run_ids.size(); ++i) {
    if (i > 0) sql.code(", ");
    sql.text(run_ids[i].text());
  }
  DRAY_ASSIGN(const QueryResult rows, query(std::move(sql.code(")")).done()));
  for (const auto& row : rows.rows)
    found.insert(RunId(*row[0]));
  return found;
}

}  // namespace dray
