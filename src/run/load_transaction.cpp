#include "run/load_transaction.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace dray {
namespace {

// A transaction that lost against another (Redshift's 1023, a deadlock) is tried so often.
constexpr int transaction_attempts_max = 3;

// Another sync's load may take long; a session whose COMMIT was not answered ends soon.
constexpr std::chrono::hours load_wait_max(1);
constexpr std::chrono::minutes commit_wait_max(1);

// What the warehouse says it took must be what was staged for it.
Result<void> check_counts(const TableLoad& load, const TableLoaded& loaded) {
  std::uint64_t live = 0;
  if (load.rows == nullptr) live = load.rows_in_files - loaded.rows_lost;
  for (std::uint64_t row = 0; load.rows != nullptr && row < load.rows->row_count(); ++row) {
    if (!load.rows->is_dropped(row)) ++live;
  }
  if (live == loaded.rows_inserted) return {};
  return internal_error("load " + load.table + ": " + std::to_string(live) +
                        " rows were staged and " + std::to_string(loaded.rows_inserted) +
                        " arrived; nothing was committed");
}

// As how many columns of Warehouse::columns_per_transaction_max() each one counts of a stored table
// that gets new ones. DuckDB, which alone has that bound, takes two blocks of 64 KiB for it beside
// the 33 KiB of a new table's, until a checkpoint. It can move those to temporary files, and does:
// gigabytes of empty blocks where a few columns are added to each of many tables.
constexpr std::size_t altered_column_weight = 5;

std::size_t weight_of(const TablePlan& table) {
  const bool is_altered = !table.created && !table.new_columns.empty();
  return table.columns.size() * (is_altered ? altered_column_weight : 1);
}

bool is_narrower(const LoadColumn& column, const WantedColumn& source) {
  return column.type == ColumnType::varchar &&
         column.varchar_bytes.value_or(varchar_bytes_unbounded) < source.varchar_bytes;
}

// Which values the profiles' columns take as they are, which otherwise, and which not at all.
void add_columns(const Profiles& profiles, ProfileMerge& merge) {
  for (const WantedColumn& source : profiles.sources) {
    const auto column = std::ranges::find(profiles.plan.columns, source.name, &LoadColumn::name);
    if (column == profiles.plan.columns.end()) continue;
    if (column->refused) {
      merge.refused_columns.push_back({source.name, source.type, *column->refused});
      continue;
    }
    merge.columns.push_back(source.name);
    if (column->type == source.type && !is_narrower(*column, source)) continue;
    merge.casts.push_back({source.name, source.type, column->type, column->varchar_bytes});
  }
}

// Behind the lock: the session that was lost may be committing still.
Result<bool> was_recorded(const RunContext& context, const IsRecorded& is_recorded) {
  DRAY_ASSIGN(const auto session, context.warehouse.open_session());
  DRAY_TRY(session->begin());
  DRAY_TRY(session->lock(commit_wait_max));
  return is_recorded(*session);
}

}  // namespace

// The ledger was written in the same transaction, so it has the record exactly if the rows are
// there.
Result<void> commit_recorded(const RunContext& context, std::unique_ptr<WarehouseSession>& session,
                             const IsRecorded& is_recorded) {
  auto committed = session->commit();
  if (committed || committed.error().cause != Cause::in_doubt) return committed;
  session.reset();
  const auto recorded = was_recorded(context, is_recorded);
  if (!recorded) {
    return in_doubt_error("commit: " + committed.error().message +
                          "; whether it happened could not be read either: " +
                          recorded.error().message + run_it_again);
  }
  if (*recorded) return {};
  return transient_error("commit: " + committed.error().message + "; the warehouse did not commit");
}

CollectionReport collection_of(const TablePlan& table) {
  CollectionReport collection;
  collection.table = table.table;
  collection.created = table.created;
  for (const Column& column : table.new_columns) {
    collection.new_columns.push_back(column.name + " " + std::string(to_string(column.type)));
  }
  return collection;
}

