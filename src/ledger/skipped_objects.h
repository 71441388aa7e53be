// Objects that a person has put aside (_dray.skipped).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "sql/session.h"

namespace dray {

// An object that a person has put aside: no sync reads it, whatever becomes of its content, until
// it is taken back.
struct SkippedObject {
  std::string key;
  std::string reason;
  std::string skipped_by;
  Timestamp skipped_at{};
  // What its content was at that time, where a sync had seen it.
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::string> version;
};

// The skipped objects, by key. Empty when there is no ledger, or one of before there were any.
Result<std::vector<SkippedObject>> read_skipped(Session& session, const std::string& source);
// Puts the object in the place of an earlier one of the same key, and of the entry as an object
// that was set aside. Inside a transaction; size and version are filled in from that entry.
Result<void> write_skipped(Session& session, const std::string& source, SkippedObject object);
// Takes the object back: the next sync lists all of the source, and so finds it.
Result<void> forget_skipped(Session& session, const std::string& source, const std::string& key);

}  // namespace dray
