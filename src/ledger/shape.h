// The ledger itself: Dray's own tables in the schema _dray (docs/warehouse-tables.md documents them
// as an interface), made, mended, and compared with what is there. What they hold is their own
// headers'.
//
// Everything in this folder goes through a session that the caller opened; nothing here begins or
// commits.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "sql/session.h"

namespace dray {

// The tables of a ledger that is there which somebody has dropped and create_ledger() makes again:
// those of what happened. `config`, here as in every function that reads the ledger, if a table is
// gone without which nobody knows what is loaded, is a view, or has not the columns that it was
// made with, in their order.
Result<std::vector<std::string>> ledger_tables_gone(Session& session);

// Makes the tables, and the columns of a later version, that are missing. Inside the load's
// transaction.
Result<void> create_ledger(Session& session);

// What of the ledger is there: a warehouse that an earlier version wrote lacks some until
// create_ledger().
struct LedgerShape {
  bool is_there = false;
  bool has_looks = false;        // sources.looked_at, looked_run, newest_event
  bool has_attempts = false;     // objects.set_aside_at, attempts
  bool has_changes = false;      // objects.changed_at
  bool has_run_numbers = false;  // runs.run_number
  bool has_pending = false;      // the table
  bool has_skipped = false;      // likewise
};

Result<LedgerShape> ledger_shape(Session& session);
// What create_ledger() leaves.
LedgerShape whole_ledger();

// Whether the warehouse has a ledger at all.
Result<bool> has_ledger(Session& session);

}  // namespace dray
