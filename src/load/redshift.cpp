#include "load/redshift.h"

#include <algorithm>
#include <charconv>
#include <functional>
#include <map>
#include <set>
#include <span>
#include <thread>

#include "base/hash.h"
#include "ledger/tables.h"
#include "load/profile_casts.h"
#include "load/redshift_cluster.h"
#include "load/redshift_errors.h"
#include "load/redshift_limits.h"
#include "load/redshift_rows.h"
#include "load/redshift_sql.h"
#include "load/redshift_stage.h"
#include "load/reserved_schemas.h"
#include "load/rivals.h"

namespace dray {
namespace {

constexpr const char* lock_table = "lock";

// Redshift takes 16 MB of statement; a list of numbers of this length stays far below.
constexpr std::size_t numbers_per_statement = 10'000;

// When sys_load_detail learns of a file is not documented: what it tells too soon is asked again.
constexpr std::chrono::seconds told_late_max(2);

// How many files a workgroup reads at once, which does not tell.
constexpr unsigned slices_of_a_workgroup = 8;

// 128 nodes of 16.
constexpr std::int64_t slices_most = 4'096;

// Of a run's id: it began a day before the last one that committed, so what it read of the ledger
// is not true any more, and it cannot commit. The day is for one that has begun but not read yet.
constexpr std::chrono::hours run_hours_min(24);

// Of a staging table's name: "source run number".
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

// Bigints and timestamps as the server writes them.
std::int64_t to_number(std::string_view text) {
  std::int64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}
Micros to_micros(std::string_view text) { return parse_timestamp(text).value_or(0); }

// The place of each object's key in the load's list, by the number that the ledger gave it.
using ObjectPlaces = std::map<std::int64_t, std::uint32_t>;

ObjectPlaces objects_by_number(const std::vector<std::int64_t>& numbers) {
  ObjectPlaces places;
  for (std::uint32_t i = 0; i < numbers.size(); ++i)
    places.emplace(numbers[i], i);
  return places;
}

class RedshiftSession final : public WarehouseSession, public FileLoader {
 public:
  // Borrows the dialect.
  RedshiftSession(std::shared_ptr<RedshiftCluster> cluster, const RedshiftDialect& dialect,
                  std::unique_ptr<PqConnection> connection)
      : cluster_(std::move(cluster)),
        dialect_(dialect),
        connection_(std::move(connection)),
        stager_(*cluster_) {}

  ~RedshiftSession() override { abandon(); }
  RedshiftSession(const RedshiftSession&) = delete;
  RedshiftSession& operator=(const RedshiftSession&) = delete;

  Result<Catalog> catalog(const std::string& schema) override;
  Loader loader() override { return static_cast<FileLoader*>(this); }
  Result<StageOutcome> stage(const StageRun& run, const std::vector<FilesToLoad*>& loads) override;
  Result<FilesToLoad> read_files(const std::string& files) override;

  Result<void> begin() override {
    for (auto& [files, staged] : stager_.staged())
      staged.is_loaded = false;
    DRAY_TRY(make_lock());
    ledger_columns_before_ = ledger_columns_;
    return connection_->execute(SqlBuilder("begin").done());
  }
  Result<void> lock(std::chrono::seconds wait_max) override;
  Result<void> rollback() override {
    ledger_columns_ = ledger_columns_before_;
    ledger_catalog_.reset();
    return connection_->execute(SqlBuilder("rollback").done());
  }
  Result<void> commit() override;
  void interrupt() override {
    stager_.interrupt();
    connection_->interrupt();
  }

  Result<void> apply(const SchemaChange& change) override;
  Result<void> execute(const Sql& sql) override {
    return connection_->execute(sql.with_backslashes_escaped());
  }
  Result<QueryResult> query(const Sql& sql) override {
    return connection_->query(sql.with_backslashes_escaped());
  }

  Result<FilesLoaded> load(FilesToLoad& load) override;
  Result<std::uint64_t> merge_profiles(const FilesProfileMerge& merge) override;
  Result<void> append(const std::string& schema, const std::string& table,
                      RowSource& rows) override;

