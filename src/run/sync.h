// One run: what is new in a source becomes rows of a warehouse, in one transaction.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "load/warehouse.h"
#include "model/report.h"
#include "model/type_rules.h"
#include "source/object_store.h"

namespace dray {

enum class SyncMode {
  load,
  plan,  // read, transform and compare with the warehouse; change nothing
};

enum class ReloadChanged { no, yes };

// What a run reads: one of these. Days are those of receipt, where the layout of the source tells
// them; objects without a day are always taken.
struct NewObjects {  // all that the ledger does not have
  // How far back a source's first sync goes, and no other. Nothing: all there is.
  std::optional<std::chrono::days> history;
};
struct ReceivedDays {  // of the new objects those that were received then
  std::optional<std::chrono::sys_days> since;
  std::optional<std::chrono::sys_days> until;  // inclusive
};
struct RejectedLines {  // again: these lines of these objects, which the ledger has
  std::map<std::string, std::set<std::uint64_t>> by_object;
};
using WhatToRead = std::variant<NewObjects, ReceivedDays, RejectedLines>;

// What to do with one source. A value.
struct SyncRequest {
  std::string source;  // any text; the schema is its safe name
  SyncMode mode = SyncMode::load;
  WhatToRead read;
  ReloadChanged reload_changed = ReloadChanged::no;
  // The same logs moved to another place: accept a location that differs from the recorded one.
  bool moved = false;
  // Nothing has to be there any more of what was loaded: else a source that lists no object, of
  // which some were loaded, is partial.
  bool empty_ok = false;
  // This warehouse's id in an event's integrations.Warehouses.warehouseIds, if it has one.
  std::optional<std::string> warehouse_id;
  // Contract columns that dashboards and dbt packages read exist even before data does.
  bool contract_columns = true;
  // The types of new columns where a person has chosen them.
  TypeRules types;

  // Hears of each step before it is taken, a short sentence without secrets. From the thread that
  // calls sync().
  std::function<void(std::string_view)> on_step;

  // What time it is: of the run's record, of uuid_ts, and of when all was listed last. Durations
  // have a clock that nobody sets. From the thread that calls sync().
  std::function<Timestamp()> now = system_time;

  unsigned threads = 0;  // 0: as many as the machine has
  std::uint64_t memory_bytes = 1ULL << 30;
  std::uint64_t line_bytes_max = 16ULL << 20;
  std::string temp_directory = "/var/tmp";  // of what memory does not hold
};

// Watched from another thread while sync() runs. What is done only ever rises. A total is what is
// done and what is then to do, so it is never less: a run that begins again, or tries its
// transaction again, does some of it once more.
struct SyncProgress {
  enum class Phase { listing, reading, loading, done };
  std::atomic<Phase> phase{Phase::listing};
  std::atomic<std::uint64_t> objects_total{0};
  std::atomic<std::uint64_t> objects_done{0};
  std::atomic<std::uint64_t> bytes_total{0};  // as stored
  std::atomic<std::uint64_t> bytes_done{0};
  std::atomic<std::uint64_t> lines{0};
  std::atomic<std::uint64_t> rows_total{0};
  std::atomic<std::uint64_t> rows_loaded{0};
};

// Runs once, and always reports. What failed has the status failure and, if an error ended it, that
// error: also where somebody stopped the run (Cause::cancelled) or has to mend something before it
// can begin (Cause::config). Whatever went wrong, the tables then have the rows that they had
// before the run, unless the error is_partly_loaded or its cause is in_doubt; and no exception
// comes out of here.
RunReport sync(const SyncRequest& request, ObjectStore& store, Warehouse& warehouse,
               SyncProgress& progress, std::stop_token stop);

}  // namespace dray
