// What earlier runs left, of a warehouse: a session of its own for each question, and what the
// warehouse knows beside the ledger. The answers are those of ledger/runs.h,
// source_status.h and rejects.h.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/rejects.h"
#include "ledger/runs.h"
#include "ledger/source_status.h"
#include "load/warehouse.h"

namespace dray {

Result<std::vector<RunReport>> recent_runs(Warehouse& warehouse,
                                           const std::optional<std::string>& source,
                                           std::size_t count_max);
Result<std::vector<std::string>> recent_run_ids(Warehouse& warehouse, std::size_t count_max);
Result<std::optional<RunReport>> find_run(Warehouse& warehouse, const std::string& run_id);
Result<std::vector<std::string>> source_names(Warehouse& warehouse);
// The status of every source that had a run, by name.
Result<std::vector<SourceStatus>> source_statuses(Warehouse& warehouse);
Result<std::vector<std::string>> known_tables(Warehouse& warehouse,
                                              const std::optional<std::string>& source);
Result<bool> knows_object(Warehouse& warehouse, const std::string& key);
Result<std::vector<Reject>> find_rejects(Warehouse& warehouse, const RejectFilter& filter);
Result<std::vector<RejectGroup>> group_rejects(Warehouse& warehouse, const RejectFilter& filter);

}  // namespace dray
