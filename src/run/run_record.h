// What the ledger keeps of a run: of one that loads, in the transaction of its rows, which may be
// tried several times; and of one that failed, in a session of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/runs.h"
#include "ledger/state.h"
#include "run/context.h"
#include "run/object_set.h"
#include "run/value_rejects.h"

namespace dray {

// Status shows the newest event, and the latest traits win: one clock far ahead spoils both, and is
// a notice.
void tell_if_future(const RunContext& context, std::optional<Timestamp> newest);

// A stored row has an id of its own unless somebody else wrote it, or Redshift's `dedupe_window`
// let it in. All that share the id of a new row are gone, and that is a notice.
void tell_shared_ids(const RunContext& context);

// The objects that were read; those in `gone` were set aside and are not listed any more.
Result<void> record_objects(const RunContext& context, Session& session, const LedgerState& ledger,
                            const ObjectSet& objects, const std::vector<std::string>& gone);

// The rejects whose lines a retry has read are open no longer.
Result<void> resolve_retried(const RunContext& context, Session& session, const ObjectSet& objects);

// Once the rejects are recorded that the retry told itself: how many are mended, as a notice.
Result<void> tell_mended(const RunContext& context, Session& session);

// The rejects that an attempt told, into the ledger and onto the report's counts. `keys` and
// `unusable` are by ValueReject::object.
Result<void> record_value_rejects(const RunContext& context, Session& session,
                                  ValueRejects& value_rejects, const std::vector<std::string>& keys,
                                  const std::vector<bool>& unusable);

// The report of a run that `error` ended: nothing of what it did so far stands. `before` are the
// failures that it follows; an error that may be gone by itself says accordingly what to do.
void fail(RunReport& report, Error error, const Failures& before = {});

// A failed run is a run too; where it cannot be recorded the error says so too.
void fail_and_record(const RunContext& context, Error error);

}  // namespace dray
