// The tables of a source in the ledger: their numbers (_dray.tables), and what its runs have made
// of them (_dray.collections).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/run_id.h"
#include "sql/session.h"

namespace dray {

struct TableEntry {
  std::string table;
  std::string event;  // the slug; empty for fixed tables
  std::int64_t number = 0;
};

// Records tables that the ledger has not yet.
Result<void> write_tables(Session& session, const std::string& source, const RunId& run_id,
                          const std::vector<TableEntry>& tables);

// The columns that the source's recorded runs have made of these tables since they made the table,
// as far as the record of what they did goes back (_dray.collections). A table of which none has
// made anything is not among them.
using ColumnsMade = std::map<std::string, std::set<std::string, std::less<>>>;
Result<ColumnsMade> columns_made(Session& session, const std::string& source,
                                 const std::vector<std::string>& tables);

}  // namespace dray
