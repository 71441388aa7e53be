// From what a person writes to a warehouse.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "load/redshift_choice.h"
#include "load/warehouse.h"
#include "sql/session_options.h"

namespace dray {

struct WarehouseOptions : SessionOptions {
  // What it may hold beside that and does not count (MemoryShares::engine_notes).
  std::uint64_t notes_bytes = 256ULL << 20;
  // What settling may hold, which of staged and stored duplicates stay (load/rivals.h).
  std::uint64_t duplicates_bytes = 64ULL << 20;
  // How many columns of profiles DuckDB merges at a time, if it has room for so many.
  std::size_t merged_columns_max = SIZE_MAX;
  std::vector<RedshiftChoice> redshift_choices;
};

// `address` is duckdb:FILE (load/duckdb.h), postgres://... (load/postgres.h) or redshift://...
// (load/redshift.h). Errors are `config` and say what to do.
Result<std::unique_ptr<Warehouse>> open_warehouse(const std::string& address,
                                                  const WarehouseOptions& options);

}  // namespace dray
