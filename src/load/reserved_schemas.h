// Schemas that an engine keeps for itself, or that its own SQL would take for something else: no
// source can have one of these names there.
//
// Pure. Names are in lower case, as Dray makes them.
#pragma once

#include <string_view>

namespace dray {

bool is_reserved_duckdb_schema(std::string_view name);
bool is_reserved_postgres_schema(std::string_view name);
bool is_reserved_redshift_schema(std::string_view name);

}  // namespace dray
