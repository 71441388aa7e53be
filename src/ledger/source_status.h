// How a source stands, as the ledger has it: for people and scripts.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/report.h"
#include "sql/session.h"

namespace dray {

struct ObjectSetAside {
  std::string key;
  std::string reason;
  std::chrono::sys_time<std::chrono::microseconds> since{};
  std::uint64_t attempts = 0;
};

// Loaded with other content than what is there now, which nothing has loaded.
struct ObjectChanged {
  std::string key;
  std::chrono::sys_time<std::chrono::microseconds> since{};  // a sync first met it
};

struct ObjectSkipped {
  std::string key;
  std::string reason;
  std::string skipped_by;
  std::chrono::sys_time<std::chrono::microseconds> since{};
};

// A table whose rows of one run wait (_dray.pending).
struct TableWaiting {
  std::string table;
  std::string reason;
  std::uint64_t rows = 0;
  std::chrono::sys_time<std::chrono::microseconds> since{};
  std::uint64_t attempts = 0;
};

enum class SourceState {
  never,    // no run, or none that had anything
  success,  // all that there is is loaded
  partial,  // something waits, is set aside, or was replaced and not loaded again
  failure,  // the last run failed, and none has made it good
};

std::string_view to_string(SourceState state);

struct SourceStatus {
  using Time = std::chrono::sys_time<std::chrono::microseconds>;
  std::string source;
  std::string location;
  RunReport last_run;  // that is recorded: one that finds nothing new leaves its time alone
  SourceState state = SourceState::never;
  std::optional<Time> last_looked;                // the last run, recorded or not
  std::optional<Time> last_success;               // likewise, that left nothing out
  std::optional<Time> last_loaded;                // the last run that loaded a line
  std::optional<Time> newest_event;               // the greatest received_at that was loaded
  std::uint64_t failures = 0;                     // runs in a row, up to the last
  Time failing_since{};                           // the first of them
  std::uint64_t objects_loaded = 0;               // in the ledger, all runs
  std::uint64_t objects_waiting = 0;              // with rows of tables_waiting
  std::vector<ObjectSetAside> objects_set_aside;  // now
  std::vector<ObjectSkipped> objects_skipped;     // by a person, until taken back
  std::vector<ObjectChanged> objects_changed;     // by key, until loaded again or skipped
  std::vector<TableWaiting> tables_waiting;       // now
  std::uint64_t rejects_open = 0;
  // Whose numbers objects of other sources have too (ledger/numbers.h): their rows' origins may be
  // of either.
  std::uint64_t objects_sharing = 0;
};

// All but `objects_sharing`, which is asked for all sources at once. `noted_look`: when a run last
// found that nothing was left to do, where that is not in the ledger but in a note of the
// warehouse's. There must be a ledger.
Result<SourceStatus> source_status(Session& session, const std::string& source,
                                   std::optional<Timestamp> noted_look);

}  // namespace dray
