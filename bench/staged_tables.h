// The tables that staged rows make, without a warehouse that would have a say: for what measures
// the way to the parts.
#pragma once

#include <cstdint>
#include <vector>

#include "model/staged.h"
#include "stage/block_store.h"
#include "transform/registry.h"

namespace dray {

// A table to write: its columns, and the staged rows that are its own.
struct TableToWrite {
  RowsToLoad load;
  std::vector<BlockStore::Part> parts;
  std::uint64_t rows = 0;
};

// Every table and `tracks`, the largest first so that threads end together. Borrows the registry.
std::vector<TableToWrite> tables_of(const Registry& registry, const BlockStore& staged);

}  // namespace dray
