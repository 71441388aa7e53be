// One scan of a load's staged rows by DuckDB: which thread shows which of them, and what it shows.
// Behind the table functions of load/duckdb_rows.cpp.
//
// Threads: a DuckScan and a cursor are shared by the threads of a scan, each has a DuckScanThread
// of its own.
#pragma once

#include <duckdb.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "load/duckdb_rows.h"
#include "model/staged.h"
#include "stage/row_shape.h"

namespace dray {

// Shared by the threads of the statements that show one load's rows.
struct DuckRelations::Cursor {
  // Rows of one block.
  struct Range {
    std::size_t block = 0;
    std::size_t row = 0;
    std::size_t end = 0;
  };
  // A piece has as many live rows as a row group, the last one fewer: a thread shows whole ones,
  // because DuckDB copies what does not fill a thread's row group once more, or writes a short one.
  using Share = std::vector<Range>;  // the next one last

  std::uint64_t group_bytes_max = UINT64_MAX;  // of the texts of 2,048 rows; for all threads
  std::uint64_t long_row_bytes = UINT64_MAX;
  std::atomic<bool> is_full{false};  // of the statement at hand
  std::atomic<bool> has_long_rows{false};
  std::mutex mutex;
  std::vector<Share> shares;  // that no thread has, the next one last
};

// The live rows, `share_rows` to a share.
Result<std::vector<DuckRelations::Cursor::Share>> shares_of(const StagedRows& rows,
                                                            std::uint64_t share_rows);

// Shared by the threads of one scan.
struct DuckScan {
  DuckScan(const RowsToLoad& from, DuckRelations::Cursor& to_go_on, std::uint64_t threads)
      : load(from),
        shape(from),
        cursor(to_go_on),
        thread_bytes_max(to_go_on.group_bytes_max / threads) {}
  const RowsToLoad& load;
  const RowShape shape;
  DuckRelations::Cursor& cursor;  // of rows
  const std::uint64_t thread_bytes_max;
  std::atomic<std::size_t> next_block{0};  // of keys
};

// One thread's place in it.
struct DuckScanThread {
  std::unique_ptr<BlockScratch> scratch = std::make_unique<BlockScratch>();  // of the block
  // The blocks before it to which texts of the chunk at hand point.
  std::vector<std::unique_ptr<BlockScratch>> held;
  DuckRelations::Cursor::Share share;  // behind what is left of the block
  RowBlock block;
  std::size_t number = 0;        // of the block
  std::size_t row = 0;           // of the block
  std::size_t end = 0;           // of its rows that are the thread's
  const char* record = nullptr;  // of that row
  // What it has shown of the 2,048 rows that DuckDB will read at once.
  std::uint64_t group_rows = 0;
  std::uint64_t group_bytes = 0;
};

// The columns that dray_keys and dray_origins show.
inline constexpr std::array keys_columns = {"uuid",   "check_id", "received_at",
                                            "object", "line",     "row"};
inline constexpr std::array origins_columns = {"uuid", "received_at", "object_number", "line"};

// Fill a chunk with what the thread shows next; they return the number of rows, 0 at the end.
Result<idx_t> fill_rows(DuckScan& scan, DuckScanThread& thread, duckdb_data_chunk chunk);
Result<idx_t> fill_keys(DuckScan& scan, DuckScanThread& thread, duckdb_data_chunk chunk);
Result<idx_t> fill_origins(DuckScan& scan, DuckScanThread& thread, duckdb_data_chunk chunk);

}  // namespace dray
