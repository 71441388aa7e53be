// How many tables there may be, and which of a load have no room.
//
// Facts: Amazon Redshift Management Guide, "Quotas and limits": a cluster takes 9,900 tables,
// 20,000 or 200,000, by its type of node, which SQL does not tell; a workgroup 200,000. Temporary
// tables count, those that Redshift makes for itself too, and those of all databases; views do not.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "load/warehouse.h"
#include "model/staged.h"
#include "sql/pq_connection.h"

namespace dray {

struct TableLimits {
  std::uint64_t least = 0;  // that there is room for, whatever the nodes
  std::uint64_t most = 0;   // beyond which there is none, whatever the nodes
};

// `given`: a person has said it.
TableLimits table_limits(std::optional<std::uint64_t> given, bool is_workgroup);

// The tables of this database, temporary ones too.
Result<std::uint64_t> count_tables(PqConnection& connection);

// Tables that are there come first, for all they need is room to be staged; of the new ones those
// that have no room fail. A notice if the room is nearly used up.
void leave_out_without_room(std::uint64_t tables, const TableLimits& limits,
                            const std::vector<FilesToLoad*>& loads, StageOutcome& outcome);

}  // namespace dray
