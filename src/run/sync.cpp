#include "run/sync.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <utility>

#include "base/guarded.h"
#include "base/hash.h"
#include "base/heap.h"
#include "ledger/ledger.h"
#include "model/memory_shares.h"
#include "run/context.h"
#include "run/load_transaction.h"
#include "run/object_set.h"
#include "run/pending.h"
#include "run/reading.h"
#include "run/selection.h"
#include "run/tables.h"
#include "run/type_notices.h"
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

std::string temp_directory(const SyncRequest& request) {
  if (!request.temp_directory.empty()) return request.temp_directory;
  const char* set = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  return set == nullptr ? "/tmp" : set;
}

RegistryLimits registry_limits(const Warehouse& warehouse) {
  RegistryLimits limits;
  limits.name_bytes_max = warehouse.name_bytes_max();
  return limits;
}

// What the attempts at one run share. Where rows are read from objects, a run can begin again:
// when another sync was quicker, for it has to know what that one has loaded; and without a table
// that refuses a row, whose rows are read again by the next sync.
struct Attempts {
  static constexpr int overtaken_max = 5;
  static constexpr std::size_t refused_max = 20;  // tables; with more there is something else wrong

  int overtaken = 0;
  std::map<std::string, Error> refused;  // by table
};

class Sync {
 public:
  Sync(const SyncRequest& request, ObjectStore& store, Warehouse& warehouse, SyncProgress& progress,
       std::stop_token stop, Attempts& attempts)
      : request_(request),
        attempts_(attempts),
        warehouse_(warehouse),
        stop_(std::move(stop)),
        context_{request, store, warehouse, progress, stop_, report_},
        registry_(registry_limits(warehouse)),
        threads_(threads_for(request.threads, request.memory_bytes)),
        shares_(share_memory(request.memory_bytes, threads_)),
        staged_({shares_.staged, temp_directory(request)}),
        value_rejects_(staged_, {shares_.rejects, temp_directory(request)}) {
    report_.started = context_.now();
    report_.run_id = RunId::make(report_.started, random_seed());
    report_.location = store.location();
    report_.warehouse = warehouse.location();
  }

  Result<RunReport> run() {
    report_.source = schema_name(request_.source);
    if (report_.source.empty()) {
      return config_error(
          "the source name \"" + request_.source + "\" has no letter or digit to make a schema of",
          "--source NAME");
    }
    if (is_as_noted(context_)) {
      note_look();
      return finished();
    }
    DRAY_ASSIGN(session_, warehouse_.open_session());
    DRAY_TRY(mend_ledger());
    DRAY_ASSIGN(ledger_, read_ledger(*session_, report_.source));
    DRAY_TRY(check_schema());
    DRAY_TRY(check_location());
    const auto outcome = load_all();
    if (outcome) {
      write_note();
      return finished();
    }
    session_.reset();  // rolls back
    Error error = outcome.error();
    if (error.cause == Cause::cancelled || error.code == ErrorCode::begin_again) return error;
    record_failure(error);
    if (error.cause == Cause::config) return error;
    return finished();
  }

 private:
  // The run as a list of steps.
  Result<void> load_all() {
    DRAY_TRY(retry_pending());
    step("list " + report_.location);
    DRAY_ASSIGN(selected_, select_objects(context_, *session_, ledger_));
    if (selected_.objects.empty()) return load_nothing();
    enter(SyncProgress::Phase::reading);
    step("read; objects: " + std::to_string(selected_.objects.size()));
    DRAY_TRY(read());
    return_free_memory();
    judge_lines(context_, ledger_, objects_.objects);
    DRAY_ASSIGN(const Catalog catalog, session_->catalog(report_.source));
    DRAY_TRY(check_room_to_plan(catalog));
    tables_ = tables_of(registry_, staged_, catalog, ledger_, context_);
    step("find duplicates among what was read");
    DRAY_TRY(find_duplicates());
    step("plan");
    DRAY_TRY(plan_tables(catalog, context_, *session_, tables_));
    DRAY_TRY(check_room_to_load());
    DRAY_TRY(tell_types(context_, tables_, objects_));
    report_.preparing = since(begun_);
    tell_of_new_schema();
    if (request_.mode == SyncMode::plan) return tell_plan();
    enter(SyncProgress::Phase::loading);
    tell_planned();
    return load();
  }

