// What must be so before a run reads anything: the ledger is whole, the warehouse takes the
// source's schema, and the source lies where it lay.
#pragma once

#include <memory>

#include "base/result.h"
#include "ledger/state.h"
#include "load/warehouse.h"
#include "run/context.h"

namespace dray {

// Makes tables of what happened that somebody has dropped again, with a notice each. The session
// is another one then.
Result<void> mend_ledger(const RunContext& context, std::unique_ptr<WarehouseSession>& session);

// That the warehouse takes the schema's name as it is. A source that an earlier version has
// loaded all the same goes on as it was, with a notice.
Result<void> check_schema(const RunContext& context, Session& session, const LedgerState& ledger);

// That a source which has loaded anything is read from where it was, unless the request says that
// the same logs were moved.
Result<void> check_location(const RunContext& context, const LedgerState& ledger);

// A notice of objects that share their numbers with another source's.
void tell_shared_numbers(const RunContext& context, const LedgerState& ledger);

// Whether it was recorded with another location.
bool is_elsewhere(const RunContext& context, const LedgerState& ledger);

}  // namespace dray
