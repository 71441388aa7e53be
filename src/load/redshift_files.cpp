#include "load/redshift_session.h"

#include <algorithm>
#include <thread>

#include "load/redshift_errors.h"
#include "load/redshift_limits.h"
#include "sql/query_values.h"

namespace dray {
namespace {

// When sys_load_detail learns of a file is not documented: what it tells too soon is asked again.
constexpr std::chrono::seconds told_late_max(2);

// How many files a workgroup reads at once, which does not tell.
constexpr unsigned slices_of_a_workgroup = 8;

// 128 nodes of 16.
constexpr std::int64_t slices_most = 4'096;

}  // namespace

Result<StageOutcome> RedshiftSession::stage(const StageRun& run,
                                            const std::vector<FilesToLoad*>& loads) {
  if (cluster_->area == nullptr) {
    return config_error("Redshift takes rows from S3 alone, and no staging location is named",
                        "staging=s3://BUCKET/PREFIX in the address, or staging: in dray.yaml");
  }
  run_ = run;
  DRAY_TRY(sweep(run));
  const std::optional<unsigned> slices_told = slices();
  stager_.set_slices(slices_told.value_or(slices_of_a_workgroup));
  StageOutcome outcome;
  outcome.failures.resize(loads.size());
  find_room(loads, !slices_told, outcome);
  DRAY_TRY(make_schema(redshift_staging_schema));
  DRAY_TRY(stager_.stage(run, loads, outcome.failures));
  check_files(loads, outcome);
  return outcome;
}

// How many files are read at once. A workgroup does not tell.
std::optional<unsigned> RedshiftSession::slices() {
  const auto counted = query(SqlBuilder("select count(*) from stv_slices where type = 'D'").done());
  if (!counted || counted->rows.empty()) return std::nullopt;
  const auto count = integer_in(counted->rows[0][0]);
  if (!count || *count <= 0 || *count >= slices_most) return std::nullopt;
  return static_cast<unsigned>(*count);
}

// Where nobody tells how many tables there are, Redshift will say itself when there are too many.
void RedshiftSession::find_room(const std::vector<FilesToLoad*>& loads, bool is_workgroup,
                                StageOutcome& outcome) {
  if (std::ranges::none_of(loads, [](const FilesToLoad* load) { return load->created; })) return;
  const auto tables = count_tables(*connection_);
  if (!tables) return;
  leave_out_without_room(*tables, table_limits(cluster_->options.tables_max, is_workgroup), loads,
                         outcome);
}

// Every COPY must have read the files that were written for it. Where the view does not tell, its
// rows have been counted all the same.
void RedshiftSession::check_files(const std::vector<FilesToLoad*>& loads, StageOutcome& outcome) {
  std::map<std::int64_t, std::uint64_t> written;  // by COPY
  for (const FilesToLoad* load : loads) {
    const RedshiftStaged& staged = stager_.staged().at(load->files);
    const std::uint64_t files = staged.files.parts;
    if (staged.copy == 0 || staged.files.part(files).size() > told_name_bytes_max) continue;
    written.emplace(staged.copy, files);
  }
  if (written.empty()) return;
  const std::map<std::int64_t, std::uint64_t> told = told_files(written);
  for (std::size_t i = 0; i < loads.size(); ++i) {
    const RedshiftStaged& staged = stager_.staged().at(loads[i]->files);
    const auto read = told.find(staged.copy);
    if (read == told.end() || read->second == staged.files.parts) continue;
    outcome.failures[i] = internal_error("COPY read " + std::to_string(read->second) + " of " +
                                         std::to_string(staged.files.parts) + " files");
  }
  const std::size_t untold = written.size() - told.size();
  if (untold == 0 || std::exchange(uncounted_told_, true)) return;
  outcome.notices.push_back({"files_not_counted",
                             "sys_load_detail did not tell how many files were copied; all of "
                             "their rows were counted, and arrived",
                             untold});
}

std::map<std::int64_t, std::uint64_t> RedshiftSession::told_files(
    const std::map<std::int64_t, std::uint64_t>& written) {
  std::vector<std::int64_t> copies;
  copies.reserve(written.size());
  for (const auto& [copy, files] : written)
    copies.push_back(copy);
  auto told = count_files(*connection_, copies);
  const bool is_short = told && std::ranges::any_of(*told, [&](const auto& each) {
                          return each.second < written.at(each.first);
                        });
  if (is_short) {
    std::this_thread::sleep_for(told_late_max);
    told = count_files(*connection_, copies);
  }
  return told ? std::move(told).value() : std::map<std::int64_t, std::uint64_t>();
}

Result<FilesToLoad> RedshiftSession::read_files(const std::string& files) {
  if (cluster_->area == nullptr) return config_error(files + ": no staging location is named");
  DRAY_ASSIGN(const StagedTable staged, cluster_->area->read(files));
  FilesToLoad load;
  load.schema = staged.schema;
  load.table = staged.table;
  load.columns = staged.columns;
  load.lineage_table = staged.lineage_table;
  load.rival_tables = staged.rival_tables;
  load.profile_id_column = staged.profile_id_column;
  load.profile_table = staged.profile_table;
  load.files = files;
  load.rows_in_files = staged.rows;
  return load;
}

}  // namespace dray
