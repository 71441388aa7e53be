// Entries of `types` in dray.yaml that name no column: a slip fixes a column's type for good.
#pragma once

#include "model/catalog.h"
#include "run/context.h"
#include "run/tables.h"

namespace dray {

// Tells, as notices, which entries name no column of the run's planned tables nor of the catalog,
// the one before the run, and which column each is near. In a sync an entry may be for events that
// come later: told are those of a table that is there or made, those that are near a column, and,
// when the source's schema is made, all. A plan tells all.
void tell_unused_types(const RunContext& context, const Catalog& catalog, const Tables& tables);

}  // namespace dray
