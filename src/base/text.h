// Small questions about text, in ASCII alone and without a locale.
#pragma once

#include <string_view>

namespace dray {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

// `text` less the blanks around it: a view into it.
constexpr std::string_view trimmed(std::string_view text, std::string_view blanks = " \t\r\n") {
  const auto begin = text.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(blanks) - begin + 1);
}

constexpr bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

}  // namespace dray
