// Which of a source's objects a run reads, and what it tells of the others.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "ledger/objects.h"
#include "ledger/skipped_objects.h"
#include "ledger/state.h"
#include "load/warehouse.h"
#include "run/context.h"
#include "run/listing_note.h"
#include "run/reading.h"

namespace dray {

struct SelectedObjects {
  std::vector<ReadObject> objects;     // to read, by key
  std::vector<std::string> gone;       // keys that were set aside and are not listed any more
  std::uint64_t changed = 0;           // objects that are loaded with other content, and left so
  ChangedObjects changes;              // what the ledger does not know of that yet
  std::vector<SkippedObject> skipped;  // what a person has put aside, listed or not
  bool listed_all = false;             // and left nothing of it for later
  std::uint64_t of_other_days = 0;     // objects that are not loaded, and that were not asked for
  bool began_at_first = false;         // the listing did, so that it has all there is
  PassedOver passed_over;              // by the listing
  ListingNote note;                    // of this listing
};

// Lists the source from where the ledger lets it, reads the ledger's objects from there on, and
// picks. Those that cannot be read, or retried, are notices.
Result<SelectedObjects> select_objects(const RunContext& context, WarehouseSession& session,
                                       LedgerState& ledger);

// Whether the request is for whatever is new, without conditions.
bool takes_whatever_is_new(const SyncRequest& request);

// Whether the source is as it was when a run noted that nothing was left to do: told without the
// warehouse. What cannot be told is not so.
bool is_as_noted(const RunContext& context);

// The note for that, if nothing is left to do.
std::optional<ListingNote> note_of(const RunContext& context, const LedgerState& ledger,
                                   const SelectedObjects& selected);

}  // namespace dray
