#include "model/column_type.h"

namespace dray {

std::string_view to_string(ColumnType type) {
  switch (type) {
    case ColumnType::boolean:
      return "boolean";
    case ColumnType::bigint:
      return "bigint";
    case ColumnType::double_precision:
      return "double precision";
    case ColumnType::timestamp:
      return "timestamp";
    case ColumnType::varchar:
      return "varchar";
  }
  return "varchar";
}

}  // namespace dray
