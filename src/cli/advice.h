// Commands for a person to copy, whole: with the source and the warehouse that they are about.
//
// Pure functions.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "run/records.h"

namespace dray {

// "dray sync ..." of this source. `configured_name`: of the source in the dray.yaml at hand; "" if
// it has none there. `warehouse`: as it is shown (app/address.h).
std::string sync_command(const SourceStatus& status, const std::string& warehouse,
                         const std::string& configured_name);

// The same; names by schema.
std::string sync_command(const SourceStatus& status, const std::string& warehouse,
                         const std::map<std::string, std::string>& configured);

// The statement, run by the engine's own client: dray query only reads.
std::string client_command(const std::string& warehouse, std::string_view sql);

}  // namespace dray
