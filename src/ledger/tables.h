// The names of Dray's own tables, for loaders that reach into them in a dialect of their own: to
// tell a row's place, or to record it. What the tables hold are other headers' of this folder.
#pragma once

#include <string_view>

#include "base/result.h"

namespace dray {

inline constexpr const char* ledger_schema = "_dray";

inline constexpr const char* lineage_table_name = "lineage";

// These are for SqlBuilder::word(). The columns are those that a loader writes.
inline constexpr std::string_view lineage_table = "_dray.lineage";
inline constexpr std::string_view lineage_columns =
    "_dray.lineage (uuid, received_at, table_number, object_number, line)";
// The tables with rows of which DuckDB cannot hold 2,048 at once (load/duckdb_load.cpp makes it).
inline constexpr std::string_view long_rows_table = "_dray.long_rows";
inline constexpr const char* long_rows_table_name = "long_rows";
inline constexpr std::string_view objects_table = "_dray.objects";
inline constexpr std::string_view pending_table = "_dray.pending";
inline constexpr std::string_view runs_table = "_dray.runs";

// What failed with `table` of the ledger: the error names it, and is none about the table of events
// that is loaded meanwhile. A right that is missing there is missing for every table, and so is
// what a constraint of somebody's refuses.
Error of_ledger(Error error, std::string_view table);

}  // namespace dray
