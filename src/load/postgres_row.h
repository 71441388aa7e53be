// How much room values take in a row of PostgreSQL's, which must fit a page of 8 KB once its long
// texts were moved out (documentation, "Database Page Layout" and "TOAST").
//
// Pure. Only load/postgres*.cpp and load/copy_rows.cpp include this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "model/column_type.h"

namespace dray {

// MaxHeapTupleSize for pages of 8 KB.
constexpr std::size_t row_bytes_max = 8'160;

// No value takes more, a text that was moved out or compressed included.
constexpr std::size_t value_bytes_max = 24;

// A text that repeats itself may compress to so little that it is not moved out. Then it takes up
// to value_bytes_max instead of a pointer's 18 bytes; how much, only the server knows.
enum class RowRoom {
  likely,   // as if it were moved out
  certain,  // the most that it can take
};

// Where a row's values begin, in a table of so many columns.
std::size_t row_bytes_before_values(std::size_t columns);

// How many values there is always room for, beside so many bytes of others.
std::size_t values_always_fitting(std::size_t columns, std::size_t bytes_of_others);

// Where a value ends that begins behind `before` bytes.
std::size_t with_text(std::size_t before, std::string_view text, RowRoom room);
std::size_t with_short_text(std::size_t before, std::size_t text_bytes);
// Not of texts.
std::size_t with_value(std::size_t before, ColumnType type);

constexpr std::size_t aligned_row(std::size_t bytes) { return (bytes + 7) / 8 * 8; }

// Whether either of the server's methods (pglz, lz4) might compress the text to the 16 bytes with
// which it is not moved out. Never wrong about a text that is.
bool may_stay_in_row(std::string_view text);

}  // namespace dray
