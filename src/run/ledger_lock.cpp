#include "run/ledger_lock.h"

#include "ledger/shape.h"

namespace dray {

Result<void> begin_locked(WarehouseSession& session, std::chrono::seconds wait_max) {
  DRAY_TRY(session.begin());
  DRAY_TRY(session.lock(wait_max));
  return create_ledger(session);
}

}  // namespace dray
