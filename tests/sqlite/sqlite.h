// SQLite as a warehouse: the smallest that keeps the contract, by docs/adding-a-warehouse.md. It is
// no part of the program: SQLite has no column types to speak of, and one writer.
//
// A table of an event whose name begins with "sqlite_" is refused by SQLite, and waits.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "load/open.h"

namespace dray {

// `address` is sqlite:DIRECTORY, which is there; its files are made. Errors are `config`.
Result<std::unique_ptr<Warehouse>> open_sqlite(const std::string& address,
                                               const WarehouseOptions& options);

}  // namespace dray
