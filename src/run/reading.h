// The first half of a run: new objects become staged rows, with all cores.
//
// Each worker inflates a chunk of lines and transforms it at once, while it is in the core's cache.
// Workers take an object each; when there are no more to begin, they join one that is still being
// read, so that one large object keeps all cores busy too. What a distant store has is opened a few
// objects ahead, so that no worker waits for the first byte.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "decode/shape.h"
#include "model/event.h"
#include "model/object.h"
#include "model/report.h"
#include "run/sync.h"
#include "source/object_store.h"
#include "stage/block_store.h"
#include "transform/registry.h"

namespace dray {

struct ReadingOptions {
  unsigned threads = 1;
  std::uint64_t check_seed = 0;
  std::size_t line_bytes_max = 16U << 20;
  // The rows that the workers hold before they are staged.
  std::size_t batches_bytes_max = 64U << 20;
  // The paths that they remember.
  std::size_t paths_bytes_max = 128U << 20;
  std::optional<std::string> warehouse_id;
};

// An object to read, and what came of it. Its place in the vector is RowKey::object.
struct ReadObject {
  ObjectInfo info;
  const std::set<std::uint64_t>* only_lines = nullptr;  // nothing: all

  std::string set_aside_reason;  // why it could not be read to its end; then nothing of it counts
  LineCounts counts;             // lines, filtered, rejected; loaded and duplicate come later
  // Rows of it are for a table that refuses rows: it is read again by the next sync.
  bool waits = false;
  ObjectShape shape = ObjectShape::lines;  // a guess, of one with rejects
};

// What was found in the objects beside their lines' rows.
struct ReadTotals {
  struct Found {
    std::uint64_t count = 0;
    std::uint32_t first_object = UINT32_MAX;  // that has one
    std::uint32_t first_line = 0;             // of that object
  };
  std::array<Found, notice_code_count> notices{};  // by NoticeCode; less what was set aside
  ColumnNumber first_shared;                       // of the first shared_column
  std::uint64_t bytes_plain = 0;
};

// Reads all objects into `staged`. An object that cannot be read is set aside; an error is what
// stops the whole run (no room to stage, cancelled). What is known of an object beside its
// ReadObject is held while it is read, not longer: there may be very many.
Result<ReadTotals> read_objects(std::vector<ReadObject>& objects, ObjectStore& store,
                                Registry& registry, BlockStore& staged,
                                const ReadingOptions& options, SyncProgress& progress,
                                const std::stop_token& stop);

}  // namespace dray
