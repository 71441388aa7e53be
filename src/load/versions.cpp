#include "load/versions.h"

#include <duckdb.h>
#include <libpq-fe.h>

namespace dray {
namespace {

// 150014 → "15.14"; before PostgreSQL 10 there were three parts, and no libpq here is so old.
std::string libpq_text(int number) {
  return std::to_string(number / 10'000) + "." + std::to_string(number % 10'000);
}

}  // namespace

EngineVersions engine_versions() {
  std::string duckdb = duckdb_library_version();
  if (duckdb.starts_with('v')) duckdb.erase(0, 1);
  return {std::move(duckdb), libpq_text(PQlibVersion())};
}

}  // namespace dray
