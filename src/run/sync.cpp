#include "run/sync.h"

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <numeric>
#include <set>
#include <string>
#include <utility>

#include "base/guarded.h"
#include "base/hash.h"
#include "base/heap.h"
#include "ledger/collections.h"
#include "ledger/objects.h"
#include "ledger/runs.h"
#include "ledger/shape.h"
#include "ledger/sources.h"
#include "ledger/state.h"
#include "model/memory_shares.h"
#include "run/context.h"
#include "run/gone.h"
#include "run/ledger_lock.h"
#include "run/line_counts.h"
#include "run/load_transaction.h"
#include "run/notes.h"
#include "run/object_set.h"
#include "run/objects_told.h"
#include "run/pending.h"
#include "run/plan_told.h"
#include "run/reading.h"
#include "run/refusals.h"
#include "run/room.h"
#include "run/run_record.h"
#include "run/selection.h"
#include "run/source_check.h"
#include "run/table_plan.h"
#include "run/tables.h"
#include "run/type_notices.h"
#include "run/unused_types.h"
#include "run/usable.h"
#include "run/value_rejects.h"
#include "stage/block_store.h"
#include "stage/duplicates.h"
#include "transform/naming.h"
#include "transform/registry.h"

namespace dray {
namespace {

using Clock = std::chrono::steady_clock;

std::chrono::microseconds since(Clock::time_point begun) {
  return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun);
}

RegistryLimits registry_limits(const Warehouse& warehouse) {
  RegistryLimits limits;
  limits.name_bytes_max = warehouse.dialect().limits().name_bytes_max;
  return limits;
}

RunMemory memory_of(const SyncRequest& request) {
  const unsigned threads = threads_for(request.threads, request.memory_bytes);
  return {threads, share_memory(request.memory_bytes, threads)};
}

// What the attempts at one run share. Where rows are read from objects, a run can begin again:
// when another sync was quicker, for it has to know what that one has loaded; and without a table
// that refuses a row, whose rows are read again by the next sync.
struct Attempts {
  // Four schedules of one source, each every instant, have needed more than five.
  static constexpr int overtaken_max = 20;

  const Clock::time_point begun = Clock::now();
  int overtaken = 0;
  Refusals refusals;
  // Rows, by a transaction that is not the last one: that the run fails does not take them back. Or
  // nobody knows.
  bool has_committed = false;

  Error ended_by(Error error) const {
    if (!has_committed || error.is_partly_loaded) return error;
    error.is_partly_loaded = true;
    error.message +=
        "; some tables may have their new rows already, and the next sync adds the rest";
    return error;
  }
};

class Sync {
 public:
  Sync(const SyncRequest& request, ObjectStore& store, Warehouse& warehouse, SyncProgress& progress,
       std::stop_token stop, RunReport& report, Attempts& attempts)
      : request_(request),
        attempts_(attempts),
        warehouse_(warehouse),
        stop_(std::move(stop)),
        report_(report),
        context_{request, store, warehouse, progress, stop_, report_},
        registry_(registry_limits(warehouse)),
        memory_(memory_of(request)),
        staged_({memory_.shares.staged, request.temp_directory}),
        value_rejects_(staged_, {memory_.shares.rejects, request.temp_directory}) {
    report_.started = context_.now();
    report_.run_id = RunId::make(report_.started, random_seed());
    report_.location = store.location();
    report_.warehouse = warehouse.location();
  }

  // An error is in the report too, but for one that says to begin again.
  Result<void> run() {
    report_.source = schema_name(request_.source);
    auto outcome = guarded([this] { return take_steps(); });
    if (outcome) {
      report_.duration = since(attempts_.begun);
      return {};
    }
    session_.reset();  // rolls back
    report_.duration = since(attempts_.begun);
    if (outcome.error().code == ErrorCode::begin_again) return outcome;
    const Error error = attempts_.ended_by(std::move(outcome).error());
    const bool is_worth_a_record =
        is_allowed_ && error.cause != Cause::cancelled && !is_a_wrong_place(error);
    if (is_worth_a_record) {
      fail_and_record(context_, error);
    } else {
      fail(report_, error);
    }
    return error;
  }

