// The five types a column can have, on every warehouse (the specification, 3.8).
#pragma once

#include <cstdint>
#include <string_view>

namespace dray {

enum class ColumnType : std::uint8_t {
  boolean,
  bigint,
  double_precision,
  timestamp,  // UTC, microseconds, without time zone
  varchar,
};

std::string_view to_string(ColumnType type);

}  // namespace dray
