// What earlier runs left in the warehouse's _dray schema, read back for people and scripts.
//
// All of it is empty, not an error, in a warehouse that Dray has not loaded yet. What the warehouse
// is called a session does not know: RunReport::warehouse is left empty.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/report.h"
#include "sql/session.h"

namespace dray {

// Newest first, with their collections and notices. Plans are not recorded.
Result<std::vector<RunReport>> recent_runs(Session& session,
                                           const std::optional<std::string>& source,
                                           std::size_t count_max);

// The ids alone.
Result<std::vector<std::string>> recent_run_ids(Session& session, std::size_t count_max);

// The run whose id is, or begins with, `run_id`; nothing when there is none, an error (`config`)
// when several begin so.
Result<std::optional<RunReport>> find_run(Session& session, const std::string& run_id);

// The sources that had a run, by name.
Result<std::vector<std::string>> source_names(Session& session);

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
};

// `noted_look`: when a run last found that nothing was left to do, where that is not in the ledger
// but in a note of the warehouse's. There must be a ledger.
Result<SourceStatus> source_status(Session& session, const std::string& source,
                                   std::optional<Timestamp> noted_look);

// `line`: the whole line was rejected. `value`: one cell is NULL because its value did not fit.
struct Reject {
  std::string run_id;
  std::string source;
  std::string object;
  std::uint64_t line = 0;
  std::string kind;
  std::string reason;       // stable code: not_json, no_user, does_not_fit, ...
  std::string detail;       // one sentence for a person
  std::string table_name;   // empty for lines
  std::string column_name;  // empty for lines
  std::string value;        // the value, or the beginning of the line; cut at 1,024 bytes
  std::chrono::sys_time<std::chrono::microseconds> rejected_at{};
};

struct RejectFilter {
  std::optional<std::string> source;
  std::optional<std::string> run_id;
  std::optional<std::string> reason;
  std::optional<std::string> table_name;
  std::optional<std::string> object;
  std::size_t count_max = 100;
};

// Open rejects (not yet mended by a retry), oldest first by object and line.
Result<std::vector<Reject>> find_rejects(Session& session, const RejectFilter& filter);

struct RejectGroup {
  std::string source;
  std::string kind;
  std::string reason;
  std::string table_name;
  std::string column_name;
  std::uint64_t count = 0;
  std::string sample_object;
  std::uint64_t sample_line = 0;
  std::string sample_value;
};

// The same, counted by source, kind, reason, table and column, most first.
Result<std::vector<RejectGroup>> group_rejects(Session& session, const RejectFilter& filter);

}  // namespace dray
