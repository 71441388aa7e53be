// PostgreSQL 12 or later as a warehouse.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "load/open.h"

namespace dray {

// `address` is a URL as libpq takes it, postgres://user@host:port/database?sslmode=...; what it
// leaves open comes from PG* variables and ~/.pgpass. Nothing is connected to yet: sessions do.
// Errors are `config`.
Result<std::unique_ptr<Warehouse>> open_postgres(const std::string& address,
                                                 const WarehouseOptions& options);

// The same, with every statement shown to `trace` before it is sent.
Result<std::unique_ptr<Warehouse>> open_postgres_traced(
    const std::string& address, const WarehouseOptions& options,
    std::function<void(std::string_view)> trace);

}  // namespace dray