LoadTransaction::LoadTransaction(const Parts& parts)
    : parts_(parts), context_(parts.context), tables_(parts.tables) {}

Result<void> LoadTransaction::stage() {
  DRAY_TRY(widen_columns());
  loads_ = make_loads();
  std::vector<TableLoad*> loads;
  for (TableLoad& load : loads_)
    loads.push_back(&load);
  const RunReport& report = context_.report;
  StageRun run{report.source, report.run_id, {}};
  DRAY_ASSIGN(run.last_committed_run, last_committed_run(session(), report.source));
  const std::stop_callback on_stop(context_.stop, [this] { session().interrupt(); });
  DRAY_ASSIGN(StageOutcome outcome, session().stage(run, loads));
  for (std::size_t i = 0; i < outcome.failures.size(); ++i) {
    if (outcome.failures[i]) leave_out(i, *std::move(outcome.failures[i]));
  }
  for (Notice& notice : outcome.notices)
    context_.report.notices.push_back(std::move(notice));
  return {};
}

Result<void> LoadTransaction::widen_columns() {
  for (const SchemaChange& change : tables_.plan.changes) {
    const auto* const widen = std::get_if<WidenColumn>(&change);
    if (widen == nullptr) continue;
    DRAY_TRY(stop_requested());
    auto applied = session().apply(change);
    if (applied) continue;
    if (applied.error().cause == Cause::transient) return applied;
    keep_width(*widen, tables_);
    context_.notice(
        "column_not_widened",
        widen->schema + "." + widen->table + "." + widen->column + ": " + applied.error().message,
        1);
  }
  return {};
}

std::vector<TableLoad> LoadTransaction::make_loads() {
  std::vector<TableLoad> loads;
  for (std::size_t i = 0; i < tables_.targets.size(); ++i) {
    const Target& target = tables_.targets[i];
    TableLoad& load = loads.emplace_back();
    load.schema = context_.report.source;
    load.table = target.table;
    load.created = tables_.plan.tables[i].created;
    load.columns = tables_.plan.tables[i].columns;
    load.lineage_table = target.lineage_table;
    load.rival_tables = target.rival_tables;
    load.uuid_ts = parts_.uuid_ts;
    load.files = target.files;
    load.rows = target.rows.get();
    if (target.files.empty()) {
      load.object_keys = &parts_.objects.keys;
      load.object_numbers = &parts_.objects.row_numbers;
      load.reload = context_.request.reload_changed == ReloadChanged::yes;
    }
    load.check_seed = parts_.check_seed;
    load.profile_id_column = target.profile_id_column;
    load.profile_table = target.profile_table;
    load.value_rejects = parts_.value_rejects.sink(target.table);
    load.commit_so_far = [this] { return commit_tables(); };
  }
  return loads;
}

std::vector<LoadTransaction::LeftOut> LoadTransaction::left_out() const {
  std::vector<LeftOut> left_out;
  for (const auto& [i, why] : left_out_)
    left_out.push_back({loads_[i], why});
  return left_out;
}

std::vector<const TableLoad*> LoadTransaction::loaded() const {
  std::vector<const TableLoad*> loaded;
  for (std::size_t i = 0; i < loads_.size(); ++i) {
    if (!left_out_.contains(i)) loaded.push_back(&loads_[i]);
  }
  return loaded;
}

void LoadTransaction::leave_out(std::size_t target, Error why) {
  left_out_.emplace(target, std::move(why));
}

Result<void> LoadTransaction::write_and_commit(const std::function<Result<void>()>& write_record,
                                               const IsRecorded& is_recorded) {
  for (int attempt = 1;; ++attempt) {
    auto written = write_all(write_record);
    if (written) written = stop_requested();
    if (written) written = commit_recorded(context_, parts_.session, is_recorded);
    if (written) parts_.value_rejects.end_attempts();
    if (written || !may_try_again(written.error(), attempt)) return written;
    if (!session().rollback()) return written;
  }
}

