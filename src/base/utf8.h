// UTF-8, checked and cut.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace dray {

// At most `bytes_max` bytes of `text`, not ending inside a character.
std::string_view cut_utf8(std::string_view text, std::size_t bytes_max);

// Characters of valid UTF-8.
std::size_t utf8_characters(std::string_view text);

// `text` with every byte that is not part of valid UTF-8, and every NUL, replaced by U+FFFD.
std::string to_valid_utf8(std::string_view text);

}  // namespace dray
