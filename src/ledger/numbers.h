// The numbers that stand for a source's objects and tables in _dray.lineage. Each source takes them
// from a range of its own, so that syncs of two sources at once need not wait for one another to
// know theirs.
//
// Which range that is its numbers tell, once it has some. Its first one is chosen by a hash of its
// name, or is the next that no other source has numbers in. A version before this one looked at the
// hash alone: two sources may have the same numbers since. Then a row's origin may be of either.
// Such a source takes its further numbers, and those of objects that it loads again, from a range
// that nobody else has.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

#include "base/result.h"
#include "sql/session.h"

namespace dray {

// What a source has; nothing while it has none.
struct NumbersGiven {
  std::optional<std::int64_t> least_object;
  std::optional<std::int64_t> greatest_object;
  std::optional<std::int64_t> greatest_table;
};

// Where a source's further numbers come from.
struct NumberRange {
  std::int64_t range = 0;
  std::int64_t next_object = 1;
  std::int64_t next_table = 1;
  // The source has objects with numbers of another range: one in which it was not alone.
  bool has_left = false;
};

// Of a source without any number, where no other has one.
NumberRange first_range(const std::string& source);

// There must be a ledger. Holds until another source takes its first numbers, so it is asked for
// again behind the lock.
Result<NumberRange> find_range(Session& session, const std::string& source,
                               const NumbersGiven& given);

// Objects of the source whose numbers objects of other sources have too.
struct SharedNumbers {
  std::unordered_set<std::int64_t> objects;
  std::vector<std::string> sources;  // the others, by name
};

Result<SharedNumbers> shared_numbers(Session& session, const std::string& source);

// How many objects each source has for which that is so; the others are not in it.
Result<std::map<std::string, std::uint64_t>> count_shared_numbers(Session& session);

}  // namespace dray
