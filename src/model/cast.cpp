#include "model/cast.h"

#include "base/numbers.h"

namespace dray {

std::optional<bool> as_boolean(const Cell& cell) {
  if (cell.kind != CellKind::boolean && cell.kind != CellKind::text) return std::nullopt;
  if (cell.bytes == "true") return true;
  if (cell.bytes == "false") return false;
  return std::nullopt;
}

std::optional<std::int64_t> as_bigint(const Cell& cell) {
  switch (cell.kind) {
    case CellKind::integer:
      return parse_int64(cell.bytes);
    case CellKind::real:
      return exact_int64(cell.bytes);
    case CellKind::text:
      if (!is_json_number(cell.bytes)) return std::nullopt;
      if (const auto plain = parse_int64(cell.bytes)) return plain;
      return exact_int64(cell.bytes);
    default:
      return std::nullopt;
  }
}

std::optional<double> as_double(const Cell& cell, Rounding rounding) {
  switch (cell.kind) {
    case CellKind::integer: {
      const auto value = parse_int64(cell.bytes);
      if (!value) return std::nullopt;
      return rounding == Rounding::nearest ? static_cast<double>(*value) : exact_double(*value);
    }
    case CellKind::real:
      return nearest_double(cell.bytes);
    case CellKind::text:
      return is_json_number(cell.bytes) ? lossless_double(cell.bytes) : std::nullopt;
    default:
      return std::nullopt;
  }
}

std::optional<Micros> as_timestamp(const Cell& cell) {
  switch (cell.kind) {
    case CellKind::micros:
      return micros_of(cell);
    case CellKind::time_text:
      return parse_timestamp(cell.bytes);
    default:
      return std::nullopt;
  }
}

}  // namespace dray
