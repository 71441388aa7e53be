// How a run begins whatever writes to the ledger.
//
// Errors: those of WarehouseSession.
#pragma once

#include <chrono>

#include "base/result.h"
#include "load/warehouse.h"

namespace dray {

// How long to wait for another session's transaction: to load, which may take long; to record
// something that is worth a wait; and that somebody looked, which is not worth a long one.
constexpr std::chrono::hours load_wait_max{1};
constexpr std::chrono::seconds record_wait_max{60};
constexpr std::chrono::seconds look_wait_max{30};

// A transaction that no other session's is beside, and in which the ledger is there with all its
// tables and columns. What the ledger says is read again in it: others may have written meanwhile.
// Ends as every transaction does.
Result<void> begin_locked(WarehouseSession& session, std::chrono::seconds wait_max);

}  // namespace dray
