// Whether a run found anything that it could load. A source that has never loaded a row and has
// nothing usable is misconfigured, more likely than quiet: that is no success. Later it is a
// notice, unless all is gone that was there: then the run is partial, or the request says that it
// may be (SyncRequest::empty_ok).
#pragma once

#include "ledger/state.h"
#include "run/context.h"
#include "run/object_set.h"
#include "run/selection.h"

namespace dray {

// Judges a run that has nothing to read.
void judge_listing(const RunContext& context, const LedgerState& ledger,
                   const SelectedObjects& selected);

// Judges what was read, before it is loaded, so that the record of the run says it too.
void judge_lines(const RunContext& context, const LedgerState& ledger,
                 const std::vector<ReadObject>& objects);

}  // namespace dray
