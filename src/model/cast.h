// A staged cell as a value of its column's type, without loss or not at all (docs/mapping.md, "When
// a later value does not fit").
//
// Pure functions. None allocates in the common case of a cell whose kind is its column's.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time.h"
#include "model/record.h"

namespace dray {

// true, false, and the strings that spell them.
std::optional<bool> as_boolean(const Cell& cell);

// Integers of 64 bits, however written (1.0, 1e3), as numbers or as strings that JSON would take
// for such a number ("12", "1.0", not "012").
std::optional<std::int64_t> as_bigint(const Cell& cell);

enum class Rounding {
  nearest,  // for a column whose type was chosen with this value in view
  none,     // for a column that was there before: 2^53 + 1 does not fit
};

// Numbers, and strings that JSON would take for a number of which a double loses no digit.
std::optional<double> as_double(const Cell& cell, Rounding rounding);

std::optional<Micros> as_timestamp(const Cell& cell);

}  // namespace dray
