// The objects that a run reads, and what the load and the ledger are told of them.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/objects.h"
#include "ledger/state.h"
#include "run/reading.h"

namespace dray {

// Vectors by RowKey::object. A value; filled step by step.
struct ObjectSet {
  std::vector<ReadObject> objects;
  // Once they are read:
  ReadTotals totals;
  std::vector<std::string> keys;
  std::vector<bool> unusable;  // those that were set aside
  // Once they are numbered:
  std::vector<std::int64_t> numbers;      // the ledger's
  std::vector<std::int64_t> row_numbers;  // the same, but no_object_number for unusable ones

  // Whether the object was read to its end: else its rejects stay open.
  bool was_read(std::string_view key) const;
};

// What a set of these objects takes until the end of the run.
std::size_t bytes_of(const std::vector<ReadObject>& objects);

// From here on only what it says of these objects is of use: forgets the rest, which may be a
// source's whole past.
void keep_only(const std::vector<ReadObject>& objects, LedgerState& ledger);

// Whether the ledger says of every object at hand what it said before.
bool has_same(const ObjectSet& set, const LedgerState& before, const LedgerState& now);

// Those that the ledger knows keep their numbers, unless another source has them too and they are
// loaded again; the others get the next ones of its mark.
void number_objects(ObjectSet& set, LedgerState& ledger);

// What the ledger records of each, in the set's order: some thousand at a time, until `write`
// fails. Of all at once there may be no room.
Result<void> each_entries(const ObjectSet& set, const LedgerState& ledger,
                          const std::function<Result<void>(std::vector<ObjectEntry>&)>& write);

}  // namespace dray
