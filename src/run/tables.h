// The tables of a run: which rows go where.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "ledger/collections.h"
#include "ledger/state.h"
#include "model/catalog.h"
#include "run/context.h"
#include "schema/plan.h"
#include "stage/block_store.h"
#include "transform/registry.h"

namespace dray {

// A table that rows are staged for.
struct Target {
  std::string table;
  bool is_tracks = false;
  std::vector<BlockStore::Part> parts;  // of `tracks` in the order of the event tables' targets
  std::optional<std::int64_t> lineage_table;
  std::vector<std::int64_t> rival_tables;
  std::string profile_id_column;  // its rows change profiles by this column
  std::string profile_table;
  std::string files;  // of rows that an earlier run left there; then there are no others
  std::unique_ptr<StagedRows> rows;
  // Of the last attempt, rising: rows_left_out and RowsLoaded's.
  std::vector<std::uint64_t> rows_refused{};
  std::vector<std::uint64_t> rows_left_out{};  // the table refused them in an earlier attempt
  // The table is unusable or refuses rows, so that this run leaves it alone and its objects are
  // read again.
  bool waits = false;
};

// `users` or `accounts`, which follow from identifies or groups.
struct Profiles {
  TablePlan plan;
  std::vector<WantedColumn> sources;      // the columns, with the types that their values have
  std::vector<std::string> kept_columns;  // whose stored values stay
  // The table or a column of it is made, and its source has stored values for it, or a load that
  // did so was interrupted: every profile is computed, not those that the run touches alone
  // (find_gone() finds out).
  bool is_made_again = false;
};

struct Tables {
  std::vector<Target> targets;
  std::vector<WantedTable> wanted;     // by target
  std::vector<TableEntry> new_tables;  // that the ledger has no number for yet
  // Once they are planned:
  Plan plan;  // tables by target
  std::vector<Profiles> profiles;

  const Profiles* profiles_of(const Target& target) const;
  // Why the rows of a target cannot be loaded, if its table or that of its profiles is unusable;
  // else null.
  const Error* unusable(std::size_t target) const;
};

// The tables of what was read, with a view of their rows each; borrows the registry and the store.
// New ones get the ledger's next numbers. Names that had to be made safe are notices, and so is an
// event whose table has another name because the catalog has something else of its own.
Tables tables_of(const Registry& registry, const BlockStore& staged, const Catalog& catalog,
                 LedgerState& ledger, const RunContext& context);

// A table whose rows an earlier run left in files.
void add_table_in_files(const FilesToLoad& load, Tables& tables);

// The comment of a table that is not an event's: what is in it.
std::string comment_on(std::string_view table);

}  // namespace dray
