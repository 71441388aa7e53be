// From what a person writes to a warehouse.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "load/redshift_choice.h"
#include "load/warehouse.h"

namespace dray {

enum class Access { read_only, read_write };

struct WarehouseOptions {
  Access access = Access::read_write;
  std::uint64_t memory_bytes = 512ULL
                               << 20;  // for the engine itself, where it runs in this process
  // For what it holds beside that and does not count (MemoryShares::engine_notes).
  std::uint64_t notes_bytes = 256ULL << 20;
  // For settling which of staged and stored duplicates stay (load/rivals.h).
  std::uint64_t duplicates_bytes = 64ULL << 20;
  // How many columns of profiles DuckDB merges at a time, if it has room for so many.
  std::size_t merged_columns_max = SIZE_MAX;
  unsigned threads = 0;        // 0: as many as the machine has
  std::string temp_directory;  // "": beside the warehouse
  std::vector<RedshiftChoice> redshift_choices;
  // Sees each statement before it is sent, whole, and each request to S3. From any thread.
  std::function<void(std::string_view)> trace = {};
  // How long to wait for a file that another program has open, and who is told of it: the file, and
  // the program as far as DuckDB knows it.
  std::chrono::seconds wait_max{0};
  std::function<void(const std::string& file, const std::string& program)> on_wait;
};

// `address` is duckdb:FILE (load/duckdb.h), postgres://... (load/postgres.h) or redshift://...
// (load/redshift.h). Errors are `config` and say what to do.
Result<std::unique_ptr<Warehouse>> open_warehouse(const std::string& address,
                                                  const WarehouseOptions& options);

}  // namespace dray
