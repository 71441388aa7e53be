// Amazon Redshift behind the warehouse's door.
//
// The protocol of a load (docs/redshift.md shows its statements):
//   1. Parts, manifest and description of every table are written to the staging area.
//   2. Several connections make a staging table each and COPY one table's parts into it, a
//      transaction per table. What arrived is counted and compared.
//   3. One transaction compares, deletes and inserts for all tables, writes the ledger, and drops
//      the staging tables.
//   4. The files are removed.
#pragma once

#include <memory>
#include <string>

#include "base/result.h"
#include "load/open.h"
#include "load/warehouse.h"

namespace dray {

// `address` as load/redshift_options.h reads it. Nothing is asked of the cluster yet. Errors are
// `config`: the address, the staging location.
Result<std::unique_ptr<Warehouse>> open_redshift(const std::string& address,
                                                 const WarehouseOptions& options);

}  // namespace dray
