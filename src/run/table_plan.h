// What has to change in the warehouse for the rows of a run: its tables, planned and compared with
// what is there.
#pragma once

#include "base/result.h"
#include "load/warehouse.h"
#include "model/catalog.h"
#include "run/context.h"
#include "run/tables.h"

namespace dray {

// Plans the tables against what the warehouse has. Tables that are nearly full are notices. A
// column with a bound is widened only if a value at hand is longer.
Result<void> plan_tables(const Catalog& catalog, const RunContext& context,
                         WarehouseSession& session, Tables& tables);

// A column that the warehouse will not widen keeps its width: what is longer is told, and cut or,
// in profiles, left out.
void keep_width(const WidenColumn& widen, Tables& tables);

}  // namespace dray
