#include "run/load_transaction.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <numeric>
#include <utility>

#include "ledger/objects.h"
#include "ledger/runs.h"
#include "run/ledger_lock.h"
#include "run/line_counts.h"
#include "run/table_plan.h"

namespace dray {
namespace {

// A transaction that lost against another (Redshift's 1023, a deadlock) is tried so often.
constexpr int transaction_attempts_max = 3;

std::uint64_t live_rows(const StagedRows& rows) {
  std::uint64_t live = 0;
  for (std::uint64_t row = 0; row < rows.row_count(); ++row)
    live += rows.is_dropped(row) ? 0 : 1;
  return live;
}

// What the warehouse says it took must be what was staged for it.
Result<void> check_count(const TableLoad& load, std::uint64_t live, const TableLoaded& loaded) {
  if (live == loaded.rows_inserted) return {};
  return internal_error("load " + load.table + ": " + std::to_string(live) +
                        " rows were staged and " + std::to_string(loaded.rows_inserted) +
                        " arrived");
}

// Each column of a stored table that gets new ones counts as so many of
// TransactionBounds::columns_max. DuckDB, which alone has that bound, takes two blocks of 64 KiB
// for it beside the 33 KiB of a new table's, until a checkpoint. It can move those to temporary
// files, and does: gigabytes of empty blocks where a few columns are added to each of many tables.
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

// It waits for the lock: the session that was lost may be committing still.
Result<bool> was_recorded(const RunContext& context, const IsRecorded& is_recorded) {
  DRAY_ASSIGN(const auto session, context.warehouse.open_session());
  DRAY_TRY(session->begin());
  DRAY_TRY(session->lock(record_wait_max));
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
    : parts_(parts), context_(parts.context), tables_(parts.tables) {
  // Targets, what was wanted of them and what is planned go by one number.
  DRAY_ASSERT(tables_.targets.size() == tables_.wanted.size());
  DRAY_ASSERT(tables_.targets.size() == tables_.plan.tables.size());
  order_.resize(tables_.targets.size());
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  for (std::size_t i = 0; i < tables_.targets.size(); ++i) {
    if (const Error* const why = tables_.unusable(i)) leave_out(i, *why);
  }
}

RowLoader* LoadTransaction::row_loader() const {
  const Loader loader = session().loader();
  RowLoader* const* const found = std::get_if<RowLoader*>(&loader);
  return found == nullptr ? nullptr : *found;
}

FileLoader* LoadTransaction::file_loader() const {
  const Loader loader = session().loader();
  FileLoader* const* const found = std::get_if<FileLoader*>(&loader);
  return found == nullptr ? nullptr : *found;
}

// Files are near their tables already: a transaction that moves them has no bounds.
TransactionBounds LoadTransaction::bounds() const {
  const RowLoader* const loader = row_loader();
  return loader == nullptr ? TransactionBounds{SIZE_MAX, SIZE_MAX} : loader->bounds();
}

Result<void> LoadTransaction::prepare() {
  DRAY_TRY(widen_columns());
  StageRun run{context_.report.source, context_.report.run_id, {}};
  DRAY_ASSIGN(run.last_committed_run, last_committed_run(session(), run.source));
  if (FileLoader* const loader = file_loader()) {
    return stage(*loader, run, loads_.emplace<FileLoads>(file_loads()));
  }
  loads_ = row_loads();
  return {};
}

Result<void> LoadTransaction::stage(FileLoader& loader, const StageRun& run, FileLoads& loads) {
  std::vector<FilesToLoad*> all;
  std::vector<std::size_t> targets;
  for (std::size_t i = 0; i < loads.size(); ++i) {
    if (left_out_.contains(i)) continue;
    all.push_back(&loads[i]);
    targets.push_back(i);
  }
  const std::stop_callback on_stop(context_.stop, [this] { session().interrupt(); });
  DRAY_ASSIGN(StageOutcome outcome, loader.stage(run, all));
  for (std::size_t i = 0; i < outcome.failures.size(); ++i) {
    if (outcome.failures[i]) leave_out(targets[i], *std::move(outcome.failures[i]));
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

TableLoad LoadTransaction::load_of(std::size_t i) {
  const Target& target = tables_.targets[i];
  TableLoad load;
  load.schema = context_.report.source;
  load.table = target.table;
  load.created = tables_.plan.tables[i].created;
  load.columns = tables_.plan.tables[i].columns;
  load.lineage_table = target.lineage_table;
  load.rival_tables = target.rival_tables;
  load.uuid_ts = parts_.uuid_ts;
  load.profile_id_column = target.profile_id_column;
  load.profile_table = target.profile_table;
  const Profiles* const profiles = tables_.profiles_of(target);
  load.touches_all_profiles = profiles != nullptr && profiles->is_made_again;
  load.value_rejects = parts_.value_rejects.sink(target.table);
  return load;
}

RunRows LoadTransaction::rows_of(std::size_t i) const {
  return {tables_.targets[i].rows.get(), &parts_.objects.keys, &parts_.objects.row_numbers,
          parts_.check_seed, context_.request.reload_changed == ReloadChanged::yes};
}

LoadTransaction::RowLoads LoadTransaction::row_loads() {
  RowLoads loads;
  for (std::size_t i = 0; i < tables_.targets.size(); ++i)
    loads.push_back({load_of(i), rows_of(i), [this] { return commit_tables(); }});
  return loads;
}

LoadTransaction::FileLoads LoadTransaction::file_loads() {
  FileLoads loads;
  for (std::size_t i = 0; i < tables_.targets.size(); ++i) {
    const Target& target = tables_.targets[i];
    const auto rows = target.files.empty() ? std::optional(rows_of(i)) : std::nullopt;
    loads.push_back({load_of(i), rows, target.files, 0});
  }
  return loads;
}

bool LoadTransaction::has_files() const {
  const FileLoads* const loads = std::get_if<FileLoads>(&loads_);
  return loads != nullptr && !loads->empty();
}

LoadTransaction::Share LoadTransaction::share_of(std::size_t i) const {
  if (const FileLoads* loads = std::get_if<FileLoads>(&loads_)) {
    const FilesToLoad& load = (*loads)[i];
    return {load.table, load.files, load.rows_in_files};
  }
  const RowsToLoad& load = std::get<RowLoads>(loads_)[i];
  return {load.table, "", live_rows(*load.rows)};
}

std::vector<LoadTransaction::LeftOut> LoadTransaction::left_out() const {
  std::vector<LeftOut> left_out;
  for (const auto& [i, why] : left_out_)
    left_out.push_back({share_of(i), why});
  return left_out;
}

std::vector<LoadTransaction::Share> LoadTransaction::loaded() const {
  std::vector<Share> loaded;
  for (std::size_t i = 0; i < tables_.targets.size(); ++i) {
    if (!left_out_.contains(i)) loaded.push_back(share_of(i));
  }
  return loaded;
}

void LoadTransaction::leave_out(std::size_t target, Error why) {
  DRAY_ASSERT(target < tables_.targets.size());
  left_out_.emplace(target, std::move(why));
}

Result<void> LoadTransaction::write_and_commit(const std::function<Result<void>()>& write_record,
                                               const IsRecorded& is_recorded) {
  const std::size_t notices_before = context_.report.notices.size();
  for (int attempt = 1;; ++attempt) {
    context_.forget_notices(notices_before);
    auto written = write_all(write_record);
    if (written) written = stop_requested();
    if (written) written = commit_recorded(context_, parts_.session, is_recorded);
    if (written) parts_.value_rejects.end_attempts();
    if (written || !may_try_again(written.error(), attempt)) return written;
    FileLoader* const loader = file_loader();
    if (loader == nullptr || !loader->rollback()) return written;
  }
}

std::vector<std::size_t> LoadTransaction::not_reached() const {
  std::vector<std::size_t> targets;
  for (std::size_t place = next_; place < order_.size(); ++place) {
    if (!left_out_.contains(order_[place])) targets.push_back(order_[place]);
  }
  return targets;
}

void LoadTransaction::write_last(std::size_t target) {
  DRAY_ASSERT(target < order_.size());
  std::erase(order_, target);
  order_.push_back(target);
}

Result<void> LoadTransaction::try_rows(std::size_t target, StagedRows& rows, Beside beside) {
  parts_.session.reset();
  DRAY_ASSIGN(parts_.session, context_.warehouse.open_session());
  auto tried = write_alone(target, rows, beside);
  parts_.session.reset();  // rolls back
  return tried;
}

// Up to where rows may go in.
Result<void> LoadTransaction::begin_alone() {
  at_rows_ = false;
  DRAY_TRY(stop_requested());
  DRAY_TRY(begin_locked(session(), load_wait_max));
  DRAY_TRY(check_ledger());
  return make_schema();
}

Result<void> LoadTransaction::write_alone(std::size_t target, StagedRows& rows, Beside beside) {
  const std::stop_callback on_stop(context_.stop, [this] { session().interrupt(); });
  DRAY_TRY(begin_alone());
  if (beside == Beside::others) {
    for (const std::size_t other : order_) {
      if (other == target || left_out_.contains(other)) continue;
      auto written = write_whole(other);
      // Of the rows at hand that says nothing.
      if (!written) return std::move(written).error().with_code(ErrorCode::none);
    }
  }
  at_rows_ = false;
  DRAY_TRY(make_room_for(tables_.targets[target]));
  at_rows_ = true;
  RowsToLoad load = std::get<RowLoads>(loads_)[target];
  load.rows = &rows;
  load.value_rejects = [](const ValueReject&) {};
  load.commit_so_far = nullptr;
  DRAY_TRY(row_loader()->load(load));
  return {};
}

// With the profiles that follow from it, in the transaction at hand alone.
Result<void> LoadTransaction::write_whole(std::size_t target) {
  at_rows_ = false;
  DRAY_TRY(make_room_for(tables_.targets[target]));
  at_rows_ = true;
  RowsToLoad load = std::get<RowLoads>(loads_)[target];
  load.commit_so_far = nullptr;
  return load_rows(target, load);
}

Result<void> LoadTransaction::write_whole_alone(std::size_t target) {
  const std::stop_callback on_stop(context_.stop, [this] { session().interrupt(); });
  DRAY_TRY(begin_alone());
  return write_whole(target);
}

Result<void> LoadTransaction::try_table(std::size_t target) {
  parts_.session.reset();
  DRAY_ASSIGN(parts_.session, context_.warehouse.open_session());
  auto tried = write_whole_alone(target);
  parts_.session.reset();  // rolls back
  return tried;
}

bool LoadTransaction::may_try_again(const Error& error, int attempt) {
  if (!parts_.session || !has_files()) return false;
  if (error.cause == Cause::transient) return attempt < transaction_attempts_max;
  if (error.cause == Cause::cancelled || error.cause == Cause::in_doubt) return false;
  if (!table_at_work_) return false;
  return left_out_.emplace(*table_at_work_, error).second;
}

Result<void> LoadTransaction::write_all(const std::function<Result<void>()>& write_record) {
  const std::stop_callback on_stop(context_.stop, [this] { session().interrupt(); });
  context_.report.collections.clear();
  expect_rows();
  table_at_work_.reset();
  next_ = 0;
  refused_together_.clear();
  keys_in_files_.clear();
  DRAY_TRY(parts_.value_rejects.begin_attempt());
  DRAY_TRY(begin_locked(session(), load_wait_max));
  DRAY_TRY(check_ledger());
  if (parts_.ledger.has_unloaded) {
    DRAY_TRY(forget_unfinished(session(), context_.report.source, parts_.ledger.shared));
  }
  DRAY_TRY(make_schema());
  DRAY_TRY(forget_old_origins());
  DRAY_TRY(load_tables());
  DRAY_TRY(check_deferred());
  return write_record();
}

void LoadTransaction::expect_rows() const {
  std::uint64_t rows = 0;
  for (std::size_t i = 0; i < tables_.targets.size(); ++i) {
    const Target& target = tables_.targets[i];
    if (target.rows && !left_out_.contains(i)) rows += target.rows->row_count();
  }
  context_.progress.rows_total = context_.progress.rows_loaded + rows;
}

// A constraint that is put off until the commit would refuse all of it there; here it is the matter
// of one table. Of which row nobody can tell: those that the table refers to came with other
// tables.
Result<void> LoadTransaction::check_deferred() {
  RowLoader* const loader = row_loader();
  if (loader == nullptr) return {};
  DRAY_ASSIGN(std::vector<CommitRefusal> refusals, loader->check_deferred(context_.report.source));
  if (refusals.empty()) return {};
  at_rows_ = false;
  for (CommitRefusal& refusal : refusals) {
    refusal.why = std::move(refusal.why).within("check " + refusal.tables.front());
    const auto target = target_among(refusal.tables);
    if (target) refused_together_.emplace(*target, refusal.why);
  }
  if (!refused_together_.empty()) table_at_work_ = refused_together_.begin()->first;
  return std::move(refusals.front().why);
}

// The first that this load writes, as a table or as the profiles that follow from one.
std::optional<std::size_t> LoadTransaction::target_among(
    const std::vector<std::string>& tables) const {
  for (std::size_t i = 0; i < tables_.targets.size(); ++i) {
    const Target& target = tables_.targets[i];
    const bool is_one = std::ranges::any_of(tables, [&](const std::string& table) {
      return table == target.table || table == target.profile_table;
    });
    if (is_one && !left_out_.contains(i)) return i;
  }
  return std::nullopt;
}

// Whether somebody has loaded the source since its ledger was read: then the objects at hand may be
// in already.
Result<void> LoadTransaction::check_ledger() {
  const std::string& source = context_.report.source;
  DRAY_ASSIGN(const LedgerMark mark, read_mark(session(), source));
  const LedgerMark& known = parts_.ledger.mark;
  const bool is_loaded = has_loaded_since(known, mark);
  if (!is_loaded && mark.numbers.range == known.numbers.range) return {};
  Error error = transient_error(is_loaded ? "another sync has loaded " + source + " meanwhile"
                                          : "another source has the numbers that " + source +
                                                " was to get: it was loaded meanwhile");
  if (!has_files()) error.code = ErrorCode::overtaken;
  return error;
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

// The origins of the rows of objects that are loaded again whole, or were but for a table that
// refused rows. A retry adds to what its object told before.
Result<void> LoadTransaction::forget_old_origins() {
  if (context_.is_retry()) return {};
  const ObjectSet& set = parts_.objects;
  std::vector<std::int64_t> again;
  for (std::size_t i = 0; i < set.objects.size(); ++i) {
    const auto known = parts_.ledger.objects.find(set.keys[i]);
    const bool is_known = known != parts_.ledger.objects.end();
    // With another number than before: the old one is another source's too.
    if (is_known && !set.unusable[i] && known->second.number == set.numbers[i]) {
      again.push_back(set.numbers[i]);
    }
  }
  return forget_origins(session(), again);
}

Result<void> LoadTransaction::load_tables() {
  std::size_t columns = 0;  // that the transaction at hand writes
  std::size_t tables = 0;   // likewise
  const TransactionBounds most = bounds();
  while (next_ < order_.size()) {
    const std::size_t i = order_[next_];
    ++next_;
    if (left_out_.contains(i)) continue;
    const std::size_t own = columns_of(i);
    const bool is_full = columns + own > most.columns_max || tables >= most.tables_max;
    if (tables > 0 && is_full) {
      DRAY_TRY(commit_tables());
      columns = tables = 0;
    }
    columns += own;
    ++tables;
    table_at_work_ = i;
    at_rows_ = false;
    DRAY_TRY(make_room_for(tables_.targets[i]));
    at_rows_ = true;
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
      auto applied = session().apply(*change);
      if (applied) continue;
      return std::move(applied).error().within("change " + context_.report.source + "." + table);
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
    DRAY_TRY(each_entries(parts_.objects, parts_.ledger, [&](std::vector<ObjectEntry>& entries) {
      return announce_objects(session(), report.source, report.run_id, report.started, entries);
    }));
  }
  DRAY_TRY(write_tables(session(), report.source, report.run_id, tables_.new_tables));
  tables_.new_tables.clear();
  DRAY_ASSERT(row_loader() != nullptr);
  DRAY_TRY(check_deferred());
  // Also where its answer is lost.
  tables_committed_ = true;
  return row_loader()->commit_some(load_wait_max);
}

Result<void> LoadTransaction::load_table(std::size_t i) {
  DRAY_TRY(stop_requested());
  if (FileLoads* loads = std::get_if<FileLoads>(&loads_)) return load_files(i, (*loads)[i]);
  return load_rows(i, std::get<RowLoads>(loads_)[i]);
}

Result<void> LoadTransaction::load_rows(std::size_t i, RowsToLoad& load) {
  auto loaded = row_loader()->load(load);
  if (!loaded) return std::move(loaded).error().within("load " + load.table);
  DRAY_TRY(check_count(load, live_rows(*load.rows), *loaded));
  Target& target = tables_.targets[i];
  target.rows_refused = target.rows_left_out;
  target.rows_refused.insert(target.rows_refused.end(), loaded->rows_refused.begin(),
                             loaded->rows_refused.end());
  std::ranges::sort(target.rows_refused);
  DRAY_TRY(tell_loaded(i, *loaded));
  const Profiles* profiles = tables_.profiles_of(tables_.targets[i]);
  if (profiles == nullptr) return {};
  at_rows_ = false;
  auto merged = row_loader()->merge_profiles({merge_of(*profiles, load, 0), &load});
  if (!merged) return std::move(merged).error().within("merge " + profiles->plan.table);
  collection_for(profiles->plan).rows_loaded = *merged;
  return {};
}

Result<void> LoadTransaction::load_files(std::size_t i, FilesToLoad& load) {
  auto loaded = file_loader()->load(load);
  if (!loaded) return std::move(loaded).error().within("load " + load.table);
  const std::uint64_t live =
      load.rows ? live_rows(*load.rows->rows) : load.rows_in_files - loaded->rows_lost;
  DRAY_TRY(check_count(load, live, *loaded));
  DRAY_TRY(tell_loaded(i, *loaded));
  const Profiles* profiles = tables_.profiles_of(tables_.targets[i]);
  if (profiles == nullptr) return {};
  const auto first_object = static_cast<std::uint32_t>(keys_in_files_.size());
  std::ranges::move(loaded->object_keys, std::back_inserter(keys_in_files_));
  at_rows_ = false;
  auto merged = file_loader()->merge_profiles(
      {merge_of(*profiles, load, load.rows ? 0 : first_object), &load});
  if (!merged) return std::move(merged).error().within("merge " + profiles->plan.table);
  collection_for(profiles->plan).rows_loaded = *merged;
  return {};
}

Result<void> LoadTransaction::tell_loaded(std::size_t i, const TableLoaded& loaded) {
  const Target& target = tables_.targets[i];
  CollectionReport& collection = collection_for(tables_.plan.tables[i]);
  collection.rows_loaded = loaded.rows_inserted;
  collection.rows_replaced = loaded.rows_replaced;
  if (!target.rows) return {};
  DRAY_ASSIGN(collection.duplicates, duplicates_of(target, parts_.objects));
  context_.progress.rows_loaded += target.rows->row_count();
  return {};
}

// `first_object` is what the number of the first object is in the run's own list, or in that of
// keys_in_files().
ProfileMerge LoadTransaction::merge_of(const Profiles& profiles, const TableLoad& load,
                                       std::uint32_t first_object) {
  const TablePlan& plan = profiles.plan;
  ProfileMerge merge;
  merge.schema = load.schema;
  merge.source_table = load.table;
  merge.table = plan.table;
  merge.id_column = load.profile_id_column;
  merge.uuid_ts = parts_.uuid_ts;
  add_columns(profiles, merge);
  merge.kept_columns = profiles.kept_columns;
  merge.value_rejects = [sink = parts_.value_rejects.sink(plan.table),
                         first_object](ValueReject reject) {
    reject.object += first_object;
    sink(reject);
  };
  return merge;
}

CollectionReport& LoadTransaction::collection_for(const TablePlan& table) {
  return context_.report.collections.emplace_back(collection_of(table));
}

Result<void> LoadTransaction::stop_requested() const {
  return context_.stop.stop_requested() ? cancelled_error() : Result<void>();
}

}  // namespace dray
