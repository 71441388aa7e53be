// Tables whose rows wait, because the warehouse or the table itself refused them (_dray.pending).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/run_id.h"
#include "sql/session.h"

namespace dray {

// A table whose rows of one run wait: without files, because a table refused a row, and then the
// objects with its rows are `waiting` too; in files, because the warehouse refused them there (only
// of warehouses that stage). The run's objects are loaded all the same: these rows are not read
// again.
struct PendingTable {
  std::string table;
  RunId run_id;
  std::string files;  // FilesToLoad::files
  std::uint64_t rows = 0;
  Timestamp since{};
};

Result<std::vector<PendingTable>> read_pending(Session& session, const std::string& source);
// `reasons` by table.
Result<void> write_pending(Session& session, const std::string& source, Timestamp now,
                           const std::vector<PendingTable>& tables,
                           const std::vector<std::string>& reasons);
Result<void> forget_pending(Session& session, const std::string& files);
// Tables without files, whose rows are read again from their objects (ObjectEntry::waits): once no
// object of the source waits any more, less those that a person has skipped.
Result<void> forget_settled(Session& session, const std::string& source);

}  // namespace dray
