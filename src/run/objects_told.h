// What a run tells of the objects that it has read.
#pragma once

#include "ledger/state.h"
#include "run/context.h"
#include "run/object_set.h"
#include "transform/registry.h"

namespace dray {

// Counts them into the report and fills the set's keys and `unusable`. Objects that were set aside,
// that are empty or are no event lines, and what the mapping does not keep of their lines, are
// notices.
void tell_objects(const RunContext& context, const LedgerState& ledger, const Registry& registry,
                  ObjectSet& objects);

}  // namespace dray
