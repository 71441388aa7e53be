// Events to rows: one per worker (the specification, 3.1 to 3.6).
//
// The hot loop of Dray. What makes it fast: a path in an event is looked up once and then predicted
// (the key that followed last time follows again), values are views of the line until they are
// copied into the row's record, and nothing is allocated per event once the shapes are known.
//
// Threads: one transformer belongs to one thread; they share the Registry.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/json.h"
#include "model/event.h"
#include "model/row_batch.h"
#include "transform/registry.h"

namespace dray {

struct TransformLimits {
  // A batch of rows is handed on when it is this large. Smaller when there are many tables: the
  // caller divides what memory it has.
  std::size_t batch_bytes = 256U << 10;
  // Nodes of remembered paths; past it everything remembered is forgotten and learned anew. Bounds
  // what keys that never repeat (ids used as keys) can make a worker hold.
  std::size_t paths_max = 200'000;
  // What the texts of so many paths, and of so many events' names, may take together. Longer ones
  // are forgotten the sooner.
  std::size_t path_text_bytes = 128;
  // A property's path joined by '_'. Names are cut to a hundred bytes or so; this bounds the work
  // before.
  std::size_t path_bytes_max = 8U << 10;
};

class Transformer {
 public:
  // `registry` is borrowed. `check_seed` is the run's secret for RowKey::check.
  Transformer(Registry& registry, std::uint64_t check_seed, const TransformLimits& limits = {});
  ~Transformer();
  Transformer(const Transformer&) = delete;
  Transformer& operator=(const Transformer&) = delete;

  // The lines that follow belong to this object.
  void begin_object(std::uint32_t object);

  // Makes the event's row. A reason means that there is no table for it and no row was made. Values
  // that cannot have a column are rejected on their own and the row is made without them.
  std::optional<RejectReason> add(const JsonDocument& document, const Event& event,
                                  std::uint32_t line, NoticeCounts& notices);

  void reject(std::uint32_t line, RejectReason reason, std::string_view detail,
              std::string_view text);

  // Takes the batches that have reached batch_bytes, or all that hold rows.
  std::vector<RowBatch> take_full_batches();
  std::vector<RowBatch> take_all_batches();
  // Of all batches not yet taken.
  std::size_t pending_bytes() const;

  // What the values since begin_object() were, as far as this worker has not told before.
  std::vector<Observation> take_observations();
  // Whether the object was read to its end: then what its values were need not be told again.
  void end_object(bool complete);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray
