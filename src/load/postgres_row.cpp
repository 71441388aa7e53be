#include "load/postgres_row.h"

#include <algorithm>

namespace dray {
namespace {

constexpr std::size_t header_bytes = 23;
// A text that takes more is moved out of the row, and leaves a pointer.
constexpr std::size_t moved_above_bytes = 24;
constexpr std::size_t pointer_bytes = 18;

// So much can 16 compressed bytes say: each literal and each reference takes one at least, and one
// says which is which.
constexpr std::size_t phrases_max = 15;
// The longest text that they can stand for: 255 bytes for each of lz4's that tell a length.
constexpr std::size_t compressible_bytes_max = 4'096;

// The longest beginning of `text` behind `at` that also begins before `at`; one byte at least.
std::size_t phrase_bytes(std::string_view text, std::size_t at) {
  std::size_t longest = 1;
  for (std::size_t from = 0; from < at; ++from) {
    std::size_t bytes = 0;
    while (at + bytes < text.size() && text[from + bytes] == text[at + bytes])
      ++bytes;
    longest = std::max(longest, bytes);
  }
  return longest;
}

}  // namespace

std::size_t row_bytes_before_values(std::size_t columns) {
  return aligned_row(header_bytes + (columns + 7) / 8);
}

std::size_t values_always_fitting(std::size_t columns, std::size_t bytes_of_others) {
  const std::size_t taken = row_bytes_before_values(columns) + bytes_of_others;
  return taken < row_bytes_max ? (row_bytes_max - taken) / value_bytes_max : 0;
}

// The longest phrase each time gives the fewest, so a text of more has no shorter form.
bool may_stay_in_row(std::string_view text) {
  if (text.size() > compressible_bytes_max) return false;
  std::size_t phrases = 0;
  for (std::size_t at = 0; at < text.size(); at += phrase_bytes(text, at)) {
    if (++phrases > phrases_max) return false;
  }
  return true;
}

std::size_t with_text(std::size_t before, std::string_view text, RowRoom room) {
  if (text.size() < moved_above_bytes) return before + text.size() + 1;
  if (room == RowRoom::likely || !may_stay_in_row(text)) return before + pointer_bytes;
  return (before + 3) / 4 * 4 + value_bytes_max;
}

std::size_t with_short_text(std::size_t before, std::size_t text_bytes) {
  return before + (text_bytes < moved_above_bytes ? text_bytes + 1 : pointer_bytes);
}

std::size_t with_value(std::size_t before, ColumnType type) {
  return type == ColumnType::boolean ? before + 1 : aligned_row(before) + 8;
}

}  // namespace dray
