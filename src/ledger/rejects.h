// Rejects in the ledger (_dray.rejects): written by a run, resolved by a retry, and read back for
// people and scripts. To those that read it is empty, not an error, where there is no ledger.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/run_id.h"
#include "model/staged.h"
#include "sql/session.h"

namespace dray {

// How many values were rejected, by table.
using ValuesRejected = std::map<std::string, std::uint64_t, std::less<>>;

// The staged rejects, less those of objects that were set aside.
Result<ValuesRejected> write_rejects(Session& session, const std::string& source,
                                     const RunId& run_id, Timestamp now, const StagedRows& rejects,
                                     const std::vector<std::string>& object_keys,
                                     const std::vector<bool>& unusable);

// Marks the open rejects of these objects as mended by this run.
Result<void> resolve_rejects(Session& session, const std::string& source, const RunId& run_id,
                             const std::vector<std::string>& objects);

// Likewise those of some of their lines.
using LinesOfObjects = std::map<std::string, std::set<std::uint64_t>>;
Result<void> resolve_rejects(Session& session, const std::string& source, const RunId& run_id,
                             const LinesOfObjects& lines);

// Of the rejects that this run has resolved, how many there are, and how many are rejects of this
// run again: of the same line, table and column.
struct ResolvedRejects {
  std::uint64_t count = 0;
  std::uint64_t again = 0;
};
Result<ResolvedRejects> count_resolved(Session& session, const std::string& source,
                                       const RunId& run_id);

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

// What a filter may name: the tables of a source, or of all, that rows or rejects are of; whether
// an object of that key was ever met.
Result<std::vector<std::string>> known_tables(Session& session,
                                              const std::optional<std::string>& source);
Result<bool> knows_object(Session& session, const std::string& key);

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
