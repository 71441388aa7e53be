// From flags and configuration to what a command is about.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "base/result.h"
#include "cli/app.h"
#include "cli/verbose.h"
#include "config/config.h"
#include "load/open.h"

namespace dray {

// The schema's name of SOURCE when nobody gives one: its last path component, whatever slashes
// follow; "." is what the current directory is called.
std::string name_of_place(const std::string& place);

// Whether this build can use the address. An error never shows what may hold a password.
Result<void> check_warehouse(const std::string& address);

// Whether there is a warehouse to record in that a source could not be read: a server, or a file
// that a sync has made.
bool is_made(const std::string& warehouse_address);

// The address without a password, for messages and commands to copy.
std::string shown_address(const std::string& address);

// " --warehouse ADDRESS" as the person named it, for a command to copy; "" if nobody named one.
std::string warehouse_flag(const Selection& selection);

// The sources of a sync, its warehouse and settings: SOURCE and WAREHOUSE, or the configuration
// file less the sources that were not asked for. Flags win over the file. All names give different
// schemas.
Result<Config> select_sources(const Selection& selection);

// The warehouse alone: --warehouse, or what the configuration says.
Result<std::string> select_warehouse(const Selection& selection);

// How much memory the process may use: --memory, or what the configuration says if the warehouse
// is from there.
Result<std::uint64_t> select_memory(const Selection& selection);

// The schemas' names of the sources that the configuration names; empty when --warehouse stands for
// it.
Result<std::vector<std::string>> configured_schemas(const Selection& selection);

// The names themselves, as --source takes them.
Result<std::vector<std::string>> configured_names(const Selection& selection);

// --source as the schemas' names; empty when all are meant.
std::vector<std::string> selected_schemas(const Selection& selection);

// That the warehouse, or the configuration, knows the sources that --source asks for, so that a
// slip is no empty answer.
Result<void> check_sources(const Selection& selection, const std::string& address,
                           Warehouse& warehouse, const std::vector<std::string>& configured = {});

// For reading what is there; a file has to exist.
Result<std::unique_ptr<Warehouse>> open_to_read(const std::string& address);

// For how long a file that another program has open is waited for, and who is told of it.
struct FileWait {
  std::chrono::seconds wait_max{0};
  std::function<void(const std::string& file, const std::string& program)> tell;
};

// For a sync or a plan with these settings. A plan creates no file: against a warehouse that does
// not exist yet it compares with an empty one. `trace` sees each statement.
Result<std::unique_ptr<Warehouse>> open_to_sync(const Config& config, SyncMode mode,
                                                const FileWait& wait = {}, Trace trace = {});

}  // namespace dray
