// What the rows want against what the warehouse has: the changes to make, and where each column's
// values go (the specification, 7.7, 7.10 and 7.26).
//
// Pure. Nothing is ever dropped, renamed or narrowed.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/catalog.h"
#include "model/observed.h"
#include "model/staged.h"
#include "model/type_rules.h"

namespace dray {

struct WantedColumn {
  std::string name;
  ColumnType type = ColumnType::varchar;  // of the values seen; counts only if the column is new
  std::optional<StandardColumn> standard;
  Slot slot = 0;
  std::uint32_t varchar_bytes = varchar_bytes_default;  // that hold all the values seen
  Observed observed = 0;                                // what these were
  std::string comment{};                                // where in the events they stand
};

struct WantedTable {
  std::string name;
  std::vector<WantedColumn> columns;  // those with at least one value
  std::string comment{};              // what its events are called
  bool is_known = false;              // Dray has made it once
};

enum class ContractColumns { create, leave_out };

struct TablePlan {
  std::string table;
  bool created = false;
  std::vector<LoadColumn> columns;
  std::vector<Column> new_columns;
  std::size_t table_columns = 0;  // that it has once the plan is carried out
  // Why no row can go to it; then there is nothing else. Of cause `config`: a view has its name, or
  // a table that lacks the columns every table of Dray's has, so that somebody else must have made
  // it, or changed it.
  std::optional<Error> unusable{};
};

struct Plan {
  std::vector<SchemaChange> changes;  // in the order to make them
  std::vector<TablePlan> tables;      // in the order of the wanted tables
};

// Whether an event's rows cannot go to a table of this name: something else has it, or a table that
// lacks what every table of Dray's has.
bool is_taken(const Catalog& catalog, std::string_view table);

// Columns are made wide enough for the values, and those that are too narrow widened, as far as the
// limits go; LoadColumn::varchar_bytes tells where longer values will have to be cut. A new column
// has the type that `types` chooses, else the one that the mapping fixes, else that of its values;
// users and accounts have their source's.
//
// What is made gets its comments, as far as the limits go: tables first, then the columns whose
// names do not tell where their values stand.
Plan make_plan(const Catalog& catalog, const std::vector<WantedTable>& wanted,
               ContractColumns contract, const CatalogLimits& limits, const TypeRules& types = {});

}  // namespace dray