bool LoadTransaction::may_try_again(const Error& error, int attempt) {
  if (!parts_.session || loads_.empty() || loads_.front().files.empty()) return false;
  if (error.cause == Cause::transient) return attempt < transaction_attempts_max;
  if (error.cause == Cause::cancelled || error.cause == Cause::in_doubt) return false;
  if (!table_at_work_) return false;
  return left_out_.emplace(*table_at_work_, error).second;
}

Result<void> LoadTransaction::write_all(const std::function<Result<void>()>& write_record) {
  const std::stop_callback on_stop(context_.stop, [this] { session().interrupt(); });
  context_.report.collections.clear();
  table_at_work_.reset();
  keys_in_files_.clear();
  DRAY_TRY(parts_.value_rejects.begin_attempt());
  DRAY_TRY(session().begin());
  DRAY_TRY(session().lock(load_wait_max));
  DRAY_TRY(create_ledger(session()));
  DRAY_TRY(check_ledger());
  const bool all_ended = std::ranges::all_of(parts_.ledger.objects,
                                             [](const auto& entry) { return entry.second.loaded; });
  if (!all_ended) DRAY_TRY(forget_unfinished(session(), context_.report.source));
  DRAY_TRY(make_schema());
  DRAY_TRY(forget_old_origins());
  DRAY_TRY(load_tables());
  return write_record();
}

// Whether somebody has loaded the source since its ledger was read: then the objects at hand may be
// in already.
Result<void> LoadTransaction::check_ledger() {
  const std::string& source = context_.report.source;
  DRAY_ASSIGN(const LedgerMark mark, read_mark(session(), source));
  const LedgerMark& known = parts_.ledger.mark;
  if (mark.objects != known.objects || mark.newest_run != known.newest_run ||
      mark.last_uuid_ts != known.last_uuid_ts) {
    Error error = transient_error("another sync has loaded " + source + " meanwhile");
    const bool can_begin_again = loads_.empty() || loads_.front().files.empty();
    if (can_begin_again) error.code = ErrorCode::overtaken;
    return error;
  }
  return {};
}

Result<void> LoadTransaction::make_schema() {
  changes_.clear();
  for (const SchemaChange& change : tables_.plan.changes) {
    const std::string_view table = table_of(change);
    if (table.empty()) {
      DRAY_TRY(session().apply(change));
    } else if (!is_outside_transaction(change)) {
      changes_[std::string(table)].push_back(&change);
    }
  }
  return {};
}

// Of the objects that are loaded again whole, or were but for a table that refused rows. A retry
// adds to what its object told before.
Result<void> LoadTransaction::forget_old_origins() {
  if (context_.is_retry()) return {};
  const ObjectSet& set = parts_.objects;
  std::vector<std::int64_t> again;
  for (std::size_t i = 0; i < set.objects.size(); ++i) {
    const auto known = parts_.ledger.objects.find(set.keys[i]);
    const bool is_known = known != parts_.ledger.objects.end();
    if (is_known && !set.unusable[i]) again.push_back(set.numbers[i]);
  }
  return forget_origins(session(), again);
}

Result<void> LoadTransaction::load_tables() {
  std::size_t columns = 0;  // that the transaction at hand writes
  std::size_t tables = 0;   // likewise
  for (std::size_t i = 0; i < tables_.targets.size(); ++i) {
    if (left_out_.contains(i)) continue;
    const std::size_t own = columns_of(i);
    const bool is_full = columns + own > context_.warehouse.columns_per_transaction_max() ||
                         tables >= session().tables_per_transaction_max();
    if (tables > 0 && is_full) {
      DRAY_TRY(commit_tables());
      columns = tables = 0;
    }
    columns += own;
    ++tables;
    table_at_work_ = i;
    DRAY_TRY(make_room_for(tables_.targets[i]));
    DRAY_TRY(load_table(i));
    table_at_work_.reset();
  }
  return {};
}

std::size_t LoadTransaction::columns_of(std::size_t i) const {
  const Profiles* profiles = tables_.profiles_of(tables_.targets[i]);
  return weight_of(tables_.plan.tables[i]) + (profiles == nullptr ? 0 : weight_of(profiles->plan));
}

