// Time zones by their IANA names, from the machine's tzdata.
//
// The data is read once a process: a newer tzdata counts from the next start on. Threads: any.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "schedule/zone.h"

namespace dray {

// The zone that IANA calls `name`, its changes from 1970 to the end of 2037; what holds at either
// end holds beyond it. "" is UTC.
//
// `config`: no zone has that name (the remedy has the nearest), or the machine has no zone data, or
// less of it than this zone needs (the remedy is tzdata).
Result<Zone> find_zone(std::string_view name);

// Of what find_zone is made; pure.

// Why `name` is none of the zones that are `known`; if none is, the machine lacks their data.
Error unknown_zone(std::string_view name, const std::vector<std::string>& known);

// Whether data that ends with `last_change` has what a zone's file says of later years. `rule` is
// the file's last line, POSIX's form of TZ: "CET-1CEST,M3.5.0,M10.5.0/3" goes on changing, "EAT-3"
// does not. Data in zic's slim form has later changes in that line alone, and the library that
// reads the files passes over it.
bool reaches_far_enough(std::chrono::sys_seconds last_change, std::string_view rule);

}  // namespace dray
