#include "transform/tables.h"

#include <utility>

#include "transform/naming.h"

namespace dray {

WorkerTable* WorkerTables::table_of(const Event& event) {
  TableNumber number = 0;
  if (event.type != EventType::track) {
    number = Registry::fixed_table(event.type);
  } else if (const auto found = events_.find(event.event_name); found != events_.end()) {
    number = found->second;
  } else {
    const auto made = registry_.event_table(event_slug(event.event_name), event.event_name);
    if (!made) return nullptr;
    number = *made;
    // Names that never repeat would fill memory; forgetting them costs a look into the registry.
    const bool is_full = events_.size() >= limits_.paths_max ||
                         events_bytes_ > limits_.paths_max * limits_.path_text_bytes;
    if (is_full) {
      events_.clear();
      events_bytes_ = 0;
    }
    events_.emplace(event.event_name, number);
    events_bytes_ += event.event_name.size();
  }
  if (number >= tables_.size()) tables_.resize(number + 1);
  auto& table = tables_[number];
  if (!table) {
    table = std::make_unique<WorkerTable>();
    table->type = event.type;
    table->batch.table = number;
  }
  return table.get();
}

void WorkerTables::forget_paths() {
  for (auto& table : tables_) {
    if (table) table->properties = nullptr;
  }
}

std::vector<RowBatch> WorkerTables::take_full_batches() {
  std::vector<RowBatch> taken;
  for (WorkerTable* table : full_)
    taken.push_back(take(table->batch));
  full_.clear();
  if (rejects_.bytes() >= limits_.batch_bytes) taken.push_back(take(rejects_));
  return taken;
}

std::vector<RowBatch> WorkerTables::take_all_batches() {
  full_.clear();
  std::vector<RowBatch> taken;
  for (auto& table : tables_) {
    if (table && !table->batch.keys.empty()) taken.push_back(take(table->batch));
  }
  if (!rejects_.keys.empty()) taken.push_back(take(rejects_));
  return taken;
}

RowBatch WorkerTables::take(RowBatch& batch) {
  if (batch.table != rejects_table) pending_bytes_ -= batch.bytes();
  RowBatch taken{batch.table, std::move(batch.keys), std::move(batch.records)};
  batch.keys.clear();
  return taken;
}

std::vector<Observation> WorkerTables::take_observations() {
  told_.insert(told_.end(), observations_.begin(), observations_.end());
  return std::exchange(observations_, {});
}

void WorkerTables::end_object(bool complete) {
  if (!complete) {
    // What only an unfinished object showed must be told again by the next that shows it.
    for (const Observation& told : told_) {
      Observed& seen = seen_bits(*tables_[told.table], told.slot);
      seen &= ~told.bits;
    }
  }
  told_.clear();
}

}  // namespace dray
