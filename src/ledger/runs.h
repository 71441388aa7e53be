// The record of runs in the ledger (_dray.runs, with their collections and notices): written by a
// run, and read back for the next one, for people and for scripts.
//
// What is read for people is empty, not an error, in a warehouse that Dray has not loaded yet. What
// the warehouse is called a session does not know: RunReport::warehouse is left empty.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/shape.h"
#include "model/report.h"
#include "model/run_id.h"
#include "sql/session.h"
#include "sql/sql.h"

namespace dray {

// Whether a run of this id has committed.
Result<bool> has_run(Session& session, const RunId& run_id);

// " order by ..." for _dray.runs: the last recorded comes first, also after the clock was set back.
Sql newest_first(const LedgerShape& shape);

// The source's last run that has committed; "" if none has.
Result<RunId> last_committed_run(Session& session, const std::string& source);

// The source's last recorded runs, as far as they are failures.
struct Failures {
  std::uint64_t count = 0;
  Timestamp since;  // the first of them
};

Result<Failures> failures_in_a_row(Session& session, const std::string& source);

// The run, its collections and its notices.
Result<void> write_run(Session& session, const RunReport& report, Micros uuid_ts);

// The source's last run that is recorded; nothing if there is none. There must be a ledger, and
// `shape` is its own.
Result<std::optional<RunReport>> last_run(Session& session, const std::string& source,
                                          const LedgerShape& shape);

// The last runs, newest first, with their collections and notices. Plans are not recorded.
Result<std::vector<RunReport>> recent_runs(Session& session,
                                           const std::optional<std::string>& source,
                                           std::size_t count_max);

// The last runs' ids, newest first.
Result<std::vector<std::string>> recent_run_ids(Session& session, std::size_t count_max);

// Adds the condition that a run's id begins so.
void add_run_prefix(SqlBuilder& sql, const std::string& prefix);

// The run whose id is, or begins with, `run_id`; nothing when there is none, an error (`config`)
// when several begin so.
Result<std::optional<RunReport>> find_run(Session& session, const std::string& run_id);

// The sources that had a run, by name.
Result<std::vector<std::string>> source_names(Session& session);

}  // namespace dray
