// The one with the greatest received_at stays of staged rows that share an id; the later in the
// order of objects and lines of those that are equally old.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "model/staged.h"

namespace dray {

struct DuplicateLimits {
  // What finding duplicates may hold at once. More rows take more passes over their keys.
  std::size_t memory_bytes = 64U << 20;
};

// Drops the rows of objects for which `unusable` says so (by RowKey::object), then all rows of one
// id but the one that stays. Ids are compared by 128 bits, half of them under a secret seed, so
// that nobody can make two ids look alike.
Result<void> drop_duplicates(StagedRows& rows, const std::vector<bool>& unusable,
                             const DuplicateLimits& limits = {});

}  // namespace dray
