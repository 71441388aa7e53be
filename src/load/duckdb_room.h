// What DuckDB has to hold of a warehouse's tables without counting it, and what that leaves of its
// memory.
//
// Only load/duckdb*.cpp include this. Threads: belongs to the session's.
#pragma once

#include <cstddef>
#include <cstdint>
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
  // than their share. Right after the file was opened. `config`, with the least that it takes, when
  // there is not enough.
  Result<void> measure(DuckConnection& connection);

  // What it takes to grow so, counted and not; nothing if that is there.
  std::optional<std::uint64_t> bytes_wanting(const Growth& growth) const;

  // What DuckDB notes of a table of so many columns that was written, until the file is opened
  // anew.
  static std::uint64_t bytes_noted(std::size_t columns);

  // That DuckDB may count, and what is left for what it notes.
  std::uint64_t engine_bytes() const { return engine_bytes_; }
  std::uint64_t notes_bytes() const { return notes_bytes_; }

 private:
  const std::uint64_t all_bytes_;
  const std::uint64_t engine_most_;
  const unsigned threads_;
  Growth stored_;  // the tables and columns that are there
  std::uint64_t engine_bytes_;
  std::uint64_t notes_bytes_;
};

}  // namespace dray
