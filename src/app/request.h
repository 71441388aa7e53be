// From settings to what a run is asked for.
#pragma once

#include "config/config.h"
#include "run/sync.h"

namespace dray {

// What the requests for all sources share.
SyncRequest request_of(const Config& config);

}  // namespace dray
