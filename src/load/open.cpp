#include "load/open.h"

#include <algorithm>

#include "load/duckdb.h"
#include "load/postgres.h"
#include "load/query.h"
#include "load/redshift.h"

namespace dray {
namespace {

struct Kind {
  std::string_view scheme;
  Result<std::unique_ptr<Warehouse>> (*open)(const std::string& address,
                                             const WarehouseOptions& options);
  Result<void> (*query)(const std::string& address, std::string_view text, ResultSink& sink,
                        const QueryOptions& options);
};

constexpr Kind kinds[] = {
    {"duckdb:", open_duckdb, query_duckdb},
    {"postgres://", open_postgres, query_postgres},
    {"postgresql://", open_postgres, query_postgres},
    {"redshift://", open_redshift, query_redshift},
};

// What stands behind the scheme may hold a password, and before the colon, too.
Error unknown_kind() {
  return config_error("the warehouse's address is of no kind that Dray loads",
                      "duckdb:FILE, "
                      "postgres://USER@HOST/DATABASE or redshift://USER@HOST/DATABASE");
}

const Kind* kind_of(const std::string& address) {
  const auto* const kind = std::ranges::find_if(
      kinds, [&](const Kind& known) { return address.starts_with(known.scheme); });
  return kind == std::end(kinds) ? nullptr : kind;
}

}  // namespace

Result<std::unique_ptr<Warehouse>> open_warehouse(const std::string& address,
                                                  const WarehouseOptions& options) {
  const Kind* kind = kind_of(address);
  if (kind == nullptr) return unknown_kind();
  return kind->open(address, options);
}

Result<void> query_warehouse(const std::string& address, std::string_view text, ResultSink& sink,
                             const QueryOptions& options) {
  const Kind* kind = kind_of(address);
  if (kind == nullptr) return unknown_kind();
  return kind->query(address, text, sink, options);
}

}  // namespace dray
