#include "run/sync.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <thread>

#include "base/hash.h"
#include "ledger/ledger.h"
#include "model/row_batch.h"
#include "run/listing_note.h"
#include "run/reading.h"
#include "schema/plan.h"
#include "source/layout.h"
#include "stage/block_store.h"
#include "stage/duplicates.h"
#include "transform/naming.h"
#include "transform/registry.h"

namespace dray {
namespace {

using Clock = std::chrono::steady_clock;

Timestamp now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

// Sorts by time, and two runs of one microsecond still differ.
std::string make_run_id(Timestamp started) {
  std::string id = format_timestamp(to_micros(std::chrono::floor<std::chrono::seconds>(started)));
  std::erase_if(id, [](char c) { return c == '-' || c == ':'; });
  std::ranges::replace(id, ' ', 'T');
  return id + "-" + sha256_hex(std::to_string(random_seed())).substr(0, 6);
}

bool is_fixed_table(std::string_view table) {
  return table == "identifies" || table == "pages" || table == "screens" || table == "groups" ||
         table == "aliases";
}

// A transaction that lost against another (Redshift's 1023, a deadlock) is tried so often.
constexpr int transaction_attempts_max = 3;

// Late objects of a day that is over: a pipeline that was down for a long weekend.
constexpr std::chrono::days days_open{3};

// What came later still, and objects whose content has changed, are found by then.
constexpr std::chrono::hours full_listing_every{24};

constexpr const char* run_it_again = "; run it again: nothing is loaded twice";

// As in a table of runs.
std::string one_line(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;)
    text.replace(at, 1, "; ");
  return text;
}

// The first few of many.
std::string some_of(const std::vector<std::string>& names) {
  constexpr std::size_t shown_max = 3;
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < shown_max; ++i)
    text += (i > 0 ? ", " : "") + names[i];
  if (names.size() > shown_max) {
    text += " and " + std::to_string(names.size() - shown_max) + " more";
  }
  return text;
}

// Another sync's load may take long; a session whose COMMIT was not answered ends soon.
constexpr std::chrono::hours load_wait_max(1);
constexpr std::chrono::minutes commit_wait_max(1);

// What follows from identifies or groups.
struct Profiles {
  TablePlan plan;
  std::vector<WantedColumn> sources;         // the columns, with the types that their values have
  std::vector<std::string> kept_columns;     // whose stored values stay
  std::vector<std::string> refused_columns;  // of them, those that values would be for
};

// A table that rows are staged for, or that follows from such tables.
struct Target {
  std::string table;
  bool is_tracks = false;
  std::vector<BlockStore::Part> parts;  // of `tracks` in the order of the event tables' targets
  std::optional<std::int64_t> lineage_table;
  std::vector<std::int64_t> rival_tables;
  std::string profile_id_column;  // its rows change profiles by this column
  std::string profile_table;
  std::string files;  // of rows that an earlier run left there; then there are no others
  std::unique_ptr<StagedRows> rows;
};

class Sync {
 public:
  Sync(const SyncRequest& request, ObjectStore& store, Warehouse& warehouse, SyncProgress& progress,
       std::stop_token stop)
      : request_(request),
        store_(store),
        warehouse_(warehouse),
        progress_(progress),
        stop_(std::move(stop)),
        check_seed_(random_seed()),
        registry_(registry_limits(warehouse)),
        staged_({request.memory_bytes / 4, temp_directory(request)}) {
    report_.started = now();
    report_.run_id = make_run_id(report_.started);
    report_.location = store.location();
    report_.warehouse = warehouse.location();
  }

