// Objects that a person puts aside, because they will never be readable or should not be read: no
// sync reads them, and none is partial on their account, until they are taken back.
//
// A skip is of a key, whatever becomes of the content behind it; that it has changed is a notice of
// every sync. Rows that an object has brought already stay. The key may be that of an object that
// no sync has seen yet, or of a part of the source that cannot be listed.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "load/warehouse.h"

namespace dray {

struct SkipRequest {
  std::string source;  // the schema's name
  std::vector<std::string> keys;
  std::string reason;
  std::string skipped_by;
};

// Returns those of the keys that no sync had seen; they are skipped all the same.
Result<std::vector<std::string>> skip_objects(Warehouse& warehouse, const SkipRequest& request);

// All of them, or none: an error (`config`) names the first that is not skipped.
Result<void> unskip_objects(Warehouse& warehouse, const std::string& source,
                            const std::vector<std::string>& keys);

}  // namespace dray