 private:
  Result<void> take_steps() {
    if (report_.source.empty()) {
      return config_error(
          "the source name \"" + request_.source + "\" has no letter or digit to make a schema of",
          "--source NAME");
    }
    if (is_as_noted(context_)) {
      note_look();
      return {};
    }
    DRAY_ASSIGN(session_, warehouse_.open_session());
    DRAY_TRY(mend_ledger(context_, session_));
    DRAY_ASSIGN(ledger_, read_ledger(*session_, report_.source));
    DRAY_TRY(check_schema(context_, *session_, ledger_));
    DRAY_TRY(check_location(context_, ledger_));
    tell_shared_numbers(context_, ledger_);
    is_allowed_ = true;
    DRAY_TRY(load_all());
    write_note();
    return {};
  }

  // The run as a list of steps.
  Result<void> load_all() {
    DRAY_TRY(retry_pending());
    context_.step("list " + report_.location);
    DRAY_ASSIGN(selected_, select_objects(context_, *session_, ledger_));
    is_listed_ = true;
    if (selected_.objects.empty()) return load_nothing();
    enter(SyncProgress::Phase::reading);
    context_.step("read; objects: " + std::to_string(selected_.objects.size()));
    DRAY_TRY(read());
    return_free_memory();
    judge_lines(context_, ledger_, objects_.objects);
    const std::size_t notices_of_reading = report_.notices.size();
    DRAY_TRY(plan_all());
    report_.preparing = since(attempts_.begun);
    if (request_.mode == SyncMode::plan) {
      const auto rejects = staged_.view({{rejects_table, {}}});
      return tell_plan(context_, memory_, tables_, *rejects, objects_);
    }
    enter(SyncProgress::Phase::loading);
    tell_planned();
    auto loaded = load();
    for (int again = 1; may_plan_again(loaded) && again < Attempts::overtaken_max; ++again) {
      context_.forget_notices(notices_of_reading);
      DRAY_TRY(look_again());
      DRAY_TRY(plan_all());
      loaded = load();
    }
    return loaded;
  }

  // What was read, against the warehouse as it is now.
  Result<void> plan_all() {
    DRAY_ASSIGN(const Catalog catalog, session_->catalog(report_.source));
    DRAY_TRY(check_room_to_plan(context_, memory_, registry_, catalog));
    tables_ = tables_of(registry_, staged_, catalog, ledger_, context_);
    context_.step("find duplicates among what was read");
    DRAY_TRY(find_duplicates());
    context_.step("plan");
    DRAY_TRY(plan(catalog, tables_));
    DRAY_TRY(check_room_to_load(context_, memory_, tables_));
    DRAY_TRY(tell_types(context_, tables_, objects_));
    dray::tell_unused_types(context_, catalog, tables_);
    tell_of_new_schema(context_, tables_.plan);
    return {};
  }

  // Another sync was quicker, and this one has written nothing yet.
  static bool may_plan_again(const Result<void>& loaded) {
    return !loaded && loaded.error().code == ErrorCode::overtaken;
  }

  // What another sync has made of the source meanwhile. As long as it left the objects at hand
  // alone their rows stay as they are read; else the run begins again, to read those that are left.
  Result<void> look_again() {
    context_.step("another sync was quicker; look again");
    session_.reset();
    DRAY_ASSIGN(session_, warehouse_.open_session());
    DRAY_ASSIGN(LedgerState now, read_ledger(*session_, report_.source));
    DRAY_TRY(read_objects(*session_, report_.source, "", now));
    if (!has_same(objects_, ledger_, now)) {
      return overtaken(transient_error("another sync has loaded objects of this one"));
    }
    keep_only(objects_.objects, now);
    ledger_ = std::move(now);
    DRAY_TRY(check_location(context_, ledger_));
    return pending_.read(*session_);
  }

  // A place that could not be listed, for a source of which nothing is known: a slip of the
  // person's, and no source that `status` should go on showing.
  bool is_a_wrong_place(const Error& error) const {
    return error.cause == Cause::config && !is_listed_ && !ledger_.location;
  }

  void enter(SyncProgress::Phase phase) { context_.progress.phase = phase; }

  void tell_planned() const {
    if (!request_.on_step) return;
    std::size_t created = 0;
    std::size_t columns = 0;
    for (const TablePlan& table : tables_.plan.tables) {
      created += table.created;
      columns += table.new_columns.size();
    }
    context_.step("load; tables: " + std::to_string(tables_.plan.tables.size()) + ", new ones: " +
                  std::to_string(created) + ", new columns: " + std::to_string(columns));
  }