  void enter(SyncProgress::Phase phase) { context_.progress.phase = phase; }

  // For -v.
  void step(const std::string& sentence) const {
    if (request_.on_step) request_.on_step(sentence);
  }

  void tell_planned() const {
    if (!request_.on_step) return;
    std::size_t created = 0;
    std::size_t columns = 0;
    for (const TablePlan& table : tables_.plan.tables) {
      created += table.created;
      columns += table.new_columns.size();
    }
    step("load; tables: " + std::to_string(tables_.plan.tables.size()) +
         ", new ones: " + std::to_string(created) + ", new columns: " + std::to_string(columns));
  }

  RunReport finished() {
    report_.duration = since(begun_);
    enter(SyncProgress::Phase::done);
    return std::move(report_);
  }

  // Tables of what happened that somebody has dropped.
  Result<void> mend_ledger() {
    if (request_.mode == SyncMode::plan) return {};
    DRAY_ASSIGN(const std::vector<std::string> gone, ledger_tables_gone(*session_));
    if (gone.empty()) return {};
    DRAY_TRY(session_->begin());
    DRAY_TRY(session_->lock(std::chrono::seconds(60)));
    DRAY_TRY(create_ledger(*session_));
    DRAY_TRY(session_->commit());
    DRAY_ASSIGN(session_, context_.warehouse.open_session());
    for (const std::string& table : gone) {
      context_.notice("ledger_table",
                      "_dray." + table +
                          " was gone and is made again: what it said of earlier "
                          "runs is lost, and no row of any other table",
                      1);
    }
    return {};
  }

  // That the warehouse takes the schema's name as it is. A source that an earlier version has
  // loaded all the same goes on as it was.
  Result<void> check_schema() {
    DRAY_ASSIGN(const std::string why, why_not_schema());
    if (why.empty()) return {};
    if (!ledger_.location) {
      return config_error(why,
                          "call the source something else (--source NAME, or its name "
                          "in dray.yaml)");
    }
    context_.notice("schema_name", why + "; the source was loaded before and goes on", 1);
    return {};
  }

  Result<std::string> why_not_schema() {
    const std::string& schema = report_.source;
    const std::size_t bytes_max = warehouse_.name_bytes_max();
    if (warehouse_.keeps_schema(schema)) {
      return "a source cannot have the schema " + schema + ": the warehouse keeps it for itself";
    }
    if (schema.size() > bytes_max) {
      return "the schema " + schema + " has " + std::to_string(schema.size()) +
             " bytes, and names in the warehouse have " + std::to_string(bytes_max) + " at most";
    }
    if (schema.size() < bytes_max) return std::string();
    // A longer one was cut in silence once.
    DRAY_ASSIGN(const auto others, sources_beginning_with(*session_, schema));
    if (others.empty()) return std::string();
    return "the schema " + schema + " has the rows of the source " + others.front() +
           ", whose name was cut there";
  }

  Result<void> check_location() const {
    if (!is_elsewhere() || request_.moved || !ledger_.mark.has_loaded) return {};
    return config_error("the schema " + report_.source + " is loaded from " + *ledger_.location +
                            ", not from " + report_.location,
                        "--source with another name, or --moved if the same logs lie there "
                        "now");
  }

