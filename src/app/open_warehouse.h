// From settings to the warehouse that they name.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/trace.h"
#include "config/config.h"
#include "load/open.h"
#include "run/sync.h"

namespace dray {

// How long a file that another program has open is waited for, and who is told of it.
struct FileWait {
  std::chrono::seconds wait_max{0};
  std::function<void(const std::string& file, const std::string& program)> tell{};
};

// Opens a warehouse to read what is there; a file has to exist.
Result<std::unique_ptr<Warehouse>> open_to_read(const std::string& address,
                                                const FileWait& wait = {});

// Opens the warehouse of a sync or a plan with these settings. A plan creates no file: against a
// warehouse that does not exist yet it compares with an empty one. `trace` sees each statement.
Result<std::unique_ptr<Warehouse>> open_to_sync(const Config& config, SyncMode mode,
                                                const FileWait& wait = {}, Trace trace = {});

}  // namespace dray