  // --- what earlier runs left --------------------------------------------------------------------

  // From the files in which it waits: alone, before anything new.
  Result<void> retry_pending() {
    DRAY_TRY(pending_.read(*session_));
    const std::size_t count = pending_.left_behind().size();
    if (count == 0) return {};
    if (request_.mode == SyncMode::plan) {
      context_.notice("table_pending",
                      "tables of earlier runs wait for their rows; a sync tries them again", count);
      return {};
    }
    DRAY_ASSIGN(Tables tables, pending_.tables(*session_));
    if (tables.targets.empty()) return {};
    DRAY_TRY(plan(tables));
    const ObjectSet no_objects;
    LoadTransaction transaction(parts_of(tables, no_objects));
    DRAY_TRY(transaction.prepare());
    leave_out_what_changed(tables, transaction);
    DRAY_TRY(transaction.write_and_commit(
        [&] { return record_waited(transaction); },
        [&](WarehouseSession& other) { return pending_.are_forgotten(transaction, other); }));
    attempts_.has_committed |= !transaction.loaded().empty();
    if (!session_) {
      DRAY_ASSIGN(session_, context_.warehouse.open_session());
    }
    pending_.tell_loaded(transaction);
    values_rejected_before_ = report_.values_rejected;
    report_.collections.clear();
    return {};
  }

  Result<void> record_waited(const LoadTransaction& transaction) {
    const std::vector<std::string>& keys = transaction.keys_in_files();
    report_.values_rejected = 0;
    DRAY_TRY(record_value_rejects(context_, *session_, value_rejects_, keys,
                                  std::vector<bool>(keys.size())));
    return PendingTables::forget_loaded(transaction, *session_);
  }

  IsRecorded has_this_run() const {
    return [this](WarehouseSession& session) { return has_run(session, report_.run_id); };
  }

  // --- nothing new -------------------------------------------------------------------------------

  // But the logs may lie elsewhere from now on, not all could be looked at, or what is loaded was
  // replaced.
  Result<void> load_nothing() {
    judge_listing(context_, ledger_, selected_);
    pending_.tell_unread();
    const bool is_worth_a_record = is_elsewhere(context_, ledger_) || !selected_.gone.empty() ||
                                   selected_.changes.any() || !pending_.left_behind().empty() ||
                                   report_.status != RunStatus::success;
    if (request_.mode == SyncMode::plan) return tell_unused_types();
    if (!is_worth_a_record) return remember_look();
    DRAY_TRY(begin_to_write());
    DRAY_TRY(write_changes());
    DRAY_TRY(forget_objects(*session_, report_.source, selected_.gone));
    // Where nothing is, nobody knows whether the logs have moved there.
    const bool is_found = report_.objects_listed > 0 || request_.empty_ok;
    if (is_elsewhere(context_, ledger_) && is_found && report_.status != RunStatus::failure)
      DRAY_TRY(write_location());
    report_.duration = since(attempts_.begun);
    DRAY_TRY(write_run(*session_, report_, 0));
    return commit_recorded(context_, session_, has_this_run());
  }

  // A plan is where a person looks whether dray.yaml says what it should.
  Result<void> tell_unused_types() {
    if (request_.types.empty()) return {};
    DRAY_ASSIGN(const Catalog catalog, session_->catalog(report_.source));
    dray::tell_unused_types(context_, catalog, tables_);
    return {};
  }

  Result<void> begin_to_write() {
    const std::stop_callback on_stop(stop_, [this] { session_->interrupt(); });
    return begin_locked(*session_, load_wait_max);
  }

  // Unless another sync has loaded of the source meanwhile, perhaps those very objects: then the
  // next run looks anew, as it does if that one is not ended yet.
  Result<void> write_changes() {
    if (!selected_.changes.any()) return {};
    DRAY_ASSIGN(const LedgerMark mark, read_mark(*session_, report_.source));
    if (has_loaded_since(ledger_.mark, mark)) return {};
    return write_changed(*session_, report_.source, report_.started, selected_.changes);
  }

