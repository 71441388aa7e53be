// Objects in the ledger (_dray.objects): what became of each, and where their rows came from
// (_dray.lineage). Those that a person has put aside are skipped_objects.h's.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ledger/numbers.h"
#include "ledger/shape.h"
#include "model/object.h"
#include "model/report.h"
#include "model/run_id.h"
#include "sql/session.h"

namespace dray {

struct LedgerObject {
  std::uint64_t size_bytes = 0;
  std::string version;
  bool loaded = false;   // else set aside
  bool changed = false;  // an earlier run has met other content than what is loaded
  std::int64_t number = 0;

  bool operator==(const LedgerObject&) const = default;
};

// An object that could not be read.
struct SetAside {
  std::string reason;          // of the last attempt
  Timestamp since;             // the first attempt
  std::uint64_t attempts = 0;  // so far
};

// The objects that are set aside now, by key.
Result<std::map<std::string, SetAside>> read_set_aside(Session& session, const std::string& source,
                                                       const LedgerShape& shape);

// Loaded objects, by their numbers, that other content has taken the place of, and those of which
// that is no longer so. Each is recorded once: since when it has been so.
struct ChangedObjects {
  std::vector<std::int64_t> changed;
  std::vector<std::int64_t> settled;

  bool any() const { return !changed.empty() || !settled.empty(); }
};

// Records them, inside a transaction and behind create_ledger(). One that is loaded again is
// settled by its new entry, and one that is skipped by that.
Result<void> write_changed(Session& session, const std::string& source, Timestamp now,
                           const ChangedObjects& objects);

// One object of this run.
struct ObjectEntry {
  ObjectInfo object;
  std::int64_t number = 0;
  std::optional<std::int64_t> replaces;   // the number of the key's entry, if there is one
  std::string set_aside_reason;           // "" for a loaded object
  bool waits = false;                     // loaded, less the rows of a table that refuses some
  std::optional<Timestamp> set_aside_at;  // by an earlier run; nothing: by this one
  std::uint64_t attempts = 1;             // to read it, this one included
  LineCounts counts;
};

// Gives the objects their numbers for good, before the transaction that says what became of them:
// of a load that takes several. Until then they are `loading`, those that are loaded again too, and
// a later sync takes them for new.
Result<void> announce_objects(Session& session, const std::string& source, const RunId& run_id,
                              Timestamp now, const std::vector<ObjectEntry>& objects);

// Whether a load of the source that takes several transactions ended before its last one.
Result<bool> has_unfinished(Session& session, const std::string& source);

// Takes back the origins of the rows that a load which did not end has committed: whoever loads its
// objects now tells them again. Of objects with `shared` numbers they stay: they may be others'.
Result<void> forget_unfinished(Session& session, const std::string& source,
                               const SharedNumbers& shared);

// Takes back the origins of all rows of objects that are loaded again: where they were in the old
// content says nothing of the new one, and would settle ties wrongly. No other source's objects
// have these numbers.
Result<void> forget_origins(Session& session, const std::vector<std::int64_t>& object_numbers);

// What became of them.
Result<void> write_objects(Session& session, const std::string& source, const RunId& run_id,
                           Timestamp now, const std::vector<ObjectEntry>& objects);

// Removes the entries of objects of which nothing was ever loaded.
Result<void> forget_objects(Session& session, const std::string& source,
                            const std::vector<std::string>& keys);

}  // namespace dray
