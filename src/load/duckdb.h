// An embedded DuckDB file as a warehouse.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "load/open.h"

namespace dray {

// `address` is duckdb:FILE, or duckdb::memory:. A read-write open creates a missing file; a
// read-only one does not. Errors are `config` and say what to do: a file that is no DuckDB
// database, is read-only, or is locked by another process.
Result<std::unique_ptr<Warehouse>> open_duckdb(const std::string& address,
                                               const WarehouseOptions& options);

}  // namespace dray
