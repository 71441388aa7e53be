// Sources in the ledger (_dray.sources): where each lies, and when it was last looked at.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/shape.h"
#include "sql/session.h"

namespace dray {

// The other sources that were loaded whose names begin so.
Result<std::vector<std::string>> sources_beginning_with(Session& session, const std::string& name);

struct SourceEntry {
  std::string location;
  std::optional<Timestamp> listed_at;
  Timestamp looked_at;
  std::optional<Timestamp> newest_event;
};

// Nothing of a source that the ledger does not know. There must be one, and `shape` is its own.
Result<std::optional<SourceEntry>> read_source(Session& session, const std::string& source,
                                               const LedgerShape& shape);

// Puts the entry in the place of what the ledger had of the source.
Result<void> write_source(Session& session, const std::string& source, const SourceEntry& entry);

// Records that a run found nothing left to do, after all that were recorded. Changes nothing of a
// source that the ledger does not know. `listed_at`: if all of its objects were listed.
Result<void> write_look(Session& session, const std::string& source, Timestamp looked_at,
                        std::optional<Timestamp> listed_at);

}  // namespace dray
