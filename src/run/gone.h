// What earlier runs had made and somebody has dropped or renamed since: it is made again, and what
// stood in it is told, or computed anew where the warehouse still has what it follows from.
#pragma once

#include "base/result.h"
#include "ledger/state.h"
#include "model/catalog.h"
#include "run/context.h"
#include "run/tables.h"
#include "sql/session.h"

namespace dray {

// Finds what is gone of planned tables, whose catalog that is. Sets Profiles::is_made_again; all
// that is made again is a notice. Asks the warehouse only if a table that the ledger knows, or a
// column, is to be made.
Result<void> find_gone(const Catalog& catalog, const RunContext& context, const LedgerState& ledger,
                       Session& session, Tables& tables);

}  // namespace dray
