#include "run/skips.h"

#include <algorithm>

#include "ledger/pending_tables.h"
#include "ledger/skipped_objects.h"
#include "ledger/state.h"
#include "run/context.h"
#include "run/ledger_lock.h"
#include "run/notes.h"

namespace dray {
namespace {

Result<std::unique_ptr<WarehouseSession>> begin(Warehouse& warehouse) {
  DRAY_ASSIGN(auto session, warehouse.open_session());
  DRAY_TRY(begin_locked(*session, record_wait_max));
  return session;
}

// What a run noted of the source's listing no longer says that nothing is left to do.
Result<void> commit(Warehouse& warehouse, WarehouseSession& session, const std::string& source) {
  DRAY_TRY(session.commit());
  return write_note(warehouse, NoteKind::listing, source, "");
}

}  // namespace

Result<std::vector<std::string>> skip_objects(Warehouse& warehouse, const SkipRequest& request) {
  DRAY_ASSIGN(const auto session, begin(warehouse));
  LedgerState ledger;
  DRAY_ASSIGN(ledger, read_ledger(*session, request.source));
  DRAY_TRY(read_objects(*session, request.source, "", ledger));
  DRAY_ASSIGN(const std::vector<SkippedObject> before, read_skipped(*session, request.source));
  std::vector<std::string> unknown;
  for (const std::string& key : request.keys) {
    SkippedObject object{key, request.reason, request.skipped_by, system_time(), {}, {}};
    const auto again = std::ranges::find(before, key, &SkippedObject::key);
    if (again != before.end()) {
      object.size_bytes = again->size_bytes;
      object.version = again->version;
    } else if (!ledger.objects.contains(key)) {
      unknown.push_back(key);
    }
    DRAY_TRY(write_skipped(*session, request.source, std::move(object)));
  }
  // Rows of a table that waits are let go with the last object that has some.
  DRAY_TRY(forget_settled(*session, request.source));
  DRAY_TRY(commit(warehouse, *session, request.source));
  return unknown;
}

namespace {

Error not_skipped(const std::string& source, const std::string& key) {
  return config_error(key + " of " + source + " is not skipped",
                      "dray objects list --source " + source);
}

}  // namespace

Result<void> unskip_objects(Warehouse& warehouse, const std::string& source,
                            const std::vector<std::string>& keys) {
  DRAY_ASSIGN(const auto session, begin(warehouse));
  DRAY_ASSIGN(const std::vector<SkippedObject> skipped, read_skipped(*session, source));
  for (const std::string& key : keys) {
    if (std::ranges::find(skipped, key, &SkippedObject::key) == skipped.end()) {
      return not_skipped(source, key);
    }
    DRAY_TRY(forget_skipped(*session, source, key));
  }
  return commit(warehouse, *session, source);
}

}  // namespace dray