  // When somebody looked, and that nothing was left to do. Of a store whose listings may begin late
  // also that all was listed: until it is time to do so again they do. Forgotten, it costs another
  // full listing, or a status that is a run behind, and nothing else.
  Result<void> remember_look() {
    if (!ledger_.location || context_.is_retry()) return {};
    const bool is_full = context_.store.lists_from_anywhere() && selected_.listed_all;
    if (!is_full && keeps_notes(warehouse_, NoteKind::look)) return {};
    const auto listed_at = is_full ? std::optional(report_.started) : std::nullopt;
    if (begin_locked(*session_, look_wait_max) &&
        write_look(*session_, report_.source, report_.started, listed_at)) {
      (void)session_->commit();
    }
    return {};
  }

  void note_look() {
    if (!keeps_notes(warehouse_, NoteKind::look)) return;
    (void)dray::write_note(warehouse_, NoteKind::look, report_.source,
                           format_timestamp(to_micros(report_.started)));
  }

  // Behind the lock. Other syncs may have listed the source since its ledger was read, and loaded
  // later events.
  Result<void> write_location() {
    DRAY_ASSIGN(const auto stored, read_source(*session_, report_.source, whole_ledger()));
    const SourceEntry before = stored.value_or(SourceEntry());
    SourceEntry entry{report_.location, before.listed_at, report_.started,
                      std::max(ledger_.newest_event, before.newest_event)};
    // A later time than now is of a clock that was set back.
    const bool is_latest = entry.listed_at <= report_.started || entry.listed_at > context_.now();
    if (selected_.listed_all && is_latest) entry.listed_at = report_.started;
    return write_source(*session_, report_.source, entry);
  }

  // One that cannot be written costs the next run a question to the warehouse.
  void write_note() {
    if (request_.mode == SyncMode::load && report_.status == RunStatus::success &&
        !context_.is_retry()) {
      note_look();
    }
    if (pending_.any_waits()) {
      (void)dray::write_note(warehouse_, NoteKind::listing, report_.source, "");
    }
    if (!pending_.left_behind().empty()) return;
    const auto note = note_of(context_, ledger_, selected_);
    if (note) (void)dray::write_note(warehouse_, NoteKind::listing, report_.source, to_text(*note));
  }

  // --- reading -----------------------------------------------------------------------------------

  Result<void> read() {
    ReadingOptions options;
    options.threads = memory_.threads;
    options.check_seed = check_seed_;
    options.line_bytes_max = request_.line_bytes_max;
    options.batches_bytes_max = memory_.shares.work() / 4;
    options.paths_bytes_max = memory_.shares.work() / 2;
    options.warehouse_id = request_.warehouse_id;
    objects_.objects = std::move(selected_.objects);
    keep_only(objects_.objects, ledger_);
    staged_.give_up(bytes_of(objects_.objects));
    DRAY_ASSIGN(objects_.totals, read_objects(objects_.objects, context_.store, registry_, staged_,
                                              options, context_.progress, stop_));
    tell_objects(context_, ledger_, registry_, objects_);
    return {};
  }

  Result<void> find_duplicates() {
    const DuplicateLimits limits{memory_.shares.work()};
    for (const Target& target : tables_.targets) {
      if (stop_.stop_requested()) return cancelled_error();
      DRAY_TRY(drop_duplicates(*target.rows, objects_.unusable, limits));
    }
    return {};
  }

  // --- the plan ----------------------------------------------------------------------------------

  Result<void> plan(Tables& tables) {
    DRAY_ASSIGN(const Catalog catalog, session_->catalog(report_.source));
    return plan(catalog, tables);
  }

  Result<void> plan(const Catalog& catalog, Tables& tables) {
    DRAY_TRY(plan_tables(catalog, context_, *session_, tables));
    return find_gone(catalog, context_, ledger_, *session_, tables);
  }

  // --- loading -----------------------------------------------------------------------------------

  Result<void> load() {
    const auto begun = Clock::now();
    number_objects(objects_, ledger_);
    LoadTransaction transaction(parts_of(tables_, objects_));
    DRAY_TRY(transaction.prepare());
    DRAY_TRY(
        attempts_.refusals.leave_out(context_, objects_, value_rejects_, tables_, transaction));
    auto written = transaction.write_and_commit([&] { return write_record(transaction, begun); },
                                                has_this_run());
    attempts_.has_committed |= !written && transaction.has_committed_tables();
    if (!written) return after_failure(std::move(written).error(), transaction);
    // What the ledger says of it had to be written before the commit.
    report_.loading = since(begun);
    return {};
  }