 private:
  Result<std::uint64_t> changed(const Sql& sql) {
    return connection_->changed_rows(sql.with_backslashes_escaped());
  }
  RedshiftRows new_rows(std::vector<std::uint32_t> widths);
  Result<void> put_rows(const std::string& schema, const std::string& table, RedshiftRows& rows);
  const DedupeWindow& window() const { return cluster_->options.dedupe_window; }

  Result<Catalog> read_catalog(const std::string& schema);
  Result<bool> has_schema(const std::string& schema);
  Result<void> make_schema(const std::string& schema);
  Result<void> make_once(const Sql& sql);
  void remember_columns(const Catalog& catalog);
  void remember_columns(const CreateTable& table);
  void remember_column(const AddColumn& added);
  std::vector<std::uint32_t> widths_of(const std::string& table) const;

  Result<std::vector<std::string>> find_objects(const FilesToLoad& load, RedshiftStaged& staged);
  Result<void> find_rivals(const FilesToLoad& load, const RedshiftStaged& staged, Rivals& rivals);
  Result<void> find_places(const TableLoad& load, Rivals& rivals);
  Result<std::uint64_t> remove_losers(const FilesToLoad& load, const RedshiftStaged& staged,
                                      const std::vector<std::string>& object_keys);
  Result<void> reject_values(const FilesProfileMerge& merge, const ProfileCast& cast,
                             RejectReason reason,
                             const std::function<bool(std::string_view)>& fits);
  Result<void> cast_values(const ProfileMerge& merge, const ProfileCast& cast,
                           const std::string& temp_table);
  Result<void> note_profiles(const TableLoad& load, const StagingTable& table);
  Result<void> note_all_profiles(const TableLoad& load);

  std::optional<unsigned> slices();
  void find_room(const std::vector<FilesToLoad*>& loads, bool is_workgroup, StageOutcome& outcome);
  void check_files(const std::vector<FilesToLoad*>& loads, StageOutcome& outcome);
  std::map<std::int64_t, std::uint64_t> told_files(
      const std::map<std::int64_t, std::uint64_t>& written);
  Result<void> make_lock();
  Result<void> sweep(const StageRun& run);
  Result<std::vector<std::string>> pending_folders(const std::string& source);
  Result<std::set<RunId>> recorded(const std::vector<RunId>& run_ids);
  Result<std::vector<StagingTable>> staging_tables(const std::string& source);
  void remove_files();
  void abandon();

