#include "base/message.h"

#include <algorithm>

namespace dray {
namespace {

std::string without_tabs(std::string_view line) {
  std::string out(line);
  std::ranges::replace_if(
      out, [](char c) { return c == '\t' || c == '\r'; }, ' ');
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}

}  // namespace

std::string continued_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    const std::string shown = without_tabs(line);
    if (shown.empty()) continue;
    if (!out.empty()) out += "\n  ";
    out += shown;
  }
  return out;
}

std::string in_one_line(std::string_view text) {
  std::string out;
  bool is_blank = false;
  for (const char c : text) {
    const bool blank = c == ' ' || (c >= '\t' && c <= '\r');
    if (!blank && is_blank && !out.empty()) out += ' ';
    if (!blank) out += c;
    is_blank = blank;
  }
  return out;
}

}  // namespace dray
