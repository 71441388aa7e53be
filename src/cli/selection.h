// From flags and configuration to what a command is about.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "app/open_warehouse.h"
#include "base/result.h"
#include "cli/app.h"
#include "cli/environment.h"
#include "config/config.h"
#include "load/warehouse.h"

namespace dray {

// " --warehouse ADDRESS" as the person named it, for a command to copy; "" if nobody named one.
std::string warehouse_flag(const Selection& selection);

// The sources of a sync, its warehouse and settings: SOURCE and WAREHOUSE, or the configuration
// file less the sources that were not asked for. Flags win over the file. All names give different
// schemas.
Result<Config> select_sources(const Selection& selection);

// The warehouse alone: --warehouse, or what the configuration says.
Result<std::string> select_warehouse(const Selection& selection);

enum class TellWait { no, yes };

// How long the command waits for a DuckDB file that another program has open: --wait, or else
// `standard`. Told on standard error once it waits. Borrows the environment.
FileWait wait_of(const Selection& selection, const Environment& environment,
                 TellWait tell = TellWait::yes, std::chrono::seconds standard = {});

// How much memory the process may use: --memory, or what the configuration says if the warehouse
// is from there.
Result<std::uint64_t> select_memory(const Selection& selection);

// The names of the sources in the configuration, as --source takes them; none when --warehouse
// stands for it.
Result<std::vector<std::string>> configured_names(const Selection& selection);

// The same, by their schemas.
Result<std::map<std::string, std::string>> names_by_schema(const Selection& selection);

// --source as the schemas' names; empty when all are meant.
std::vector<std::string> selected_schemas(const Selection& selection);

// That the warehouse, or the configuration, knows the sources that --source asks for, so that a
// slip is no empty answer.
Result<void> check_sources(const Selection& selection, const std::string& address,
                           Warehouse& warehouse, const std::vector<std::string>& configured = {});

}  // namespace dray