  // The run begins again, unless that has not helped before.
  Error overtaken(Error error) {
    const bool may_begin_again = ++attempts_.overtaken < Attempts::overtaken_max;
    error.code = may_begin_again ? ErrorCode::begin_again : ErrorCode::none;
    return error;
  }

  // The same error, or one that says to begin again.
  Error after_failure(Error error, LoadTransaction& transaction) {
    if (error.code == ErrorCode::overtaken) {
      const bool is_void = transaction.has_committed_tables() || attempts_.refusals.has_rows();
      return is_void ? overtaken(std::move(error)) : error;
    }
    auto learned = attempts_.refusals.learn(error, context_, transaction, tables_, objects_);
    if (!learned) return std::move(learned).error();
    if (*learned) error.code = ErrorCode::begin_again;
    return error;
  }

  // In the transaction of the rows, which may be tried several times.
  Result<void> write_record(const LoadTransaction& transaction, Clock::time_point begun) {
    DRAY_ASSIGN(const CountedLines counted, count_lines(tables_, objects_));
    report_.counts = counted.counts;
    ledger_.newest_event =
        std::max(ledger_.newest_event, std::min(counted.newest, std::optional(report_.started)));
    tell_if_future(context_, counted.newest);
    DRAY_TRY(pending_.keep(transaction, *session_));
    // A retry leaves the objects' own record alone: it read a few of their lines.
    if (!context_.is_retry()) {
      DRAY_TRY(record_objects(context_, *session_, ledger_, objects_, selected_.gone));
      DRAY_TRY(write_changed(*session_, report_.source, report_.started, selected_.changes));
      DRAY_TRY(pending_.settle(transaction, *session_));
    }
    // Nobody knows yet that rows which wait got in.
    if (transaction.left_out().empty()) {
      DRAY_TRY(resolve_retried(context_, *session_, objects_));
    }
    report_.values_rejected = values_rejected_before_;
    DRAY_TRY(record_value_rejects(context_, *session_, value_rejects_, objects_.keys,
                                  objects_.unusable));
    DRAY_TRY(tell_mended(context_, *session_));
    DRAY_TRY(write_tables(*session_, report_.source, report_.run_id, tables_.new_tables));
    DRAY_TRY(write_location());
    std::ranges::sort(report_.collections, {}, &CollectionReport::table);
    tell_shared_ids(context_);
    report_.loading = since(begun);
    report_.duration = since(attempts_.begun);
    return write_run(*session_, report_, uuid_ts_);
  }

  // Each transaction's is greater than all before it.
  LoadTransaction::Parts parts_of(Tables& tables, const ObjectSet& objects) {
    uuid_ts_ = std::max({to_micros(context_.now()), ledger_.mark.last_uuid_ts + 1, uuid_ts_ + 1});
    return {context_, session_, ledger_, tables, objects, value_rejects_, uuid_ts_, check_seed_};
  }

  const SyncRequest& request_;
  Attempts& attempts_;
  Warehouse& warehouse_;
  const std::stop_token stop_;
  const std::uint64_t check_seed_ = random_seed();
  RunReport& report_;
  const RunContext context_;

  std::unique_ptr<WarehouseSession> session_;
  LedgerState ledger_;
  PendingTables pending_{context_};
  SelectedObjects selected_;
  bool is_allowed_ = false;  // the source may be loaded here
  bool is_listed_ = false;
  ObjectSet objects_;
  Registry registry_;
  const RunMemory memory_;
  BlockStore staged_;
  ValueRejects value_rejects_;
  Tables tables_;
  Micros uuid_ts_ = 0;
  std::uint64_t values_rejected_before_ = 0;  // of rows that had waited
};

}  // namespace

RunReport sync(const SyncRequest& request, ObjectStore& store, Warehouse& warehouse,
               SyncProgress& progress, std::stop_token stop) {  // NOLINT(*-value-param)
  Attempts attempts;
  while (true) {
    RunReport report;
    const auto outcome = guarded(
        [&] { return Sync(request, store, warehouse, progress, stop, report, attempts).run(); });
    if (!outcome && outcome.error().code == ErrorCode::begin_again) continue;
    // Out of memory before there was a run, or after it.
    if (!outcome && !report.failure) fail(report, attempts.ended_by(outcome.error()));
    progress.phase = SyncProgress::Phase::done;
    return report;
  }
}

}  // namespace dray
