// What the values of one column were, as a set of bits merged by "or".
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/column_type.h"
#include "model/record.h"

namespace dray {

// Bits 0 to 7: a value of the CellKind was seen. Bit 8 + n: a value was longer than 512 << n bytes.
// From bit 16 on: what the strings spelled (CellKind::text).
using Observed = std::uint32_t;

constexpr Observed observed_kind(CellKind kind) { return 1U << static_cast<unsigned>(kind); }

// "true" or "false".
constexpr Observed observed_text_boolean = 1U << 16;
// An integer of 64 bits, without fraction and exponent; `wide` is one of which a double would lose
// a digit.
constexpr Observed observed_text_integer = 1U << 17;
constexpr Observed observed_text_wide = 1U << 18;
// Any other JSON number of which a double loses no digit.
constexpr Observed observed_text_real = 1U << 19;
// None of these: a column that has such a string and anything else is varchar, whatever its other
// strings spell.
constexpr Observed observed_text_other = 1U << 20;
constexpr Observed observed_texts = observed_text_boolean | observed_text_integer |
                                    observed_text_wide | observed_text_real | observed_text_other;

// Which of these a string is, `seen` being what is known of its column: what could not change its
// type any more is not looked for.
Observed observed_spelling(std::string_view text, Observed seen);

constexpr Observed observed_length(std::size_t bytes) {
  Observed bits = 0;
  for (unsigned n = 0; n < 8 && bytes > (std::size_t{512} << n); ++n) {
    bits |= 0x100U << n;
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
// double precision, strings that fit beside numbers or booleans the type of those, everything else
// varchar.
constexpr ColumnType narrowest_type(Observed observed) {
  constexpr Observed text = observed_kind(CellKind::text);
  constexpr Observed boolean = observed_kind(CellKind::boolean);
  constexpr Observed real = observed_kind(CellKind::real);
  constexpr Observed numbers = observed_kind(CellKind::integer) | real;
  const Observed kinds = observed & 0xFFU;
  const Observed spelled = observed & observed_texts;
  if (kinds == observed_kind(CellKind::time_text) || kinds == observed_kind(CellKind::micros)) {
    return ColumnType::timestamp;
  }
  if ((kinds & ~text) == boolean && (spelled & ~observed_text_boolean) == 0) {
    return ColumnType::boolean;
  }
  const bool numbers_alone = (kinds & numbers) != 0 && (kinds & ~(numbers | text)) == 0;
  if (!numbers_alone || (spelled & (observed_text_boolean | observed_text_other)) != 0) {
    return ColumnType::varchar;
  }
  if ((kinds & real) == 0 && (spelled & observed_text_real) == 0) return ColumnType::bigint;
  return (spelled & observed_text_wide) == 0 ? ColumnType::double_precision : ColumnType::varchar;
}

}  // namespace dray