  bool is_elsewhere() const { return ledger_.location && *ledger_.location != report_.location; }

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
    DRAY_TRY(transaction.stage());
    leave_out_what_changed(tables, transaction);
    DRAY_TRY(transaction.write_and_commit(
        [&] { return record_waited(transaction); },
        [&](WarehouseSession& other) { return pending_.are_forgotten(transaction, other); }));
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
    DRAY_TRY(record_value_rejects(keys, std::vector<bool>(keys.size())));
    return PendingTables::forget_loaded(transaction, *session_);
  }

  IsRecorded has_this_run() const {
    return [this](WarehouseSession& session) { return has_run(session, report_.run_id); };
  }

  // --- nothing new -------------------------------------------------------------------------------

  // But the logs may lie elsewhere from now on, or not all could be looked at.
  Result<void> load_nothing() {
    judge_listing(context_, ledger_, selected_);
    const bool is_worth_a_record = is_elsewhere() || !selected_.gone.empty() ||
                                   !pending_.left_behind().empty() ||
                                   report_.status != RunStatus::success;
    if (request_.mode == SyncMode::plan) return {};
    if (!is_worth_a_record) return remember_look();
    DRAY_TRY(session_->begin());
    DRAY_TRY(create_ledger(*session_));
    DRAY_TRY(forget_objects(*session_, report_.source, selected_.gone));
    if (is_elsewhere() && report_.status != RunStatus::failure) DRAY_TRY(write_location());
    report_.duration = since(begun_);
    DRAY_TRY(write_run(*session_, report_, 0));
    return commit_recorded(context_, session_, has_this_run());
  }

  // When somebody looked, and that nothing was left to do. Of a store whose listings may begin late
  // also that all was listed: until it is time to do so again they do. Forgotten, it costs another
  // full listing, or a status that is a run behind, and nothing else.
  Result<void> remember_look() {
    if (!ledger_.location || context_.is_retry()) return {};
    const bool is_full = context_.store.lists_from_anywhere() && selected_.listed_all;
    if (!is_full && warehouse_.keeps_notes(NoteKind::look)) return {};
    const auto listed_at = is_full ? std::optional(report_.started) : std::nullopt;
    if (session_->begin() && create_ledger(*session_) &&
        write_look(*session_, report_.source, report_.started, listed_at)) {
      (void)session_->commit();
    }
    return {};
  }

  void note_look() {
    if (!warehouse_.keeps_notes(NoteKind::look)) return;
    (void)warehouse_.write_note(NoteKind::look, report_.source,
                                format_timestamp(to_micros(report_.started)));
  }

  Result<void> write_location() {
    return write_source(
        *session_, report_.source,
        {report_.location, selected_.listed_all ? report_.started : ledger_.listed_at,
         report_.started, ledger_.newest_event});
  }

  // One that cannot be written costs the next run a question to the warehouse.
  void write_note() {
    if (request_.mode == SyncMode::load && report_.status == RunStatus::success &&
        !context_.is_retry()) {
      note_look();
    }
    if (pending_.any_waits()) (void)warehouse_.write_note(NoteKind::listing, report_.source, "");
    if (!pending_.left_behind().empty()) return;
    const auto note = note_of(context_, ledger_, selected_);
    if (note) (void)warehouse_.write_note(NoteKind::listing, report_.source, to_text(*note));
  }

  // --- reading -----------------------------------------------------------------------------------

  Result<void> read() {
    ReadingOptions options;
    options.threads = threads_;
    options.check_seed = check_seed_;
    options.line_bytes_max = request_.line_bytes_max;
    options.batches_bytes_max = shares_.work() / 4;
    options.paths_bytes_max = shares_.work() / 2;
    options.warehouse_id = request_.warehouse_id;
    objects_.objects = std::move(selected_.objects);
    DRAY_TRY(read_objects(objects_.objects, context_.store, registry_, staged_, options,
                          context_.progress, stop_));
    NoticeCounts notices;
    std::vector<std::string_view> empty;
    for (const ReadObject& object : objects_.objects) {
      objects_.keys.push_back(object.info.key);
      objects_.unusable.push_back(!object.set_aside_reason.empty());
      report_.bytes_read += object.info.size_bytes;
      report_.bytes_plain += object.bytes_plain;
      if (objects_.unusable.back()) {
        ++report_.objects_set_aside;
        tell_set_aside(object);
        continue;
      }
      ++report_.objects_loaded;
      notices += object.notices;
      tell_if_empty(object, empty);
    }
    for (std::size_t i = 0; i < notice_code_count; ++i) {
      const auto code = static_cast<NoticeCode>(i);
      if (notices.counts[i] == 0) continue;
      const auto first = std::ranges::find_if(objects_.objects, [i](const ReadObject& object) {
        return object.set_aside_reason.empty() && object.notices.counts[i] > 0;
      });
      context_.notice(std::string(to_string(code)),
                      std::string(explain(code)) + "; first in " + first->info.key,
                      notices.counts[i]);
    }
    tell_shapes();
    tell_empty(empty);
    tell_how_many_set_aside();
    return {};
  }

  // What objects are of which lines were rejects, where their beginning tells: once for each kind,
  // and not by the line.
  void tell_shapes() const {
    for (const ObjectShape shape : {ObjectShape::utf16, ObjectShape::json_array,
                                    ObjectShape::spread, ObjectShape::separated}) {
      const ReadObject* first = nullptr;
      std::uint64_t count = 0;
      for (const ReadObject& object : objects_.objects) {
        const bool is_one = object.set_aside_reason.empty() && object.counts.rejected > 0;
        if (!is_one || object.shape != shape) continue;
        if (first == nullptr) first = &object;
        ++count;
      }
      if (first == nullptr) continue;
      context_.notice("not_event_lines",
                      "objects seem to be " + std::string(explain(shape)) +
                          ", and dray sync --reload-changed; first is " + first->info.key,
                      count);
    }
  }

  // Load balancers and rotations leave .gz of no bytes. There is nothing in one to load, now or by
  // another try; once it has content it counts as new.
  static void tell_if_empty(const ReadObject& object, std::vector<std::string_view>& empty) {
    if (object.info.size_bytes == 0 && object.info.encoding != Encoding::plain) {
      empty.push_back(object.info.key);
    }
  }

  void tell_empty(const std::vector<std::string_view>& empty) const {
    if (empty.empty()) return;
    context_.notice("empty_object",
                    "compressed objects are empty, without the bytes that even no lines make; "
                    "first " +
                        std::string(empty.front()),
                    empty.size());
  }

  void tell_set_aside(const ReadObject& object) const {
    context_.notice("object_set_aside",
                    object.info.key + ": " + object.set_aside_reason + after_set_aside(object), 1);
  }

  // What was tried twice does not mend itself.
  std::string after_set_aside(const ReadObject& object) const {
    if (context_.is_retry()) return "; its rejects stay open";
    const auto before = ledger_.set_aside.find(object.info.key);
    if (before == ledger_.set_aside.end()) return "; the next sync tries it again";
    const Timestamp begun = std::chrono::floor<std::chrono::seconds>(before->second.since);
    return "; tried " + std::to_string(before->second.attempts + 1) + " times since " +
           format_timestamp(to_micros(begun)) +
           ": put a whole object in its place, or leave it out: " +
           skip_command(report_.source, object.info.key);
  }

  void tell_how_many_set_aside() {
    const std::uint64_t count = report_.objects_set_aside;
    if (count == 0) return;
    context_.fell_short(std::to_string(count) +
                        (count == 1 ? " object could not be read and was set aside"
                                    : " objects could not be read and were set aside"));
    if (report_.objects_loaded + report_.objects_known == 0) report_.status = RunStatus::failure;
  }

  Result<void> find_duplicates() {
    const DuplicateLimits limits{shares_.work()};
    for (const Target& target : tables_.targets) {
      if (stop_.stop_requested()) return cancelled_error();
      DRAY_TRY(drop_duplicates(*target.rows, objects_.unusable, limits));
    }
    return {};
  }

  // --- the plan ----------------------------------------------------------------------------------

  Result<void> plan(Tables& tables) {
    DRAY_ASSIGN(const Catalog catalog, session_->catalog(report_.source));
    return plan_tables(catalog, context_, *session_, tables);
  }

  void tell_of_new_schema() {
    for (const SchemaChange& change : tables_.plan.changes) {
      if (!std::holds_alternative<CreateSchema>(change)) continue;
      if (auto notice = warehouse_.notice_of_schema(report_.source)) {
        report_.notices.push_back(*std::move(notice));
      }
    }
  }

  Result<void> tell_plan() {
    for (const SchemaChange& change : tables_.plan.changes) {
      report_.ddl.push_back(warehouse_.ddl(change).text());
    }
    for (std::size_t i = 0; i < tables_.targets.size(); ++i) {
      CollectionReport& collection =
          report_.collections.emplace_back(collection_of(tables_.plan.tables[i]));
      const StagedRows& rows = *tables_.targets[i].rows;
      for (std::uint64_t row = 0; row < rows.row_count(); ++row)
        ++(rows.is_dropped(row) ? collection.duplicates : collection.rows_loaded);
      DRAY_TRY(tell_profiles(tables_.targets[i]));
    }
    std::ranges::sort(report_.collections, {}, &CollectionReport::table);
    DRAY_ASSIGN(const CountedLines counted, count_lines(tables_, objects_));
    report_.counts = counted.counts;
    return {};
  }

  Result<void> tell_profiles(const Target& target) {
    const Profiles* profiles = tables_.profiles_of(target);
    if (profiles == nullptr) return {};
    CollectionReport& collection = report_.collections.emplace_back(collection_of(profiles->plan));
    DRAY_ASSIGN(const auto count, count_profiles(target, shares_.settling));
    collection.rows_loaded = count.value_or(0);
    return {};
  }

  // --- memory ------------------------------------------------------------------------------------

  // What is refused for want of memory is refused before anything is made of it.
  Result<void> check_room_to_plan(const Catalog& catalog) const {
    // Beside those of values every table has some.
    constexpr std::size_t further_columns = 6;
    const Registry::Seen seen = registry_.seen();
    const std::size_t columns = seen.columns + seen.tables * further_columns;
    const std::uint64_t bytes = columns * planned_column_bytes;
    if (bytes <= shares_.plan) return {};
    std::size_t stored = 0;
    for (const LiveTable& table : catalog.tables)
      stored += table.columns.size();
    const Growth growth{seen.tables - std::min(seen.tables, catalog.tables.size()),
                        columns - std::min(columns, stored), 0};
    const auto engine_bytes = warehouse_.bytes_wanting(growth);
    return too_little_memory("the events make " + std::to_string(columns) + " columns of " +
                                 std::to_string(seen.tables) +
                                 " tables, and there is no room to plan them",
                             std::max(least_memory_for_plan(bytes, threads_),
                                      least_memory_for_engine(engine_bytes.value_or(0), threads_)));
  }

  Result<void> check_room_to_load() const {
    Growth growth;
    std::string widest;
    for (const TablePlan& table : tables_.plan.tables) {
      growth.columns += table.new_columns.size();
      growth.tables += table.created ? 1 : 0;
      const auto written = static_cast<std::size_t>(std::ranges::count_if(
          table.columns, [](const LoadColumn& column) { return !column.refused; }));
      if (written <= growth.columns_widest) continue;
      widest = table.table;
      growth.columns_widest = written;
    }
    const auto bytes = warehouse_.bytes_wanting(growth);
    if (!bytes) return {};
    return too_little_memory("DuckDB has no room to load them: " + std::to_string(growth.columns) +
                                 " new columns in " + std::to_string(tables_.targets.size()) +
                                 " tables, of which " + widest + " has " +
                                 std::to_string(growth.columns_widest),
                             least_memory_for_engine(*bytes, threads_));
  }

  Result<void> too_little_memory(const std::string& why, std::uint64_t least) const {
    return config_error(why, "--memory " + std::to_string(least >> 20) + "MiB or more (it is " +
                                 std::to_string(request_.memory_bytes >> 20) + "MiB)");
  }

  // --- loading -----------------------------------------------------------------------------------

  Result<void> load() {
    const auto begun = Clock::now();
    for (const Target& target : tables_.targets)
      context_.progress.rows_total += target.rows->row_count();
    number_objects(objects_, ledger_);
    LoadTransaction transaction(parts_of(tables_, objects_));
    DRAY_TRY(transaction.stage());
    leave_out_refused(transaction);
    auto written = transaction.write_and_commit([&] { return write_record(transaction, begun); },
                                                has_this_run());
    if (!written) return after_failure(std::move(written).error(), transaction);
    // What the ledger says of it had to be written before the commit.
    report_.loading = since(begun);
    return {};
  }

  void leave_out_refused(LoadTransaction& transaction) {
    for (std::size_t i = 0; i < tables_.targets.size(); ++i) {
      const auto refused = attempts_.refused.find(tables_.targets[i].table);
      if (refused == attempts_.refused.end()) continue;
      tables_.targets[i].waits = true;
      transaction.leave_out(i, refused->second);
    }
  }

  // The same error, or one that says to begin again.
  Error after_failure(Error error, const LoadTransaction& transaction) {
    if (error.code == ErrorCode::overtaken) {
      if (++attempts_.overtaken < Attempts::overtaken_max) error.code = ErrorCode::begin_again;
      return error;
    }
    const auto target = transaction.table_at_work();
    if (!target || error.code != ErrorCode::constraint) return error;
    const Target& refusing = tables_.targets[*target];
    if (!refusing.files.empty() || attempts_.refused.size() >= Attempts::refused_max) return error;
    if (!attempts_.refused.emplace(refusing.table, error).second) return error;
    error.code = ErrorCode::begin_again;
    return error;
  }

  // Each transaction's is greater than all before it.
  LoadTransaction::Parts parts_of(Tables& tables, const ObjectSet& objects) {
    uuid_ts_ = std::max({to_micros(context_.now()), ledger_.mark.last_uuid_ts + 1, uuid_ts_ + 1});
    return {context_, session_, ledger_, tables, objects, value_rejects_, uuid_ts_, check_seed_};
  }

  // In the transaction of the rows, which may be tried several times.
  Result<void> write_record(const LoadTransaction& transaction, Clock::time_point begun) {
    DRAY_ASSIGN(const CountedLines counted, count_lines(tables_, objects_));
    report_.counts = counted.counts;
    ledger_.newest_event = std::max(ledger_.newest_event, counted.newest);
    tell_if_future(counted.newest);
    DRAY_TRY(pending_.keep(transaction, *session_));
    // A retry leaves the objects' own record alone: it read a few of their lines.
    if (!context_.is_retry()) {
      DRAY_TRY(record_objects());
      DRAY_TRY(pending_.settle(transaction, *session_));
    }
    DRAY_TRY(record_rejects(transaction));
    DRAY_TRY(write_tables(*session_, report_.source, report_.run_id, tables_.new_tables));
    DRAY_TRY(write_location());
    std::ranges::sort(report_.collections, {}, &CollectionReport::table);
    tell_shared_ids();
    report_.loading = since(begun);
    report_.duration = since(begun_);
    return write_run(*session_, report_, uuid_ts_);
  }

  // Status shows the newest event, and the latest traits win: one clock far ahead spoils both.
  void tell_if_future(std::optional<Timestamp> newest) {
    constexpr const char* code = "future_received_at";
    std::erase_if(report_.notices, [](const Notice& notice) { return notice.code == code; });
    if (!newest || *newest <= report_.started + std::chrono::days(1)) return;
    context_.notice(code,
                    "an event has a receivedAt of " + format_timestamp(to_micros(*newest)) +
                        ", which is yet to come; its traits win over all until then",
                    1);
  }

  // A stored row has an id of its own unless somebody else wrote it, or Redshift's `dedupe_window`
  // let it in. All that share the id of a new row are gone.
  void tell_shared_ids() {
    constexpr const char* code = "shared_ids_replaced";
    std::erase_if(report_.notices, [](const Notice& notice) { return notice.code == code; });
    for (const CollectionReport& table : report_.collections) {
      if (table.rows_replaced <= table.rows_loaded) continue;
      context_.notice(code,
                      report_.source + "." + table.table + ": " +
                          std::to_string(table.rows_loaded) + " rows took the place of " +
                          std::to_string(table.rows_replaced) + ", some of which had one id",
                      table.rows_replaced - table.rows_loaded);
    }
  }

  Result<void> record_objects() {
    std::vector<ObjectEntry> entries = object_entries(objects_, ledger_);
    // An object that could not be loaded again is still loaded as it was.
    std::erase_if(entries, [&](const ObjectEntry& entry) {
      return !entry.set_aside_reason.empty() && entry.known &&
             ledger_.objects.at(entry.object.key).loaded &&
             ledger_.objects.at(entry.object.key).size_bytes > 0;
    });
    DRAY_TRY(forget_objects(*session_, report_.source, selected_.gone));
    DRAY_TRY(write_objects(*session_, report_.source, report_.run_id, report_.started, entries));
    // Loaded again: what was wrong with the old content is no longer open.
    for (const ObjectEntry& entry : entries) {
      if (!entry.set_aside_reason.empty() || !entry.known) continue;
      DRAY_TRY(resolve_rejects(*session_, report_.source, report_.run_id, entry.object.key, {}));
    }
    return {};
  }

  Result<void> record_rejects(const LoadTransaction& transaction) {
    for (const auto& [key, lines] : request_.only_lines) {
      // Of rows that wait nobody knows yet that they got in.
      if (!objects_.was_read(key) || !transaction.left_out().empty()) continue;
      DRAY_TRY(resolve_rejects(*session_, report_.source, report_.run_id, key,
                               {lines.begin(), lines.end()}));
    }
    return record_value_rejects(objects_.keys, objects_.unusable);
  }

  Result<void> record_value_rejects(const std::vector<std::string>& keys,
                                    const std::vector<bool>& unusable) {
    report_.values_rejected = values_rejected_before_;
    DRAY_ASSIGN(const auto told, value_rejects_.rows());
    for (const std::unique_ptr<StagedRows>& rejects : told) {
      DRAY_ASSIGN(const ValuesRejected rejected,
                  write_rejects(*session_, report_.source, report_.run_id, context_.now(), *rejects,
                                keys, unusable));
      for (const auto& [table, count] : rejected)
        report_.values_rejected += count;
      for (CollectionReport& collection : report_.collections) {
        const auto count = rejected.find(collection.table);
        if (count != rejected.end()) collection.values_rejected += count->second;
      }
    }
    return {};
  }

  // A failed run is a run too; that it cannot be recorded either changes nothing about it. Adds to
  // the error what to do.
  void record_failure(Error& error) {
    report_.status = RunStatus::failure;
    report_.collections.clear();
    report_.counts = {};
    report_.values_rejected = 0;
    report_.objects_loaded = report_.objects_set_aside = 0;
    report_.duration = since(begun_);
    // Of a run in doubt there may be a record already, which says that it was a success.
    const bool is_recorded = request_.mode == SyncMode::load && error.cause != Cause::in_doubt;
    auto session = is_recorded ? warehouse_.open_session() : internal_error("not recorded");
    const auto before =
        session ? failures_in_a_row(**session, report_.source) : Result<Failures>(Failures());
    if (error.cause == Cause::transient) {
      error.message += what_to_do(before ? *before : Failures());
    }
    report_.error = one_line(error);
    if (!session || !before || !(*session)->begin() || !create_ledger(**session)) return;
    if (write_run(**session, report_, 0)) (void)(*session)->commit();
  }

  // What failed twice is not over by running it again.
  static std::string what_to_do(const Failures& before) {
    if (before.count == 0) return run_it_again;
    const Timestamp begun = std::chrono::floor<std::chrono::seconds>(before.since);
    return "; it has failed " + std::to_string(before.count + 1) + " times in a row since " +
           format_timestamp(to_micros(begun)) +
           ": mend the cause, nothing is loaded twice (dray history shows each)";
  }

  const SyncRequest& request_;
  Attempts& attempts_;
  Warehouse& warehouse_;
  const std::stop_token stop_;
  const std::uint64_t check_seed_ = random_seed();
  const Clock::time_point begun_ = Clock::now();
  RunReport report_;
  const RunContext context_;

  std::unique_ptr<WarehouseSession> session_;
  LedgerState ledger_;
  PendingTables pending_{context_};
  SelectedObjects selected_;
  ObjectSet objects_;
  Registry registry_;
  const unsigned threads_;
  const MemoryShares shares_;
  BlockStore staged_;
  ValueRejects value_rejects_;
  Tables tables_;
  Micros uuid_ts_ = 0;
  std::uint64_t values_rejected_before_ = 0;  // of rows that had waited
};

}  // namespace

Result<RunReport> sync(const SyncRequest& request, ObjectStore& store, Warehouse& warehouse,
                       SyncProgress& progress, std::stop_token stop) {  // NOLINT(*-value-param)
  Attempts attempts;
  while (true) {
    auto report =
        guarded([&] { return Sync(request, store, warehouse, progress, stop, attempts).run(); });
    if (!report && report.error().code == ErrorCode::begin_again) continue;
    if (!report && report.error().cause == Cause::transient) {
      report.error().message.append(run_it_again);
    }
    return report;
  }
}

}  // namespace dray
