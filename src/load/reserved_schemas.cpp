#include "load/reserved_schemas.h"

#include <algorithm>
#include <array>

namespace dray {
namespace {

// `memory`, `temp` and `system` are catalogs of every DuckDB, and "temp.tracks" may be a table in
// the schema of that name or in the catalog. The others are schemas of each database.
constexpr std::array duckdb_schemas = std::to_array<std::string_view>(
    {"information_schema", "main", "memory", "pg_catalog", "system", "temp"});

}  // namespace

bool is_reserved_duckdb_schema(std::string_view name) {
  return std::ranges::binary_search(duckdb_schemas, name);
}

bool is_reserved_postgres_schema(std::string_view name) {
  return name.starts_with("pg_") || name == "information_schema";
}

// It has a pg_catalog too, and describes its data shares and federated databases in the third.
bool is_reserved_redshift_schema(std::string_view name) {
  return is_reserved_postgres_schema(name) || name == "catalog_history";
}

}  // namespace dray
