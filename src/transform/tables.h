// A worker's tables: the rows that it has made for each, in batches, and what it has observed of
// their values. What every cell asks for is in the header, for the hot loop to have it inline.
//
// Threads: they belong to one worker.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text_hash.h"
#include "model/event.h"
#include "model/observed.h"
#include "model/record.h"
#include "model/row_batch.h"
#include "transform/path_tree.h"
#include "transform/registry.h"
#include "transform/transformer.h"

namespace dray {

// A worker's view of one table.
struct WorkerTable {
  EventType type = EventType::track;
  PathNode* properties = nullptr;
  RowBatch batch;
  // By slot: what is known to have been observed, by this object so far or by complete ones before.
  // Context columns follow the table's own.
  std::vector<Observed> seen_properties;
  std::vector<Observed> seen_context;
};

class WorkerTables {
 public:
  // Borrows the registry.
  WorkerTables(Registry& registry, const TransformLimits& limits)
      : registry_(registry), limits_(limits) {
    rejects_.table = rejects_table;
  }

  // The table of the event's row, which stays where it is; null if there cannot be another.
  WorkerTable* table_of(const Event& event);
  // Every table's `properties` become null.
  void forget_paths();

  RowBatch& rejects() { return rejects_; }

  // Behind each row: the table's batch had so many bytes before it.
  void note_row(WorkerTable& table, std::size_t bytes_before) {
    pending_bytes_ += table.batch.bytes() - bytes_before;
    if (bytes_before < limits_.batch_bytes && table.batch.bytes() >= limits_.batch_bytes) {
      full_.push_back(&table);
    }
  }

  // As Transformer's.
  std::vector<RowBatch> take_full_batches();
  std::vector<RowBatch> take_all_batches();
  std::size_t pending_bytes() const { return pending_bytes_; }

  static Observed& seen_bits(WorkerTable& table, Slot slot) {
    const bool is_context = slot >= context_slot_first;
    auto& seen = is_context ? table.seen_context : table.seen_properties;
    const std::size_t at = is_context ? slot - context_slot_first : slot;
    if (at >= seen.size()) seen.resize(at + 16);
    return seen[at];
  }

  // Observes what was not observed before. `seen` is the slot's.
  void note(const WorkerTable& table, Slot slot, Observed bits, Observed& seen) {
    const Observed fresh = bits & ~seen;
    if (fresh == 0) return;
    seen |= fresh;
    observations_.push_back({table.batch.table, slot, fresh});
  }

  // As Transformer's.
  std::vector<Observation> take_observations();
  void end_object(bool complete);

 private:
  RowBatch take(RowBatch& batch);

  Registry& registry_;
  const TransformLimits limits_;
  std::unordered_map<std::string, TableNumber, TextHash, std::equal_to<>> events_;
  std::size_t events_bytes_ = 0;                      // of their names
  std::vector<std::unique_ptr<WorkerTable>> tables_;  // by number
  std::vector<WorkerTable*> full_;
  RowBatch rejects_;
  std::size_t pending_bytes_ = 0;
  std::vector<Observation> observations_;  // not yet taken
  std::vector<Observation> told_;          // taken since the object began
};

}  // namespace dray
