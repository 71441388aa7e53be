#include "schedule/in_quotes.h"

#include "base/utf8.h"

namespace dray {

std::string in_quotes(std::string_view text) {
  constexpr std::size_t text_bytes_max = 80;
  std::string out = "\"";
  out += cut_utf8(to_valid_utf8(text), text_bytes_max);
  if (out.size() - 1 < text.size() && text.size() > text_bytes_max) out += "...";
  for (char& c : out) {
    if ((c >= 0 && c < ' ') || c == '\x7f') c = '?';
  }
  return out + '"';
}

}  // namespace dray
