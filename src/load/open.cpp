#include "load/open.h"

#include "load/duckdb.h"
#include "load/postgres.h"
#include "load/redshift.h"

namespace dray {
namespace {

struct Kind {
  std::string_view scheme;
  Result<std::unique_ptr<Warehouse>> (*open)(const std::string& address,
                                             const WarehouseOptions& options);
};

constexpr Kind kinds[] = {
    {"duckdb:", open_duckdb},
    {"postgres://", open_postgres},
    {"postgresql://", open_postgres},
    {"redshift://", open_redshift},
};

}  // namespace

Result<std::unique_ptr<Warehouse>> open_warehouse(const std::string& address,
                                                  const WarehouseOptions& options) {
  for (const Kind& kind : kinds) {
    if (address.starts_with(kind.scheme)) return kind.open(address, options);
  }
  // What stands behind the scheme may hold a password.
  return config_error("the warehouse " + address.substr(0, address.find(':')) +
                      ": is not one this build can load\ntry: duckdb:FILE, "
                      "postgres://USER@HOST/DATABASE or redshift://USER@HOST/DATABASE");
}

}  // namespace dray
