// What DuckDB has to hold of a warehouse's tables without counting it, and what that leaves of its
// memory.
//
// Only load/duckdb*.cpp include this. Threads: any.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>

#include "base/result.h"
#include "load/open.h"
#include "load/warehouse.h"
#include "sql/duckdb_connection.h"

namespace dray {

class DuckRoom {
 public:
  explicit DuckRoom(const WarehouseOptions& options);

  // Counts the columns that are there, and gives DuckDB less memory of its own if they take more
  // than their share. Right after the file was opened, when nothing is noted. `config`, with the
  // least that it takes, when there is not enough.
  Result<void> measure(DuckConnection& connection);

  // What it takes to grow so, counted and not; nothing if that is there.
  std::optional<std::uint64_t> bytes_wanting(const Growth& growth) const;

  // A table of so many columns is written. DuckDB notes that until the file is opened anew; whether
  // there is no room for more of it.
  void note_table(std::size_t columns);
  bool is_noted_full() const;

  // That DuckDB may count.
  std::uint64_t engine_bytes() const;

 private:
  const std::uint64_t all_bytes_;
  const std::uint64_t engine_most_;
  const unsigned threads_;
  mutable std::mutex mutex_;  // of what follows
  Growth stored_;             // the tables and columns that are there
  std::uint64_t engine_bytes_;
  std::uint64_t notes_bytes_;  // that may be noted
  std::uint64_t noted_bytes_ = 0;
};

}  // namespace dray
