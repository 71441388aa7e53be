// From settings to what a run is asked for.
#pragma once

#include <string>

#include "config/config.h"
#include "run/sync.h"

namespace dray {

// Where a run keeps what memory does not hold: `temp_directory`; without it the folder of a DuckDB
// file, so that a disk which has room for the warehouse has it for the run; for a server, and where
// nothing can be made in that folder, TMPDIR or /var/tmp, for /tmp is memory on many machines.
std::string spill_directory(const Config& config);

// What the requests for all sources share.
SyncRequest request_of(const Config& config);

}  // namespace dray
