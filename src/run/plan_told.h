// What a run tells of its plan; of `dray plan` that is all it does.
#pragma once

#include "base/result.h"
#include "run/context.h"
#include "run/object_set.h"
#include "run/room.h"
#include "run/tables.h"
#include "stage/block_store.h"

namespace dray {

// What a person should know who has a schema made in this warehouse.
void tell_of_new_schema(const RunContext& context, const Plan& plan);

// Statements, tables and counts into the report, as far as they can be told without the stored
// rows; and as a notice of each reason which of the staged rejects is the first, for a plan records
// none to look at.
Result<void> tell_plan(const RunContext& context, const RunMemory& memory, const Tables& tables,
                       const StagedRows& rejects, ObjectSet& objects);

}  // namespace dray
