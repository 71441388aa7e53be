// UTF-8 one code point at a time, for text that may not be UTF-8 at all, and its width on a
// terminal.
#pragma once

#include <cstddef>
#include <string_view>

namespace dray {

struct CodePoint {
  char32_t value = 0;
  std::size_t bytes = 1;  // how far to go on
  bool valid = true;      // false: one byte that begins no well-formed sequence
};

// The first code point of `text`, which is not empty. Overlong forms, surrogates and what lies
// beyond U+10FFFF are not valid.
CodePoint next_code_point(std::string_view text);

// Columns on a terminal: 0 for combining marks, 2 for East Asian wide characters and emoji, else 1.
std::size_t display_width(char32_t code_point);
std::size_t display_width(std::string_view text);

}  // namespace dray
