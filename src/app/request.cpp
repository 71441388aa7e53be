#include "app/request.h"

namespace dray {

SyncRequest request_of(const Config& config) {
  SyncRequest request;
  request.warehouse_id = config.warehouse_id;
  request.contract_columns = config.contract_columns;
  request.threads = config.threads;
  request.memory_bytes = config.memory_bytes;
  request.line_bytes_max = config.line_bytes_max;
  request.temp_directory = config.temp_directory;
  return request;
}

}  // namespace dray