  std::shared_ptr<RedshiftCluster> cluster_;
  const RedshiftDialect& dialect_;
  std::unique_ptr<PqConnection> connection_;
  RedshiftStager stager_;
  StageRun run_;  // once something is staged
  bool in_doubt_ = false;
  bool uncounted_told_ = false;
  ProfileTables profiles_;  // of the last load that has profiles
  std::size_t merges_ = 0;
  std::size_t files_written_ = 0;  // folders of rows for Dray's own tables
  // Of the schema _dray, read once: nobody but Dray changes it, and what another run makes of it
  // meanwhile is found out behind the lock.
  std::optional<Catalog> ledger_catalog_;
  // The bytes that each column's text may have, by table of it.
  std::map<std::string, std::vector<std::uint32_t>> ledger_columns_;
  std::map<std::string, std::vector<std::uint32_t>> ledger_columns_before_;  // the transaction
};

Result<Catalog> RedshiftSession::catalog(const std::string& schema) {
  if (schema != ledger_schema) return read_catalog(schema);
  if (!ledger_catalog_) {
    DRAY_ASSIGN(ledger_catalog_, read_catalog(schema));
    remember_columns(*ledger_catalog_);
  }
  return *ledger_catalog_;
}

Result<Catalog> RedshiftSession::read_catalog(const std::string& schema) {
  Catalog out;
  out.schema = schema;
  DRAY_ASSIGN(out.schema_exists, has_schema(schema));
  SqlBuilder views("select table_name from svv_tables where table_type = 'VIEW' and ");
  DRAY_ASSIGN(const QueryResult view_rows,
              query(std::move(views.code("table_schema = ").text(schema)).done()));
  std::set<std::string> view_names;
  for (const auto& row : view_rows.rows)
    view_names.insert(*row[0]);
  SqlBuilder sql(
      "select table_name, column_name, data_type, character_maximum_length from svv_columns where "
      "table_schema = ");
  DRAY_ASSIGN(
      const QueryResult columns,
      query(std::move(sql.text(schema).code(" order by table_name, ordinal_position")).done()));
  for (const auto& row : columns.rows) {
    if (out.tables.empty() || out.tables.back().name != *row[0]) {
      out.tables.push_back({*row[0], view_names.contains(*row[0]), {}});
    }
    const auto type = redshift_catalog_types.type_named(*row[2]);
    LiveColumn column{*row[1], *row[2], type.has_value(), type.value_or(ColumnType::varchar)};
    if (type == ColumnType::varchar && row[3]) {
      column.varchar_bytes = static_cast<std::uint32_t>(to_number(*row[3]));
    }
    out.tables.back().columns.push_back(std::move(column));
  }
  return out;
}

Result<bool> RedshiftSession::has_schema(const std::string& schema) {
  SqlBuilder sql("select 1 from pg_namespace where nspname = ");
  DRAY_ASSIGN(const QueryResult found, query(std::move(sql.text(schema)).done()));
  return !found.rows.empty();
}

// CREATE SCHEMA asks for the right to make one before it looks whether there is one, and that right
// is not everybody's.
Result<void> RedshiftSession::make_schema(const std::string& schema) {
  DRAY_ASSIGN(const bool exists, has_schema(schema));
  return exists ? Result<void>() : make_once(dialect_.create_schema(schema));
}

// "If not exists" fails for one of two that make it at the same time, who finds it made then.
// Inside a transaction the second attempt fails too, as all that follows does there.
Result<void> RedshiftSession::make_once(const Sql& sql) {
  auto made = execute(sql);
  if (made || made.error().cause != Cause::transient) return made;
  return execute(sql) ? Result<void>() : std::move(made);
}

void RedshiftSession::remember_columns(const Catalog& catalog) {
  for (const LiveTable& table : catalog.tables) {
    std::vector<std::uint32_t>& widths = ledger_columns_[table.name];
    widths.clear();
    for (const LiveColumn& column : table.columns)
      widths.push_back(column.varchar_bytes.value_or(0));
  }
}

void RedshiftSession::remember_columns(const CreateTable& table) {
  ledger_catalog_.reset();
  std::vector<std::uint32_t>& widths = ledger_columns_[table.table];
  for (const Column& column : table.columns)
    widths.push_back(column.type == ColumnType::varchar ? column.varchar_bytes : 0);
}

void RedshiftSession::remember_column(const AddColumn& added) {
  ledger_catalog_.reset();
  const bool is_text = added.column.type == ColumnType::varchar;
  ledger_columns_[added.table].push_back(is_text ? added.column.varchar_bytes : 0);
}

std::vector<std::uint32_t> RedshiftSession::widths_of(const std::string& table) const {
  const auto known = ledger_columns_.find(table);
  return known == ledger_columns_.end() ? std::vector<std::uint32_t>() : known->second;
}

Result<void> RedshiftSession::apply(const SchemaChange& change) {
  const auto* const table = std::get_if<CreateTable>(&change);
  const bool is_ledger = table != nullptr && table->schema == ledger_schema;
  if (const auto* const schema = std::get_if<CreateSchema>(&change))
    return make_schema(schema->schema);
  // "If not exists" is a statement, and a round trip, for each of the ledger's tables.
  if (is_ledger && ledger_columns_.contains(table->table)) return {};
  auto applied = execute(ddl_of(dialect_, change));
  if (applied && is_ledger) remember_columns(*table);
  if (const auto* const added = std::get_if<AddColumn>(&change);
      applied && added != nullptr && added->schema == ledger_schema) {
    remember_column(*added);
  }
  if (applied || !std::holds_alternative<WidenColumn>(change)) return applied;
  // Somebody was quicker: "target column size should be different" [0A000].
  const bool is_wide =
      applied.error().message.find("size should be different") != std::string::npos;
  return is_wide ? Result<void>() : applied;
}

// --- staging -------------------------------------------------------------------------------------

Result<StageOutcome> RedshiftSession::stage(const StageRun& run,
                                            const std::vector<FilesToLoad*>& loads) {
  if (cluster_->area == nullptr) {
    return config_error("Redshift takes rows from S3 alone, and no staging place is named",
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
  const std::int64_t count = to_number(counted->rows[0][0].value_or("0"));
  if (count <= 0 || count >= slices_most) return std::nullopt;
  return static_cast<unsigned>(count);
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

Result<FilesToLoad> RedshiftSession::read_files(const std::string& files) {
  if (cluster_->area == nullptr) return config_error(files + ": no staging place is named");
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

// --- the transaction -----------------------------------------------------------------------------

// A table of its own, for a lock keeps readers out too. It is there before the transaction: to make
// a table would take the transaction's snapshot.
Result<void> RedshiftSession::make_lock() {
  if (ledger_columns_.contains(lock_table)) return {};
  const CreateTable table{ledger_schema, lock_table, {{"holder", ColumnType::varchar, 64}}, true};
  DRAY_TRY(make_schema(ledger_schema));
  DRAY_TRY(make_once(ddl_of(RedshiftDialect({}, Comments::none), table)));
  remember_columns(table);
  return {};
}

// LOCK takes no snapshot, so that what follows sees what the others have committed.
Result<void> RedshiftSession::lock(std::chrono::seconds wait_max) {
  const auto milliseconds = std::chrono::milliseconds(wait_max).count();
  SqlBuilder bounded("set statement_timeout to ");
  DRAY_TRY(execute(std::move(bounded.number(static_cast<std::int64_t>(milliseconds))).done()));
  SqlBuilder sql("lock table ");
  auto locked = execute(std::move(sql.table(ledger_schema, lock_table)).done());
  if (!locked) return std::move(locked).error().within("wait for another load to end");
  return execute(SqlBuilder("set statement_timeout to default").done());
}

Result<FilesLoaded> RedshiftSession::load(FilesToLoad& load) {
  const auto at = stager_.staged().find(load.files);
  DRAY_ASSERT(at != stager_.staged().end());
  RedshiftStaged& staged = at->second;
  FilesLoaded loaded;
  if (load.rows) {
    staged.object_places = objects_by_number(*load.rows->object_numbers);
  } else {
    DRAY_ASSIGN(loaded.object_keys, find_objects(load, staged));
  }
  // Of all the rows: also what loses now may tie with what comes later.
  if (load.lineage_table) DRAY_TRY(execute(insert_lineage(load, staged.table)));
  if (!load.created) {
    DRAY_ASSIGN(loaded.rows_lost, remove_losers(load, staged, loaded.object_keys));
  }
  if (!load.profile_id_column.empty()) DRAY_TRY(note_profiles(load, staged.table));
  if (!load.created) {
    DRAY_ASSIGN(loaded.rows_replaced, changed(delete_replaced_rows(load, staged.table, window())));
  }
  DRAY_ASSIGN(loaded.rows_inserted, changed(insert_staged_rows(load, staged.table)));
  staged.is_loaded = true;
  return loaded;
}

// --- duplicates ----------------------------------------------------------------------------------

// Staged rows that a stored row outdoes leave the staging table.
Result<std::uint64_t> RedshiftSession::remove_losers(const FilesToLoad& load,
                                                     const RedshiftStaged& staged,
                                                     const std::vector<std::string>& object_keys) {
  RunRows earlier;
  earlier.object_keys = &object_keys;
  const RunRows& rows = load.rows ? *load.rows : std::as_const(earlier);
  Rivals rivals(rows, cluster_->duplicates_bytes);
  std::uint64_t rows_lost = 0;
  do {
    DRAY_TRY(find_rivals(load, staged, rivals));
    DRAY_TRY(find_places(load, rivals));
    const std::vector<std::uint64_t> lost = rivals.settle().rows_lost;
    for (std::size_t done = 0; done < lost.size(); done += numbers_per_statement) {
      const std::size_t count = std::min(numbers_per_statement, lost.size() - done);
      DRAY_ASSIGN(const std::uint64_t removed,
                  changed(delete_staged_rows(staged.table, std::span(lost).subspan(done, count))));
      if (removed != count) {
        return internal_error(load.table + ": " + std::to_string(count) + " staged rows lost and " +
                              std::to_string(removed) + " were removed; nothing was committed");
      }
    }
    rows_lost += lost.size();
  } while (rivals.next_part());
  return rows_lost;
}

Result<void> RedshiftSession::find_rivals(const FilesToLoad& load, const RedshiftStaged& staged,
                                          Rivals& rivals) {
  const ObjectPlaces& places = staged.object_places;
  const auto add = [&](PqRow row) -> Result<void> {
    Rival rival;
    rival.row = static_cast<std::uint64_t>(to_number(*row[0]));
    rival.key.uuid = static_cast<std::uint64_t>(to_number(*row[1]));
    rival.key.received_at = to_micros(*row[2]);
    rival.stored_received_at = to_micros(*row[3]);
    const auto object = places.find(to_number(*row[4]));
    if (object == places.end()) return internal_error("a staged row of an unknown object");
    rival.key.object = object->second;
    rival.key.line = static_cast<std::uint32_t>(to_number(*row[5]));
    // Rows that waited in files may have been read again since: by a retry, or after a change.
    rival.staged_is_older = !load.rows && to_micros(*row[6]) < to_micros(*row[7]);
    rivals.add(rival);
    return {};
  };
  return connection_->each_row(select_rivals(load, staged.table, window(), rivals.rows()), add);
}

// Of rows that an earlier run staged: its objects are not this run's.
Result<std::vector<std::string>> RedshiftSession::find_objects(const FilesToLoad& load,
                                                               RedshiftStaged& staged) {
  DRAY_ASSIGN(const QueryResult objects, query(select_staged_objects(load.schema, staged.table)));
  std::vector<std::int64_t> numbers;
  std::vector<std::string> keys;
  for (const auto& row : objects.rows) {
    numbers.push_back(to_number(*row[0]));
    keys.push_back(*row[1]);
  }
  staged.object_places = objects_by_number(numbers);
  return keys;
}

// Where the stored rows came from that are as late as their staged rivals.
Result<void> RedshiftSession::find_places(const TableLoad& load, Rivals& rivals) {
  const std::vector<std::int64_t> tied = rivals.tied_uuids();
  const std::pair<Micros, Micros> times = rivals.tied_times();
  for (std::size_t done = 0; done < tied.size(); done += numbers_per_statement) {
    const std::size_t count = std::min(numbers_per_statement, tied.size() - done);
    const auto add = [&](PqRow row) -> Result<void> {
      rivals.add_place(to_number(*row[0]), to_micros(*row[1]), *row[2],
                       static_cast<std::uint64_t>(to_number(*row[3])));
      return {};
    };
    DRAY_TRY(connection_->each_row(
        select_places(load.rival_tables, std::span(tied).subspan(done, count), times), add));
  }
  return {};
}

// --- profiles ------------------------------------------------------------------------------------

Result<void> RedshiftSession::note_profiles(const TableLoad& load, const StagingTable& table) {
  const std::string number = std::to_string(++merges_);
  profiles_ = {"dray touched " + number, "dray kept " + number, "dray cast " + number + " "};
  DRAY_TRY(execute(create_touched_profiles(load, profiles_)));
  DRAY_TRY(execute(insert_staged_profiles(load, table, profiles_)));
  if (load.created) return {};
  if (load.touches_all_profiles) return note_all_profiles(load);
  return execute(insert_replaced_profiles(load, table, window(), profiles_));
}

// A stored id's hash is nowhere but in its profile, which is gone: it is made here.
Result<void> RedshiftSession::note_all_profiles(const TableLoad& load) {
  RedshiftRows ids = new_rows({});
  DRAY_TRY(
      connection_->each_row(select_other_profiles(load, profiles_), [&](PqRow row) -> Result<void> {
        return ids.add({*row[0], static_cast<std::int64_t>(xxh3(*row[0]))});
      }));
  return put_rows("", profiles_.touched, ids);
}

Result<std::uint64_t> RedshiftSession::merge_profiles(const FilesProfileMerge& merge) {
  for (std::size_t i = 0; i < merge.casts.size(); ++i) {
    const ProfileCast& cast = merge.casts[i];
    DRAY_TRY(cast_values(merge, cast, profiles_.cast(i)));
    DRAY_TRY(reject_values(merge, cast, reason_of(cast), [&](std::string_view text) {
      return cast_stored(cast, text).has_value();
    }));
  }
  for (const ProfileRefusal& refused : merge.refused_columns) {
    DRAY_TRY(reject_values(merge, {refused.column, refused.from}, refused.reason,
                           [](std::string_view) { return false; }));
  }
  if (!merge.kept_columns.empty()) {
    DRAY_TRY(execute(create_kept_values(merge, profiles_)));
  }
  DRAY_TRY(execute(delete_touched_profiles(merge, profiles_)));
  return changed(insert_merged_profiles(merge, profiles_));
}

// Staged values that the profiles' column does not take. `cast` tells column and types.
Result<void> RedshiftSession::reject_values(const FilesProfileMerge& merge, const ProfileCast& cast,
                                            RejectReason reason,
                                            const std::function<bool(std::string_view)>& fits) {
  const FilesToLoad& load = *merge.load;
  const RedshiftStaged& staged = stager_.staged().at(load.files);
  const auto& columns = staged.files.columns;
  if (std::ranges::find(columns, cast.column, &LoadColumn::name) == columns.end()) return {};
  const ObjectPlaces& places = staged.object_places;
  const auto tell = [&](PqRow row) -> Result<void> {
    const std::string text = stored_text(cast.from, *row[2]);
    if (fits(text)) return {};
    const auto object = places.find(to_number(*row[0]));
    if (object == places.end()) return internal_error("a staged row of an unknown object");
    merge.value_rejects({object->second, static_cast<std::uint32_t>(to_number(*row[1])), reason,
                         cast.column, cast.to, text});
    return {};
  };
  return connection_->each_row(select_staged_values(load, staged.table, cast.column), tell);
}

// Fills a table that tells what the values become that fit.
Result<void> RedshiftSession::cast_values(const ProfileMerge& merge, const ProfileCast& cast,
                                          const std::string& temp_table) {
  DRAY_TRY(execute(create_cast_values(cast, temp_table)));
  RedshiftRows fitting = new_rows({});
  const auto add = [&](PqRow row) -> Result<void> {
    const std::string text = stored_text(cast.from, *row[0]);
    const auto value = cast_stored(cast, text);
    return value ? fitting.add({*stored_value(cast.from, text), *value}) : Result<void>();
  };
  DRAY_TRY(connection_->each_row(select_values_to_cast(merge, cast, profiles_), add));
  return put_rows("", temp_table, fitting);
}

// --- Dray's own tables ---------------------------------------------------------------------------

Result<void> RedshiftSession::append(const std::string& schema, const std::string& table,
                                     RowSource& rows) {
  RedshiftRows out = new_rows(widths_of(table));
  std::vector<PlainValue> row;
  while (true) {
    DRAY_ASSIGN(const bool more, rows.next(row));
    if (!more) break;
    DRAY_TRY(out.add(row));
    if (const auto values = out.take_literals()) {
      DRAY_TRY(execute(insert_literals(schema, table, *values)));
    }
  }
  return put_rows(schema, table, out);
}

RedshiftRows RedshiftSession::new_rows(std::vector<std::uint32_t> widths) {
  std::string folder;
  if (cluster_->area != nullptr && !run_.run_id.empty()) {
    folder = cluster_->area->ledger_folder(run_.source, run_.run_id, ++files_written_);
  }
  StagingArea* const area = folder.empty() ? nullptr : cluster_->area.get();
  return {area, std::move(folder), std::move(widths)};
}

// What is not in the table yet.
Result<void> RedshiftSession::put_rows(const std::string& schema, const std::string& table,
                                       RedshiftRows& rows) {
  if (const auto values = rows.take_last_literals()) {
    return execute(insert_literals(schema, table, *values));
  }
  if (!rows.in_files()) return {};
  DRAY_ASSIGN(const std::string manifest, rows.end());
  DRAY_ASSIGN(const CopyAccess access, cluster_->copy_access());
  const CopyTarget target{schema, table, manifest, rows.null_text(), std::nullopt};
  DRAY_TRY(execute(copy_file(target, access)));
  DRAY_TRY(check_copy(*connection_, rows.count()));
  return {};
}

// --- the end -------------------------------------------------------------------------------------

Result<void> RedshiftSession::commit() {
  for (const auto& [files, staged] : stager_.staged())
    DRAY_TRY(execute(drop_staging_table(staged.table)));
  auto committed = connection_->commit();
  if (!committed) {
    in_doubt_ = committed.error().cause == Cause::in_doubt;
    return committed;
  }
  remove_files();
  return {};
}

// What is loaded is not wanted any more. If a file cannot be removed now a later run does it.
void RedshiftSession::remove_files() {
  std::vector<std::string> kept;
  for (const auto& [files, staged] : stager_.staged()) {
    if (!staged.is_loaded) {
      kept.push_back(staged.files.folder);
    } else if (!staged.is_own) {
      (void)cluster_->area->remove(staged.files.folder);
    }
  }
  if (!run_.run_id.empty()) (void)cluster_->area->remove_run(run_.source, run_.run_id, kept);
  stager_.staged().clear();
}

// Not committed: what this run has staged is of no use to anybody, unless nobody knows whether it
// is. What cannot be removed now a later run removes.
void RedshiftSession::abandon() {
  if (in_doubt_ || stager_.staged().empty()) return;
  (void)cluster_->area->remove_run(run_.source, run_.run_id, {});
  if (!rollback()) {
    // Interrupted, or lost.
    auto connection = cluster_->connect();
    if (!connection) return;
    connection_ = std::move(connection).value();
  }
  for (const auto& [files, staged] : stager_.staged())
    (void)execute(drop_staging_table(staged.table));
}

// --- the warehouse -------------------------------------------------------------------------------

// In the staging place. Borrows the cluster, which has one.
class RedshiftNotes final : public Notes {
 public:
  explicit RedshiftNotes(const RedshiftCluster& cluster) : cluster_(cluster) {}

  bool keeps(NoteKind kind) const override {
    return kind == NoteKind::look || cluster_.options.let_sleep;
  }
  Result<std::optional<std::string>> read(NoteKind kind, const std::string& source) override {
    if (!keeps(kind)) return std::optional<std::string>();
    return cluster_.area->read_note(kind, source);
  }
  Result<void> write(NoteKind kind, const std::string& source, const std::string& note) override {
    return keeps(kind) ? cluster_.area->write_note(kind, source, note) : Result<void>();
  }

 private:
  const RedshiftCluster& cluster_;
};

class RedshiftWarehouse final : public Warehouse {
 public:
  RedshiftWarehouse(std::shared_ptr<RedshiftCluster> cluster, Access access)
      : cluster_(std::move(cluster)),
        access_(access),
        dialect_(cluster_->options.choices,
                 cluster_->options.comments ? Comments::on_tables : Comments::none),
        notes_(*cluster_) {}

  Result<std::unique_ptr<WarehouseSession>> open_session() override {
    DRAY_ASSIGN(auto connection, cluster_->connect());
    // There is no setting for it: the whole session is one transaction.
    if (access_ == Access::read_only) {
      DRAY_TRY(connection->execute(SqlBuilder("begin read only").done()));
    }
    return std::unique_ptr<WarehouseSession>(
        std::make_unique<RedshiftSession>(cluster_, dialect_, std::move(connection)));
  }
  const Dialect& dialect() const override { return dialect_; }
  Notes* notes() override { return cluster_->area == nullptr ? nullptr : &notes_; }
  std::optional<std::uint64_t> bytes_wanting(const Growth&) const override { return {}; }
  std::string location() const override { return cluster_->options.location; }

 private:
  const std::shared_ptr<RedshiftCluster> cluster_;
  const Access access_;
  const RedshiftDialect dialect_;
  RedshiftNotes notes_;
};

}  // namespace

Result<std::unique_ptr<Warehouse>> open_redshift(const std::string& address,
                                                 const WarehouseOptions& options) {
  DRAY_ASSIGN(RedshiftOptions redshift, redshift_options(address));
  redshift.choices = options.redshift_choices;
  DRAY_ASSIGN(auto cluster, reach_redshift(std::move(redshift), options));
  return std::unique_ptr<Warehouse>(
      std::make_unique<RedshiftWarehouse>(std::move(cluster), options.access));
}

}  // namespace dray
