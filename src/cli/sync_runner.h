// Runs syncs one after the other and shows each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "cli/app.h"
#include "cli/environment.h"
#include "cli/verbose.h"
#include "config/config.h"
#include "load/warehouse.h"
#include "run/sync.h"

namespace dray {

struct SyncJob {
  SyncRequest request;
  SourceConfig place;  // where its objects are
};

// The source's name for a message about it; "" if it is named after its place and nothing is there:
// then nobody knows what was given (base/quotable.h).
std::string quotable_name(const SyncJob& job);

// What --verbose is told, or nothing without it.
Trace trace_of(const Presentation& presentation, const Environment& environment);

// What was asked to be `warehouse_name` is shown as that, whatever `warehouse` is called. Each job
// is run although one before it failed, until somebody asks to stop. Closes the warehouse, which
// takes a while, before it lets go of the signals. Returns the worst exit code.
int run_syncs(const std::vector<SyncJob>& jobs, std::unique_ptr<Warehouse> warehouse,
              const std::string& warehouse_name, const Presentation& presentation,
              const Environment& environment);

}  // namespace dray
