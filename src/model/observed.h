// What the values of one column were, as a set of bits merged by "or".
#pragma once

#include <cstddef>
#include <cstdint>

#include "model/column_type.h"
#include "model/record.h"

namespace dray {

// Bits 0 to 7: a value of the CellKind was seen. Bit 8 + n: a value was longer than 512 << n bytes.
using Observed = std::uint16_t;

constexpr Observed observed_kind(CellKind kind) {
  return static_cast<Observed>(1U << static_cast<unsigned>(kind));
}

constexpr Observed observed_length(std::size_t bytes) {
  Observed bits = 0;
  for (unsigned n = 0; n < 8 && bytes > (std::size_t{512} << n); ++n) {
    bits = static_cast<Observed>(bits | (0x100U << n));
  }
  return bits;
}

// How wide a varchar for these values is: 512 bytes or the power of two that fits.
constexpr std::uint32_t varchar_bytes_for(Observed observed) {
  std::uint32_t bytes = 512;
  for (unsigned n = 0; n < 8; ++n) {
    if ((observed & (0x100U << n)) != 0) bytes = std::uint32_t{1024} << n;
  }
  return bytes;
}

// The narrowest type that holds all the values: one kind its own type, integers and reals together
// double precision, everything else varchar.
constexpr ColumnType narrowest_type(Observed observed) {
  const unsigned kinds = observed & 0xFFU;
  if (kinds == observed_kind(CellKind::boolean)) return ColumnType::boolean;
  if (kinds == observed_kind(CellKind::integer)) return ColumnType::bigint;
  if (kinds == observed_kind(CellKind::time_text) || kinds == observed_kind(CellKind::micros)) {
    return ColumnType::timestamp;
  }
  constexpr unsigned numbers = observed_kind(CellKind::integer) | observed_kind(CellKind::real);
  if (kinds != 0 && (kinds & ~numbers) == 0) return ColumnType::double_precision;
  return ColumnType::varchar;
}

}  // namespace dray
