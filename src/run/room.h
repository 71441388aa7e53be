// Whether memory suffices for a run: what is refused for want of it is refused before anything is
// made of it, with the least that it takes (docs/architecture.md, "What is bounded").
#pragma once

#include "base/result.h"
#include "model/catalog.h"
#include "model/memory_shares.h"
#include "run/context.h"
#include "run/tables.h"
#include "transform/registry.h"

namespace dray {

struct RunMemory {
  unsigned threads = 0;
  MemoryShares shares;
};

// Whether there is room for the plan of all that the registry has seen. Errors: `config`.
Result<void> check_room_to_plan(const RunContext& context, const RunMemory& memory,
                                const Registry& registry, const Catalog& catalog);

// Whether there is room for what the planned tables make the engine hold. Errors: `config`.
Result<void> check_room_to_load(const RunContext& context, const RunMemory& memory,
                                const Tables& tables);

}  // namespace dray