  // The run as a list of steps.
  Result<RunReport> run() {
    report_.source = schema_name(request_.source);
    if (report_.source.empty()) {
      return config_error("the source name \"" + request_.source +
                          "\" has no letter or digit to make a schema of\ntry: --source NAME");
    }
    if (is_as_before()) {
      report_.duration =
          std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun_);
      progress_.phase = SyncProgress::Phase::done;
      return std::move(report_);
    }
    DRAY_ASSIGN(session_, warehouse_.open_session());
    DRAY_ASSIGN(ledger_, read_ledger(*session_, report_.source));
    next_table_number_ = ledger_.mark.next_table_number;
    DRAY_TRY(check_location());
    const auto outcome = load_all();
    report_.duration = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun_);
    progress_.phase = SyncProgress::Phase::done;
    if (outcome) {
      write_note();
      return std::move(report_);
    }
    session_.reset();  // rolls back
    Error error = outcome.error();
    if (error.cause == Cause::cancelled) return error;
    if (error.cause == Cause::transient) error.message.append(run_it_again);
    record_failure(error);
    if (error.cause == Cause::config) return error;
    return std::move(report_);
  }

 private:
  static std::string temp_directory(const SyncRequest& request) {
    if (!request.temp_directory.empty()) return request.temp_directory;
    const char* set = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
    return set == nullptr ? "/tmp" : set;
  }

  Result<void> load_all() {
    DRAY_TRY(retry_pending());
    return list_and_load();
  }

  static RegistryLimits registry_limits(const Warehouse& warehouse) {
    RegistryLimits limits;
    limits.name_bytes_max = warehouse.name_bytes_max();
    return limits;
  }

  Result<void> list_and_load() {
    DRAY_TRY(select_objects());
    if (objects_.empty()) return load_nothing();
    progress_.phase = SyncProgress::Phase::reading;
    DRAY_TRY(read());
    DRAY_TRY(make_targets());
    DRAY_TRY(find_duplicates());
    DRAY_TRY(plan());
    report_.preparing =
        std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun_);
    if (request_.mode == SyncMode::plan) return tell_plan();
    progress_.phase = SyncProgress::Phase::loading;
    return load();
  }

  // --- without the warehouse ---------------------------------------------------------------------

  bool takes_whatever_is_new() const {
    return request_.mode == SyncMode::load && !is_retry() && !request_.since && !request_.until &&
           !request_.moved && request_.reload_changed == ReloadChanged::no;
  }

  // Whether there is what there was when nothing was left to do. What cannot be told is not so.
  bool is_as_before() {
    if (!takes_whatever_is_new()) return false;
    const auto text = warehouse_.read_note(report_.source);
    const auto note = text && *text ? parse_note(**text) : std::nullopt;
    if (!note || report_.started - full_listing_every > note->listed_at) return false;
    auto listing = store_.list({note->start});
    if (!listing || !listing->problems.empty()) return false;
    leave_out_to(note->start, *listing);
    if (fingerprint(store_.location(), *listing) != note->fingerprint) return false;
    report_.objects_listed = report_.objects_known = listing->objects.size();
    return true;
  }

  // A note that cannot be written costs the next run a question to the warehouse.
  void write_note() {
    // What waits is to be tried again.
    if (!left_out_told_.empty()) (void)warehouse_.write_note(report_.source, "");
    const bool is_all_done = report_.status == RunStatus::success && takes_whatever_is_new() &&
                             !request_.history && pending_.empty() && objects_changed_ == 0 &&
                             !ledger_.first_unloaded_key;
    const auto listed_at = listed_all_ ? report_.started : ledger_.listed_at;
    if (!is_all_done || !listed_at || listing_fingerprint_.empty()) return;
    const ListingNote note{*listed_at, listing_fingerprint_, listing_start_};
    (void)warehouse_.write_note(report_.source, to_text(note));
  }

  // --- which objects -----------------------------------------------------------------------------

  static void leave_out_to(const std::string& start, Listing& listing) {
    std::erase_if(listing.objects,
                  [&](const ObjectInfo& object) { return !start.empty() && object.key <= start; });
  }

  Result<void> check_location() const {
    if (!ledger_.location || *ledger_.location == store_.location() || request_.moved) return {};
    return config_error("the schema " + report_.source + " is loaded from " + *ledger_.location +
                        ", not from " + store_.location() +
                        "\ntry: --source with another name, or --moved if the same logs lie there "
                        "now");
  }

  // Nothing to load, but the logs may lie elsewhere from now on, or not all could be looked at.
  Result<void> load_nothing() {
    const bool is_new_place = ledger_.location && *ledger_.location != store_.location();
    const bool is_worth_a_record =
        is_new_place || !gone_.empty() || report_.status != RunStatus::success;
    if (request_.mode == SyncMode::plan) return {};
    if (!is_worth_a_record) return remember_listing();
    DRAY_TRY(session_->begin());
    DRAY_TRY(create_ledger(*session_));
    DRAY_TRY(forget_objects(*session_, report_.source, gone_));
    if (is_new_place) DRAY_TRY(write_location());
    report_.duration = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun_);
    DRAY_TRY(write_run(*session_, report_, 0));
    return commit();
  }

  // That all was listed and is loaded: until it is time to do so again, later listings may begin
  // late.
  Result<void> remember_listing() {
    if (!ledger_.location || !store_.lists_from_anywhere() || !listed_all_) return {};
    // Forgotten, it costs another full listing and nothing else.
    if (session_->begin() && write_location()) (void)session_->commit();
    return {};
  }

  Result<void> write_location() {
    return write_source(*session_, report_.source, store_.location(),
                        listed_all_ ? report_.started : ledger_.listed_at);
  }

  // Where to begin the listing; "" for all there is. What was listed in full within a day, and
  // sorts by day, need be listed only from the oldest day on that may still get objects.
  std::string choose_listing_start() const {
    const bool is_due = !ledger_.listed_at || report_.started < *ledger_.listed_at ||
                        report_.started - *ledger_.listed_at >= full_listing_every;
    if (is_due || !store_.lists_from_anywhere() || is_retry() || request_.since ||
        request_.reload_changed == ReloadChanged::yes || request_.moved) {
      return {};
    }
    if (!ledger_.first_key || !ledger_.last_key) return {};
    const auto today = std::chrono::floor<std::chrono::days>(report_.started);
    const auto start_before = [&](const std::string& key) {
      return listing_start(*ledger_.first_key, key, days_open, today).value_or("");
    };
    // An object that was set aside is tried again, however old it is.
    return std::min(start_before(*ledger_.last_key),
                    start_before(ledger_.first_unloaded_key.value_or(*ledger_.last_key)));
  }

  bool is_selected(const ObjectInfo& object) const {
    if (!object.received_day) return true;
    if (request_.since && *object.received_day < *request_.since) return false;
    if (request_.until && *object.received_day > *request_.until) return false;
    if (request_.history && !ledger_.first_key) {
      const auto today = std::chrono::floor<std::chrono::days>(report_.started);
      return *object.received_day >= today - *request_.history;
    }
    return true;
  }

  bool is_retry() const { return !request_.only_lines.empty(); }

  static bool is_unchanged(const LedgerObject& entry, const ObjectInfo& object) {
    return entry.size_bytes == object.size_bytes && entry.version == object.version;
  }

  // A retry reads lines by their numbers, which say nothing of other content.
  bool is_to_retry(const ObjectInfo& object) {
    if (!request_.only_lines.contains(object.key)) return false;
    retries_missing_.erase(object.key);
    const auto known = ledger_.objects.find(object.key);
    if (known == ledger_.objects.end() || is_unchanged(known->second, object)) return true;
    not_retried("object_changed", object.key,
                "has other content than when it was loaded (dray sync --reload-changed loads it "
                "again)");
    return false;
  }

  void not_retried(std::string code, const std::string& key, const char* why) {
    const std::size_t lines = request_.only_lines.at(key).size();
    notice(std::move(code),
           key + ": " + std::to_string(lines) + (lines == 1 ? " line" : " lines") +
               " not retried, because the object " + why,
           1);
    ++objects_not_retried_;
  }

  void tell_not_retried() {
    for (const std::string& key : retries_missing_) {
      not_retried("object_gone", key, "is not there any more");
    }
    if (objects_not_retried_ == 0) return;
    report_.status = RunStatus::partial;
    report_.error = std::to_string(objects_not_retried_) +
                    (objects_not_retried_ == 1 ? " object" : " objects") + " could not be retried";
  }

  // Nothing of an object that was set aside is loaded: when it is gone, there is no more to do.
  void find_gone(const Listing& listing) {
    if (is_retry() || !listing.problems.empty()) return;
    for (const auto& [key, entry] : ledger_.objects) {
      if (entry.loaded) continue;
      const auto listed = std::ranges::lower_bound(listing.objects, key, {}, &ObjectInfo::key);
      if (listed == listing.objects.end() || listed->key != key) gone_.push_back(key);
    }
    if (gone_.empty()) return;
    notice("object_gone",
           "objects that were set aside are not there any more, first " +
               *std::ranges::min_element(gone_),
           gone_.size());
  }

  // Whether this run reads the object; counts why not.
  bool is_new(const ObjectInfo& object) {
    if (is_retry()) return is_to_retry(object);
    if (!is_selected(object)) {
      listed_all_ = false;
      return false;
    }
    const auto known = ledger_.objects.find(object.key);
    if (known == ledger_.objects.end() || !known->second.loaded) return true;
    if (is_unchanged(known->second, object)) {
      ++report_.objects_known;
      return false;
    }
    if (request_.reload_changed == ReloadChanged::yes) return true;
    ++report_.objects_known;
    ++objects_changed_;
    if (changed_sample_.empty()) changed_sample_ = object.key;
    return false;
  }

  Result<void> select_objects() {
    const std::string start = choose_listing_start();
    DRAY_ASSIGN(Listing listing, store_.list({start}));
    leave_out_to(start, listing);
    listing_start_ = start;
    listing_fingerprint_ = fingerprint(store_.location(), listing);
    DRAY_TRY(read_objects(*session_, report_.source, start, ledger_));
    listed_all_ = start.empty() && !is_retry() && listing.problems.empty();
    for (const auto& [key, lines] : request_.only_lines)
      retries_missing_.insert(key);
    report_.objects_listed = listing.objects.size();
    for (const ListProblem& problem : listing.problems) {
      listing_problems_ = true;
      notice("not_listed", problem.key + ": " + problem.message, 1);
    }
    find_gone(listing);
    for (ObjectInfo& object : listing.objects) {
      if (!is_new(object)) continue;
      ReadObject& selected = objects_.emplace_back();
      selected.info = std::move(object);
      if (const auto only = request_.only_lines.find(selected.info.key);
          only != request_.only_lines.end()) {
        selected.only_lines = &only->second;
      }
      progress_.bytes_total += selected.info.size_bytes;
    }
    if (objects_changed_ > 0) {
      notice("object_changed",
             "objects have other content than when they were loaded, first " + changed_sample_ +
                 "; they were not loaded again (dray sync --reload-changed does)",
             objects_changed_);
    }
    if (listing_problems_) {
      report_.status = RunStatus::partial;
      report_.error = "parts of the source could not be listed";
    }
    tell_not_retried();
    progress_.objects_total = objects_.size();
    return {};
  }

  void notice(std::string code, std::string message, std::uint64_t count) {
    report_.notices.push_back({std::move(code), std::move(message), count});
  }

  // --- reading -----------------------------------------------------------------------------------

  Result<void> read() {
    ReadingOptions options;
    options.threads = request_.threads != 0 ? request_.threads
                                            : std::max(1U, std::thread::hardware_concurrency());
    options.check_seed = check_seed_;
    options.line_bytes_max = request_.line_bytes_max;
    options.batches_bytes_max = request_.memory_bytes / 16;
    options.warehouse_id = request_.warehouse_id;
    DRAY_TRY(read_objects(objects_, store_, registry_, staged_, options, progress_, stop_));
    NoticeCounts notices;
    for (const ReadObject& object : objects_) {
      object_keys_.push_back(object.info.key);
      unusable_.push_back(!object.set_aside_reason.empty());
      report_.bytes_read += object.info.size_bytes;
      report_.bytes_plain += object.bytes_plain;
      if (unusable_.back()) {
        ++report_.objects_set_aside;
        notice("object_set_aside",
               object.info.key + ": " + object.set_aside_reason +
                   (is_retry() ? "; its rejects stay open" : "; the next sync tries it again"),
               1);
        continue;
      }
      ++report_.objects_loaded;
      notices += object.notices;
    }
    for (std::size_t i = 0; i < notice_code_count; ++i) {
      const auto code = static_cast<NoticeCode>(i);
      if (notices.counts[i] > 0) {
        notice(std::string(to_string(code)), std::string(explain(code)), notices.counts[i]);
      }
    }
    if (report_.objects_set_aside > 0) {
      const bool anything = report_.objects_loaded + report_.objects_known > 0;
      report_.status = anything ? RunStatus::partial : RunStatus::failure;
      report_.error =
          std::to_string(report_.objects_set_aside) +
          (report_.objects_set_aside == 1 ? " object could not be read and was set aside"
                                          : " objects could not be read and were set aside");
    }
    return {};
  }

  // --- what rows, for which tables ---------------------------------------------------------------

  std::int64_t table_number(const std::string& table) {
    const auto [entry, added] = ledger_.tables.try_emplace(table, next_table_number_);
    if (added) ++next_table_number_;
    return entry->second;
  }

  Result<void> make_targets() {
    seen_ = registry_.tables();
    Target tracks;
    tracks.table = "tracks";
    tracks.is_tracks = true;
    for (const Registry::TableSeen& seen : seen_) {
      Target target;
      target.table = seen.name;
      target.parts = {{seen.number, seen.event}};
      const std::int64_t number = number_of(seen);
      target.lineage_table = number;
      target.rival_tables = {number};
      if (seen.type == EventType::identify) {
        target.profile_id_column = "user_id";
        target.profile_table = "users";
      }
      if (seen.type == EventType::group) {
        target.profile_id_column = "group_id";
        target.profile_table = "accounts";
      }
      if (seen.type == EventType::track) tracks.parts.push_back({seen.number, seen.event});
      WantedTable& wanted = wanted_.emplace_back();
      wanted.name = seen.name;
      for (const Registry::ColumnSeen& column : seen.columns) {
        wanted.columns.push_back(wanted_column(column));
      }
      targets_.push_back(std::move(target));
      count_name(seen.origin);
    }
    add_tracks(std::move(tracks));
    for (Target& target : targets_)
      target.rows = staged_.view(target.parts);
    tell_names();
    return {};
  }

  std::int64_t number_of(const Registry::TableSeen& seen) {
    const bool known = ledger_.tables.contains(seen.name);
    const std::int64_t number = table_number(seen.name);
    if (!known) new_tables_.push_back({seen.name, seen.event, number});
    return number;
  }

  WantedColumn wanted_column(const Registry::ColumnSeen& column) {
    count_name(column.origin);
    WantedColumn wanted{
        column.name, narrowest_type(column.bits), {}, column.slot, varchar_bytes_for(column.bits)};
    if (column.slot < property_slot_first) {
      wanted.standard = static_cast<StandardColumn>(column.slot);
    }
    return wanted;
  }

  // `tracks` has the rows of all event tables, without their properties.
  void add_tracks(Target tracks) {
    if (tracks.parts.empty()) return;
    std::map<Slot, WantedColumn> columns;
    std::map<Slot, Observed> bits;
    for (const Registry::TableSeen& seen : seen_) {
      if (seen.type != EventType::track) continue;
      tracks.rival_tables.push_back(table_number(seen.name));
      for (const Registry::ColumnSeen& column : seen.columns) {
        if (column.slot >= property_slot_first && column.slot < context_slot_first) continue;
        bits[column.slot] = static_cast<Observed>(bits[column.slot] | column.bits);
        WantedColumn& wanted = columns[column.slot];
        wanted.name = column.name;
        wanted.type = narrowest_type(bits[column.slot]);
        wanted.varchar_bytes = varchar_bytes_for(bits[column.slot]);
        wanted.slot = column.slot;
        if (column.slot < property_slot_first) {
          wanted.standard = static_cast<StandardColumn>(column.slot);
        }
      }
    }
    // A stored row of any event may be the rival of a tie.
    for (const auto& [table, number] : ledger_.tables) {
      if (is_fixed_table(table)) continue;
      if (std::ranges::find(tracks.rival_tables, number) == tracks.rival_tables.end()) {
        tracks.rival_tables.push_back(number);
      }
    }
    WantedTable& wanted = wanted_.emplace_back();
    wanted.name = tracks.table;
    for (auto& [slot, column] : columns)
      wanted.columns.push_back(std::move(column));
    targets_.push_back(std::move(tracks));
  }

  void count_name(NameOrigin origin) { ++names_[static_cast<std::size_t>(origin)]; }

  void tell_names() {
    const auto tell = [&](NameOrigin origin, NoticeCode code) {
      const std::uint64_t count = names_[static_cast<std::size_t>(origin)];
      if (count > 0) notice(std::string(to_string(code)), std::string(explain(code)), count);
    };
    tell(NameOrigin::prefixed, NoticeCode::reserved_name);
    tell(NameOrigin::hashed, NoticeCode::hashed_name);
    tell(NameOrigin::cut, NoticeCode::long_name);
  }

  Result<void> find_duplicates() {
    const DuplicateLimits limits{request_.memory_bytes / 8};
    for (const Target& target : targets_) {
      DRAY_TRY(stop_requested());
      DRAY_TRY(drop_duplicates(*target.rows, unusable_, limits));
    }
    return {};
  }

  // --- the plan ----------------------------------------------------------------------------------

  Result<void> plan() {
    profiles_.clear();
    DRAY_ASSIGN(const Catalog catalog, session_->catalog(report_.source));
    const ContractColumns contract =
        request_.contract_columns ? ContractColumns::create : ContractColumns::leave_out;
    DRAY_ASSIGN(plan_, make_plan(catalog, wanted_, contract, warehouse_.limits()));
    tell_full_tables(catalog);
    // The profiles' columns are those that their source will have.
    std::vector<WantedTable> profiles;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (targets_[i].profile_table.empty()) continue;
      profiles.push_back({targets_[i].profile_table, profile_columns(catalog, plan_.tables[i])});
    }
    DRAY_ASSIGN(Plan profile_plan, make_plan(catalog, profiles, contract, warehouse_.limits()));
    for (SchemaChange& change : profile_plan.changes) {
      if (std::holds_alternative<CreateSchema>(change)) continue;
      plan_.changes.push_back(std::move(change));
    }
    for (std::size_t i = 0; i < profiles.size(); ++i) {
      Profiles& made = profiles_.emplace_back();
      made.plan = std::move(profile_plan.tables[i]);
      made.sources = std::move(profiles[i].columns);
      find_kept_columns(catalog, made);
    }
    return {};
  }

  // Well before the wall, while property names that hold ids can still be mended at their source.
  void tell_full_tables(const Catalog& catalog) {
    const std::size_t most = warehouse_.limits().columns_per_table_max;
    for (const TablePlan& table : plan_.tables) {
      const LiveTable* live = live_table(catalog, table.table);
      const std::size_t columns =
          table.new_columns.size() +
          (live == nullptr ? 0 : live->columns.size() + live->columns_dropped);
      if (columns < most / 10 * 9 || table.new_columns.empty()) continue;
      notice("table_nearly_full",
             table.table + " has " + std::to_string(columns) + " of at most " +
                 std::to_string(most) + " columns; values for more will be rejects",
             1);
    }
  }

  static const LiveTable* live_table(const Catalog& catalog, const std::string& name) {
    const auto found = std::ranges::find(catalog.tables, name, &LiveTable::name);
    return found == catalog.tables.end() ? nullptr : &*found;
  }

  // What stands in the profiles' table and is not computed from the source's rows.
  static void find_kept_columns(const Catalog& catalog, Profiles& profiles) {
    const LiveTable* table = live_table(catalog, profiles.plan.table);
    if (table == nullptr) return;
    for (const LiveColumn& column : table->columns) {
      if (standard_column(column.name)) continue;
      const auto load = std::ranges::find(profiles.plan.columns, column.name, &LoadColumn::name);
      if (load != profiles.plan.columns.end() && !load->refused) continue;
      profiles.kept_columns.push_back(column.name);
      if (load != profiles.plan.columns.end()) profiles.refused_columns.push_back(column.name);
    }
  }

  static std::vector<WantedColumn> profile_columns(const Catalog& catalog, const TablePlan& from) {
    std::vector<WantedColumn> columns;
    // As wide as the source's column, once that is widened.
    const auto add = [&](const std::string& name, ColumnType type, std::uint32_t bytes) {
      if (standard_column(name)) return;
      for (const LoadColumn& loaded : from.columns) {
        if (loaded.name == name) bytes = std::max(bytes, loaded.varchar_bytes.value_or(0));
      }
      columns.push_back({name, type, {}, 0, bytes});
    };
    if (const LiveTable* table = live_table(catalog, from.table)) {
      for (const LiveColumn& column : table->columns) {
        if (!column.writable) continue;
        add(column.name, column.type, column.varchar_bytes.value_or(varchar_bytes_default));
      }
    }
    for (const Column& column : from.new_columns)
      add(column.name, column.type, column.varchar_bytes);
    return columns;
  }

  Result<void> tell_plan() {
    for (const SchemaChange& change : plan_.changes) {
      report_.ddl.push_back(warehouse_.ddl(change).text());
    }
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      CollectionReport& collection = collection_for(plan_.tables[i]);
      for (std::uint64_t row = 0; row < targets_[i].rows->row_count(); ++row) {
        ++(targets_[i].rows->is_dropped(row) ? collection.duplicates : collection.rows_loaded);
      }
    }
    DRAY_TRY(count_lines());
    return {};
  }

  CollectionReport& collection_for(const TablePlan& table) {
    CollectionReport& collection = report_.collections.emplace_back();
    collection.table = table.table;
    collection.created = table.created;
    for (const Column& column : table.new_columns) {
      collection.new_columns.push_back(column.name + " " + std::string(to_string(column.type)));
    }
    return collection;
  }

  // --- loading -----------------------------------------------------------------------------------

  Result<void> load() {
    const auto begun = Clock::now();
    for (const Target& target : targets_)
      progress_.rows_total += target.rows->row_count();
    number_objects();
    DRAY_TRY(stage());
    DRAY_TRY(write_and_commit([&] { return write_ledger(begun); }));
    // What the ledger says of it had to be written before the commit.
    report_.loading = std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - begun);
    return {};
  }

  // Everything that can be done before the transaction, so that it is short.
  Result<void> stage() {
    uuid_ts_ = std::max({to_micros(now()), ledger_.mark.last_uuid_ts + 1, uuid_ts_ + 1});
    left_out_.clear();
    DRAY_TRY(widen_columns());
    make_loads();
    std::vector<TableLoad*> loads;
    for (TableLoad& load : loads_)
      loads.push_back(&load);
    StageRun run{report_.source, report_.run_id, {}};
    DRAY_ASSIGN(run.last_committed_run, last_committed_run(*session_, report_.source));
    const std::stop_callback on_stop(stop_, [this] { session_->interrupt(); });
    DRAY_ASSIGN(const auto failures, session_->stage(run, loads));
    for (std::size_t i = 0; i < failures.size(); ++i) {
      if (failures[i]) left_out_.emplace(i, *failures[i]);
    }
    return {};
  }

  // A column that the warehouse will not widen keeps its width: what is longer is cut, and told.
  Result<void> widen_columns() {
    for (const SchemaChange& change : plan_.changes) {
      const auto* const widen = std::get_if<WidenColumn>(&change);
      if (widen == nullptr) continue;
      DRAY_TRY(stop_requested());
      auto applied = session_->apply(change);
      if (applied) continue;
      if (applied.error().cause == Cause::transient) return applied;
      keep_width(*widen);
      notice(
          "column_not_widened",
          widen->schema + "." + widen->table + "." + widen->column + ": " + applied.error().message,
          1);
    }
    return {};
  }

  void keep_width(const WidenColumn& widen) {
    for (TablePlan& table : plan_.tables) {
      if (table.table != widen.table) continue;
      for (LoadColumn& column : table.columns) {
        if (column.name == widen.column) column.varchar_bytes = widen.varchar_bytes_before;
      }
    }
    for (Profiles& profiles : profiles_)
      refuse_column(profiles, widen);
  }

  // The values of profiles are not cut: a column of theirs that is too narrow takes none.
  static void refuse_column(Profiles& profiles, const WidenColumn& widen) {
    if (profiles.plan.table != widen.table) return;
    for (LoadColumn& column : profiles.plan.columns) {
      if (column.name == widen.column) column.refused = RejectReason::too_long;
    }
    profiles.kept_columns.push_back(widen.column);
    profiles.refused_columns.push_back(widen.column);
  }

  // The transaction, as often as it takes. One that lost against another may win the next time; a
  // table that the warehouse refuses is left out, so that the others need not wait for it.
  Result<void> write_and_commit(const std::function<Result<void>()>& write_record) {
    for (int attempt = 1;; ++attempt) {
      auto written = write_all(write_record);
      if (written) written = stop_requested();
      if (written) written = commit();
      if (written || !may_try_again(written.error(), attempt)) return written;
      if (!session_->rollback()) return written;
    }
  }

  bool may_try_again(const Error& error, int attempt) {
    if (!session_ || loads_.empty() || loads_.front().files.empty()) return false;
    if (error.cause == Cause::transient) return attempt < transaction_attempts_max;
    if (error.cause == Cause::cancelled || error.cause == Cause::in_doubt) return false;
    if (!table_at_work_) return false;
    return left_out_.emplace(*table_at_work_, error).second;
  }

  Result<void> write_all(const std::function<Result<void>()>& write_record) {
    const std::stop_callback on_stop(stop_, [this] { session_->interrupt(); });
    report_.collections.clear();
    table_at_work_.reset();
    DRAY_TRY(session_->begin());
    DRAY_TRY(session_->lock(load_wait_max));
    DRAY_TRY(create_ledger(*session_));
    DRAY_TRY(check_ledger());
    const bool all_ended =
        std::ranges::all_of(ledger_.objects, [](const auto& entry) { return entry.second.loaded; });
    if (!all_ended) DRAY_TRY(forget_unfinished(*session_, report_.source));
    DRAY_TRY(make_schema());
    DRAY_TRY(forget_old_origins());
    std::size_t columns = 0;  // that the transaction at hand writes
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      if (left_out_.contains(i)) continue;
      const std::size_t own = columns_of(i);
      if (columns > 0 && columns + own > warehouse_.columns_per_transaction_max()) {
        DRAY_TRY(commit_tables());
        columns = 0;
      }
      columns += own;
      table_at_work_ = i;
      DRAY_TRY(make_room_for(i));
      DRAY_TRY(load_table(i));
      table_at_work_.reset();
    }
    return write_record();
  }

  Result<void> make_schema() {
    for (const SchemaChange& change : plan_.changes) {
      if (table_of(change).empty()) DRAY_TRY(session_->apply(change));
    }
    return {};
  }

  // Of the objects that are loaded again whole. A retry adds to what its object told before.
  Result<void> forget_old_origins() {
    if (is_retry()) return {};
    std::vector<std::int64_t> again;
    for (std::size_t i = 0; i < objects_.size(); ++i) {
      const auto known = ledger_.objects.find(object_keys_[i]);
      const bool is_loaded = known != ledger_.objects.end() && known->second.loaded;
      if (is_loaded && !unusable_[i]) again.push_back(entry_numbers_[i]);
    }
    return forget_origins(*session_, again);
  }

  // Whether somebody has loaded the source since its ledger was read: then the objects at hand may
  // be in already.
  Result<void> check_ledger() {
    DRAY_ASSIGN(const LedgerMark mark, read_mark(*session_, report_.source));
    const LedgerMark& known = ledger_.mark;
    if (mark.objects != known.objects || mark.newest_run != known.newest_run ||
        mark.last_uuid_ts != known.last_uuid_ts) {
      return transient_error("another sync has loaded " + report_.source + " meanwhile");
    }
    return {};
  }

  const Profiles* profiles_of(const Target& target) const {
    for (const Profiles& profiles : profiles_) {
      if (profiles.plan.table == target.profile_table) return &profiles;
    }
    return nullptr;
  }

  std::size_t columns_of(std::size_t i) const {
    const Profiles* profiles = profiles_of(targets_[i]);
    return plan_.tables[i].columns.size() +
           (profiles == nullptr ? 0 : profiles->plan.columns.size());
  }

  // The planned changes to a table, and to the profiles that follow from it.
  Result<void> make_room_for(std::size_t i) {
    const auto concerns = [&](const SchemaChange& change) {
      const std::string_view table = table_of(change);
      if (table.empty() || is_outside_transaction(change)) return false;
      return table == targets_[i].table || table == targets_[i].profile_table;
    };
    for (const SchemaChange& change : plan_.changes) {
      if (!concerns(change)) continue;
      DRAY_TRY(stop_requested());
      DRAY_TRY(session_->apply(change));
    }
    return {};
  }

  // More tables than one transaction can hold: those so far are committed by themselves. Should the
  // run end here, the ledger does not have its objects, and the next sync writes the same rows
  // again in the place of these.
  Result<void> commit_tables() {
    DRAY_TRY(stop_requested());
    if (!tables_committed_ && !is_retry()) {
      DRAY_TRY(announce_objects(*session_, report_.source, report_.run_id, report_.started,
                                object_entries()));
    }
    DRAY_TRY(write_tables(*session_, report_.source, report_.run_id, new_tables_));
    new_tables_.clear();
    DRAY_TRY(session_->commit());
    tables_committed_ = true;
    DRAY_TRY(session_->begin());
    return session_->lock(load_wait_max);
  }

  // The answer to a COMMIT may be lost. The ledger was written in the same transaction, so it has
  // this run exactly if the rows are there.
  Result<void> commit() {
    auto committed = session_->commit();
    if (committed || committed.error().cause != Cause::in_doubt) return committed;
    session_.reset();
    const auto recorded = is_recorded();
    if (!recorded) {
      return Error{Cause::in_doubt, "commit: " + committed.error().message +
                                        "; whether it happened could not be read either: " +
                                        recorded.error().message + run_it_again};
    }
    if (*recorded) return {};
    return transient_error("commit: " + committed.error().message +
                           "; the warehouse did not commit");
  }

  // Behind the lock: the session that was lost may be committing still.
  Result<bool> is_recorded() const {
    DRAY_ASSIGN(const auto session, warehouse_.open_session());
    DRAY_TRY(session->begin());
    DRAY_TRY(session->lock(commit_wait_max));
    return has_run(*session, report_.run_id);
  }

  Result<void> stop_requested() const {
    if (!stop_.stop_requested()) return {};
    if (!tables_committed_) return cancelled_error();
    return Error{Cause::cancelled, "some tables have their new rows; the next sync adds the rest"};
  }

  void make_loads() {
    loads_.clear();
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const Target& target = targets_[i];
      TableLoad& load = loads_.emplace_back();
      load.schema = report_.source;
      load.table = target.table;
      load.created = plan_.tables[i].created;
      load.columns = plan_.tables[i].columns;
      load.lineage_table = target.lineage_table;
      load.rival_tables = target.rival_tables;
      load.uuid_ts = uuid_ts_;
      load.files = target.files;
      load.rows = target.rows.get();
      if (target.files.empty()) {
        load.object_keys = &object_keys_;
        load.object_numbers = &object_numbers_;
      }
      load.check_seed = check_seed_;
      load.reload = request_.reload_changed == ReloadChanged::yes && target.files.empty();
      load.profile_id_column = target.profile_id_column;
      load.profile_table = target.profile_table;
      load.value_rejects = [this, i](const ValueReject& reject) {
        const std::scoped_lock lock(value_rejects_mutex_);
        reject_value(targets_[i].table, reject);
      };
    }
  }

  Result<void> load_table(std::size_t i) {
    DRAY_TRY(stop_requested());
    const Target& target = targets_[i];
    TableLoad& load = loads_[i];
    auto loaded = session_->load(load);
    if (!loaded) return std::move(loaded).error().within("load " + target.table);
    DRAY_TRY(check_counts(load, *loaded));
    CollectionReport& collection = collection_for(plan_.tables[i]);
    collection.rows_loaded = loaded->rows_inserted;
    collection.rows_replaced = loaded->rows_replaced;
    if (target.rows) {
      collection.duplicates = duplicates_of(target);
      progress_.rows_loaded += target.rows->row_count();
    }
    if (target.profile_table.empty()) return {};
    return merge_profiles(target, load);
  }

  // What the warehouse says it took must be what was staged for it.
  static Result<void> check_counts(const TableLoad& load, const TableLoaded& loaded) {
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

  std::uint64_t duplicates_of(const Target& target) const {
    std::uint64_t dropped = 0;
    BlockScratch scratch;
    for (std::size_t number = 0; number < target.rows->block_count(); ++number) {
      const auto block = target.rows->keys(number, scratch);
      if (!block) return dropped;
      for (std::size_t i = 0; i < block->keys.size(); ++i) {
        if (unusable_[block->keys[i].object]) continue;
        if (target.rows->is_dropped(block->first_row + i)) ++dropped;
      }
    }
    return dropped;
  }

  // What happened and what to do about it.
  static std::string detail_of(const std::string& table, const ValueReject& reject) {
    std::string detail(explain(reject.reason));
    if (reject.reason != RejectReason::does_not_fit) return detail;
    detail.append(" (the type is ").append(to_string(reject.column_type));
    if (table == "identifies") detail.append("; change it in users too");
    if (table == "groups") detail.append("; change it in accounts too");
    return detail.append(")");
  }

  void reject_value(const std::string& table, const ValueReject& reject) {
    append_reject(value_rejects_,
                  RejectedValue{reject.object, reject.line, reject.reason, table, reject.column,
                                reject.value, detail_of(table, reject)});
    if (value_rejects_.bytes() < (256U << 10)) return;
    // A failure to stage shows again when the rest is flushed.
    if (auto staged = flush_value_rejects(); !staged) value_rejects_error_ = staged.error();
  }

  Result<void> flush_value_rejects() {
    if (value_rejects_error_) return *value_rejects_error_;
    if (value_rejects_.keys.empty()) return {};
    RowBatch batch{rejects_table, std::move(value_rejects_.keys),
                   std::move(value_rejects_.records)};
    value_rejects_ = {};
    return staged_.add(std::move(batch));
  }

  Result<void> merge_profiles(const Target& target, const TableLoad& load) {
    const Profiles* profiles = profiles_of(target);
    if (profiles == nullptr) return {};
    const TablePlan& plan = profiles->plan;
    ProfileMerge merge;
    merge.schema = report_.source;
    merge.source_table = target.table;
    merge.table = plan.table;
    merge.id_column = target.profile_id_column;
    merge.uuid_ts = uuid_ts_;
    for (const LoadColumn& column : plan.columns) {
      if (!column.standard && !column.refused) merge.columns.push_back(column.name);
    }
    merge.casts = casts_of(*profiles);
    merge.kept_columns = profiles->kept_columns;
    merge.refused_columns = profiles->refused_columns;
    merge.load = &load;
    merge.value_rejects = [&](const ValueReject& reject) { reject_value(plan.table, reject); };
    auto merged = session_->merge_profiles(merge);
    if (!merged) return std::move(merged).error().within("merge " + plan.table);
    collection_for(plan).rows_loaded = *merged;
    return {};
  }

  // varchar holds everything as it is.
  static std::vector<ProfileCast> casts_of(const Profiles& profiles) {
    std::vector<ProfileCast> casts;
    for (const WantedColumn& source : profiles.sources) {
      const auto column = std::ranges::find(profiles.plan.columns, source.name, &LoadColumn::name);
      if (column == profiles.plan.columns.end() || column->refused) continue;
      if (column->type == source.type || column->type == ColumnType::varchar) continue;
      casts.push_back({source.name, source.type, column->type});
    }
    return casts;
  }

  // --- the record --------------------------------------------------------------------------------

  // A line is loaded if any of its rows is, a duplicate if all of them lost.
  Result<void> count_lines() {
    for (ReadObject& object : objects_)
      object.counts.loaded = object.counts.duplicate = 0;
    report_.counts = {};
    const Target* tracks = nullptr;
    for (const Target& target : targets_) {
      if (target.is_tracks) tracks = &target;
    }
    std::uint64_t tracks_row = 0;
    BlockScratch scratch;
    for (const Target& target : targets_) {
      if (&target == tracks) continue;
      const bool is_event = !target.parts.front().event.empty();
      for (std::size_t number = 0; number < target.rows->block_count(); ++number) {
        DRAY_ASSIGN(const RowBlock block, target.rows->keys(number, scratch));
        for (std::size_t i = 0; i < block.keys.size(); ++i) {
          bool lost = target.rows->is_dropped(block.first_row + i);
          if (is_event && tracks != nullptr) {
            const bool lost_in_tracks = tracks->rows->is_dropped(tracks_row++);
            lost = lost && lost_in_tracks;
          }
          LineCounts& counts = objects_[block.keys[i].object].counts;
          ++(lost ? counts.duplicate : counts.loaded);
        }
      }
    }
    for (const ReadObject& object : objects_) {
      if (object.set_aside_reason.empty()) report_.counts += object.counts;
    }
    return {};
  }

  // Whether this run read the object to its end: else its rejects stay open.
  bool was_read(const std::string& key) const {
    return std::ranges::any_of(objects_, [&](const ReadObject& object) {
      return object.info.key == key && object.set_aside_reason.empty();
    });
  }

  std::vector<ObjectEntry> object_entries() {
    std::vector<ObjectEntry> entries;
    for (const ReadObject& object : objects_) {
      ObjectEntry& entry = entries.emplace_back();
      entry.object = object.info;
      entry.set_aside_reason = object.set_aside_reason;
      if (object.set_aside_reason.empty()) entry.counts = object.counts;
      const auto known = ledger_.objects.find(object.info.key);
      entry.known = known != ledger_.objects.end();
      entry.number = entry_numbers_[entries.size() - 1];
    }
    return entries;
  }

  void number_objects() {
    for (const ReadObject& object : objects_) {
      const auto known = ledger_.objects.find(object.info.key);
      const std::int64_t number =
          known != ledger_.objects.end() ? known->second.number : ledger_.mark.next_object_number++;
      entry_numbers_.push_back(number);
      object_numbers_.push_back(object.set_aside_reason.empty() ? number : no_object_number);
    }
  }

  Result<void> write_ledger(Clock::time_point begun) {
    DRAY_TRY(count_lines());
    std::vector<ObjectEntry> entries = object_entries();
    DRAY_TRY(flush_value_rejects());
    DRAY_TRY(keep_left_out());
    // An object that could not be loaded again is still loaded as it was.
    std::erase_if(entries, [&](const ObjectEntry& entry) {
      return !entry.set_aside_reason.empty() && entry.known &&
             ledger_.objects.at(entry.object.key).loaded;
    });
    // A retry leaves the objects' own record alone: it read a few of their lines.
    if (!is_retry()) {
      DRAY_TRY(forget_objects(*session_, report_.source, gone_));
      DRAY_TRY(write_objects(*session_, report_.source, report_.run_id, report_.started, entries));
    }
    for (const ReadObject& object : objects_) {
      if (is_retry() || !object.set_aside_reason.empty()) continue;
      if (!ledger_.objects.contains(object.info.key)) continue;
      // Loaded again: what was wrong with the old content is no longer open.
      DRAY_TRY(resolve_rejects(*session_, report_.source, report_.run_id, object.info.key, {}));
    }
    for (const auto& [key, lines] : request_.only_lines) {
      // Of rows that wait nobody knows yet that they got in.
      if (!was_read(key) || !left_out_.empty()) continue;
      DRAY_TRY(resolve_rejects(*session_, report_.source, report_.run_id, key,
                               {lines.begin(), lines.end()}));
    }
    const auto rejects = staged_.view({{rejects_table, {}}});
    DRAY_ASSIGN(const ValuesRejected values_rejected,
                write_rejects(*session_, report_.source, report_.run_id, now(), *rejects,
                              object_keys_, unusable_));
    report_.values_rejected = 0;
    for (const auto& [table, count] : values_rejected)
      report_.values_rejected += count;
    for (CollectionReport& collection : report_.collections) {
      const auto count = values_rejected.find(collection.table);
      if (count != values_rejected.end()) collection.values_rejected = count->second;
    }
    DRAY_TRY(write_tables(*session_, report_.source, report_.run_id, new_tables_));
    DRAY_TRY(write_location());
    std::ranges::sort(report_.collections, {}, &CollectionReport::table);
    const auto since = [](Clock::time_point from) {
      return std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - from);
    };
    report_.loading = since(begun);
    report_.duration = since(begun_);
    return write_run(*session_, report_, uuid_ts_);
  }

  // --- tables that the warehouse refused ---------------------------------------------------------

  // Their rows stay in their files, and the ledger says so in this very transaction.
  Result<void> keep_left_out() {
    std::vector<PendingTable> tables;
    std::vector<std::string> reasons;
    for (const auto& [i, error] : left_out_) {
      const TableLoad& load = loads_[i];
      tables.push_back({load.table, report_.run_id, load.files, load.rows_in_files});
      reasons.push_back(error.message);
    }
    tell_left_out();
    if (tables.empty()) return {};
    return write_pending(*session_, report_.source, now(), tables, reasons);
  }

  // Once for each, however often the transaction was tried.
  void tell_left_out() {
    std::vector<std::string> tables;
    for (const auto& [i, error] : left_out_) {
      const TableLoad& load = loads_[i];
      if (!left_out_told_.insert(load.files).second) continue;
      notice("table_pending",
             load.table + ": " + one_line(error.message) + "; its rows wait in " + load.files +
                 ", and the next sync tries them again",
             load.rows_in_files);
      tables.push_back(load.table);
    }
    if (tables.empty()) return;
    report_.status = RunStatus::partial;
    if (!report_.error.empty()) report_.error += "; ";
    report_.error += "not loaded: " + some_of(tables);
  }

  // Tables that earlier runs left out, from the files that they left: alone, before anything new.
  Result<void> retry_pending() {
    DRAY_ASSIGN(pending_, read_pending(*session_, report_.source));
    if (pending_.empty()) return {};
    if (request_.mode == SyncMode::plan) {
      notice("table_pending", "tables of earlier runs wait for their rows; a sync tries them again",
             pending_.size());
      return {};
    }
    for (const PendingTable& pending : pending_)
      DRAY_TRY(add_pending(pending));
    if (targets_.empty()) return {};
    DRAY_TRY(plan());
    DRAY_TRY(stage());
    leave_out_what_changed();
    DRAY_TRY(write_and_commit([this] { return forget_loaded(); }));
    tell_retried();
    targets_.clear();
    wanted_.clear();
    loads_.clear();
    left_out_.clear();
    report_.collections.clear();
    return {};
  }

  Result<void> add_pending(const PendingTable& pending) {
    auto read = session_->read_files(pending.files);
    if (!read && read.error().cause == Cause::transient) return std::move(read).error();
    if (!read) {
      tell_lost_files(pending, read.error());
      return {};
    }
    const TableLoad& load = *read;
    Target& target = targets_.emplace_back();
    target.table = load.table;
    target.lineage_table = load.lineage_table;
    target.rival_tables = load.rival_tables;
    target.profile_id_column = load.profile_id_column;
    target.profile_table = load.profile_table;
    target.files = pending.files;
    WantedTable& wanted = wanted_.emplace_back();
    wanted.name = load.table;
    for (const LoadColumn& column : load.columns) {
      if (is_added_by_plan(column.name)) continue;
      wanted.columns.push_back({column.name, column.type, standard_column(column.name), column.slot,
                                column.varchar_bytes.value_or(varchar_bytes_default)});
    }
    return {};
  }

  // Somebody removed them, it seems. The table waits on, and the others need not.
  void tell_lost_files(const PendingTable& pending, const Error& error) {
    notice("table_pending",
           pending.table + ": its rows cannot be read: " + one_line(error.message) +
               "; docs/redshift.md tells how to have them read from the raw objects again",
           pending.rows);
    left_out_told_.insert(pending.files);
    report_.status = RunStatus::partial;
    report_.error = "not loaded: " + pending.table;
  }

  // Values in files have the types that were planned then, and the warehouse must not convert them.
  void leave_out_what_changed() {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      for (const WantedColumn& wanted : wanted_[i].columns) {
        const auto& columns = plan_.tables[i].columns;
        const auto column = std::ranges::find(columns, wanted.name, &LoadColumn::name);
        if (column == columns.end()) continue;
        if (!column->refused && column->type == wanted.type) continue;
        left_out_.emplace(
            i, config_error(
                   "its column " + wanted.name + " is " +
                   (column->refused ? "not to be written" : std::string(to_string(column->type))) +
                   " now, and the rows that wait have " + std::string(to_string(wanted.type))));
        break;
      }
    }
  }

  // The columns that every row has, of which no cell tells.
  static bool is_added_by_plan(std::string_view column) {
    using enum StandardColumn;
    const auto standard = standard_column(column);
    return standard == received_at || standard == uuid || standard == uuid_ts || standard == event;
  }

  Result<void> forget_loaded() {
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      if (!left_out_.contains(i)) DRAY_TRY(forget_pending(*session_, loads_[i].files));
    }
    return {};
  }

  void tell_retried() {
    for (std::size_t i = 0; i < loads_.size(); ++i) {
      if (left_out_.contains(i)) continue;
      notice("table_retried",
             loads_[i].table + ": rows that an earlier sync had left in " + loads_[i].files +
                 " are loaded now",
             loads_[i].rows_in_files);
    }
    tell_left_out();
  }

  // A failed run is a run too; that it cannot be recorded either changes nothing about it.
  void record_failure(const Error& error) {
    report_.status = RunStatus::failure;
    report_.error = one_line(error.message);
    report_.collections.clear();
    report_.counts = {};
    report_.objects_loaded = 0;
    // Of a run in doubt there may be a record already, which says that it was a success.
    if (request_.mode == SyncMode::plan || error.cause == Cause::in_doubt) return;
    auto session = warehouse_.open_session();
    if (!session || !(*session)->begin() || !create_ledger(**session)) return;
    if (write_run(**session, report_, 0)) (void)(*session)->commit();
  }

  const SyncRequest& request_;
  ObjectStore& store_;
  Warehouse& warehouse_;
  SyncProgress& progress_;
  const std::stop_token stop_;
  const std::uint64_t check_seed_;
  const Clock::time_point begun_ = Clock::now();

  RunReport report_;
  std::unique_ptr<WarehouseSession> session_;
  LedgerState ledger_;
  std::int64_t next_table_number_ = 1;
  std::vector<ReadObject> objects_;
  std::vector<std::string> object_keys_;      // by RowKey::object
  std::vector<std::int64_t> entry_numbers_;   // the ledger's, in the order of objects_
  std::vector<std::int64_t> object_numbers_;  // the same, but no_object_number for unusable ones
  std::vector<bool> unusable_;                // likewise
  std::uint64_t objects_changed_ = 0;
  std::string changed_sample_;
  bool listing_problems_ = false;
  std::string listing_start_;
  std::string listing_fingerprint_;
  bool listed_all_ = false;                // and left nothing of it for later
  std::set<std::string> retries_missing_;  // keys that a retry wants and no listing had yet
  std::uint64_t objects_not_retried_ = 0;
  std::vector<std::string> gone_;  // keys that were set aside and are not listed any more

  Registry registry_;
  BlockStore staged_;
  std::vector<Registry::TableSeen> seen_;
  std::vector<Target> targets_;
  std::vector<WantedTable> wanted_;  // by target
  Plan plan_;                        // tables by target
  std::vector<Profiles> profiles_;
  std::vector<TableLoad> loads_;              // by target
  std::map<std::size_t, Error> left_out_;     // targets, and why the warehouse did not take them
  std::set<std::string> left_out_told_;       // by their files
  std::optional<std::size_t> table_at_work_;  // a target
  std::vector<PendingTable> pending_;         // of earlier runs
  std::mutex value_rejects_mutex_;
  std::vector<TableEntry> new_tables_;
  std::array<std::uint64_t, 4> names_{};  // by NameOrigin
  RowBatch value_rejects_;
  std::optional<Error> value_rejects_error_;
  Micros uuid_ts_ = 0;
  bool tables_committed_ = false;  // some, by a transaction of their own
};

}  // namespace

Result<RunReport> sync(const SyncRequest& request, ObjectStore& store, Warehouse& warehouse,
                       SyncProgress& progress, std::stop_token stop) {
  auto report = Sync(request, store, warehouse, progress, std::move(stop)).run();
  if (!report && report.error().cause == Cause::transient) {
    report.error().message.append(run_it_again);
  }
  return report;
}

}  // namespace dray
