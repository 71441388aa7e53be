// Where rows of one table of PostgreSQL's lie, in 64 bits each: a partition, its block, and the
// place in the block. Of a partitioned table each partition has its own blocks.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace dray {

class RowAddresses {
 public:
  // `table_oid` and `ctid`, which is "(BLOCK,PLACE)", as the server writes them. Errors: `config`,
  // for more partitions than a number has room for; `internal`, for what is no address.
  Result<std::int64_t> add(std::string_view table_oid, std::string_view ctid);

  // A line of COPY: table_oid, ctid. Of a number that add() gave.
  std::string line(std::int64_t row) const;

 private:
  std::map<std::uint32_t, std::uint64_t> partitions_;  // by oid
  std::vector<std::uint32_t> oids_;
};

}  // namespace dray