// The planned changes to a table, and to the profiles that follow from it.
Result<void> LoadTransaction::make_room_for(const Target& target) {
  for (const std::string& table : {target.table, target.profile_table}) {
    const auto changes = changes_.find(table);
    if (changes == changes_.end()) continue;
    for (const SchemaChange* change : changes->second) {
      DRAY_TRY(stop_requested());
      DRAY_TRY(session().apply(*change));
    }
  }
  return {};
}

// More tables than one transaction can hold: those so far are committed by themselves. Should the
// run end here, the ledger does not have its objects, and the next sync writes the same rows again
// in the place of these.
Result<void> LoadTransaction::commit_tables() {
  DRAY_TRY(stop_requested());
  const RunReport& report = context_.report;
  if (!tables_committed_ && !context_.is_retry()) {
    DRAY_TRY(announce_objects(session(), report.source, report.run_id, report.started,
                              object_entries(parts_.objects, parts_.ledger)));
  }
  DRAY_TRY(write_tables(session(), report.source, report.run_id, tables_.new_tables));
  tables_.new_tables.clear();
  DRAY_TRY(session().commit_some(load_wait_max));
  tables_committed_ = true;
  return {};
}

Result<void> LoadTransaction::load_table(std::size_t i) {
  DRAY_TRY(stop_requested());
  Target& target = tables_.targets[i];
  TableLoad& load = loads_[i];
  auto loaded = session().load(load);
  if (!loaded) return std::move(loaded).error().within("load " + target.table);
  DRAY_TRY(check_counts(load, *loaded));
  target.rows_refused = std::move(loaded->rows_refused);
  CollectionReport& collection = collection_for(tables_.plan.tables[i]);
  collection.rows_loaded = loaded->rows_inserted;
  collection.rows_replaced = loaded->rows_replaced;
  if (target.rows) {
    DRAY_ASSIGN(collection.duplicates, duplicates_of(target, parts_.objects));
    context_.progress.rows_loaded += target.rows->row_count();
  }
  const Profiles* profiles = tables_.profiles_of(target);
  return profiles == nullptr ? Result<void>() : merge_profiles(*profiles, load);
}

Result<void> LoadTransaction::merge_profiles(const Profiles& profiles, const TableLoad& load) {
  const TablePlan& plan = profiles.plan;
  ProfileMerge merge;
  merge.schema = load.schema;
  merge.source_table = load.table;
  merge.table = plan.table;
  merge.id_column = load.profile_id_column;
  merge.uuid_ts = parts_.uuid_ts;
  add_columns(profiles, merge);
  merge.kept_columns = profiles.kept_columns;
  merge.load = &load;
  merge.value_rejects = [sink = parts_.value_rejects.sink(plan.table),
                         first = number_of_first_object(load)](ValueReject reject) {
    reject.object += first;
    sink(reject);
  };
  auto merged = session().merge_profiles(merge);
  if (!merged) return std::move(merged).error().within("merge " + plan.table);
  collection_for(plan).rows_loaded = *merged;
  return {};
}

// Of rows in files, whose objects are those of several tables.
std::uint32_t LoadTransaction::number_of_first_object(const TableLoad& load) {
  if (load.object_keys == &parts_.objects.keys) return 0;
  const auto first = static_cast<std::uint32_t>(keys_in_files_.size());
  keys_in_files_.insert(keys_in_files_.end(), load.object_keys->begin(), load.object_keys->end());
  return first;
}

CollectionReport& LoadTransaction::collection_for(const TablePlan& table) {
  return context_.report.collections.emplace_back(collection_of(table));
}

Result<void> LoadTransaction::stop_requested() const {
  if (!context_.stop.stop_requested()) return {};
  if (!tables_committed_) return cancelled_error();
  return Error{Cause::cancelled, "some tables have their new rows; the next sync adds the rest", "",
               ErrorCode::partly_loaded};
}

}  // namespace dray
