// Tables that the warehouse refused: their rows stay in their files, or are read again from their
// objects; `_dray.pending` says so, and the next run gets them in.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/pending_tables.h"
#include "run/context.h"
#include "run/load_transaction.h"
#include "run/tables.h"

namespace dray {

// Of one run. What waits on at its end is told once for each table, however often its transaction
// was tried, and makes the run partial.
class PendingTables {
 public:
  // Borrows the context.
  explicit PendingTables(const RunContext& context) : context_(context) {}

  // What earlier runs left behind.
  Result<void> read(WarehouseSession& session);
  // In files.
  const std::vector<PendingTable>& left_behind() const { return left_behind_; }

  // The same as tables to plan and load. One whose files cannot be read waits on.
  Result<Tables> tables(WarehouseSession& session);

  // What this run leaves out: told, and recorded in the very transaction that takes the rest for
  // loaded.
  Result<void> keep(const LoadTransaction& transaction, WarehouseSession& session);
  // Takes what is loaded from the record, likewise.
  static Result<void> forget_loaded(const LoadTransaction& transaction, WarehouseSession& session);
  // Whether forget_loaded() has been committed.
  Result<bool> are_forgotten(const LoadTransaction& transaction, WarehouseSession& session) const;
  // Of tables that wait without files: forgets them once no object waits any more, and tells of
  // those whose objects this run has not read. Behind the record of the objects, in its
  // transaction.
  Result<void> settle(const LoadTransaction& transaction, WarehouseSession& session);
  // The same of a run that has read nothing.
  void tell_unread();
  // After the commit.
  void tell_loaded(const LoadTransaction& transaction);

  // Whether any waits now.
  bool any_waits() const { return !told_.empty(); }

 private:
  void tell_unread(const PendingTable& table);
  void tell_left_out(const LoadTransaction& transaction);
  std::string after_waiting(const LoadTransaction::Share& share) const;
  const PendingTable* before(const LoadTransaction::Share& share) const;

  const RunContext& context_;
  std::vector<PendingTable> left_behind_;
  std::vector<PendingTable> read_again_;  // without files
  std::set<std::string> told_;            // by their files, or tables
};

// Values in files have the types that were planned when they were written, and the warehouse must
// not convert them: tables whose columns have changed since are left out.
void leave_out_what_changed(const Tables& tables, LoadTransaction& transaction);

}  // namespace dray
