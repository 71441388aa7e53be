#include "decode/shape.h"

namespace dray {
namespace {

constexpr std::string_view blanks = " \t\r\n";

bool is_utf16(std::string_view head) {
  using namespace std::literals;
  if (head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff")) return true;
  // Without a mark: a character of ASCII has a NUL beside it.
  return head.starts_with("{\0"sv) || head.starts_with("\0{"sv) || head.starts_with("[\0"sv) ||
         head.starts_with("\0["sv);
}

}  // namespace

ObjectShape shape_of(std::string_view head) {
  if (is_utf16(head)) return ObjectShape::utf16;
  const std::size_t begin = head.find_first_not_of(blanks);
  if (begin == std::string_view::npos) return ObjectShape::lines;
  head.remove_prefix(begin);
  if (head.front() == '[') return ObjectShape::json_array;
  const std::size_t line_end = head.find('\n');
  if (head.front() == '{') {
    const std::size_t next = head.find_first_not_of(blanks, 1);
    return next != std::string_view::npos && line_end < next ? ObjectShape::spread
                                                             : ObjectShape::lines;
  }
  // A line of names: without a bracket, which a line of a log may have before its JSON.
  const std::string_view line = head.substr(0, line_end);
  const bool is_separated = line.find_first_of(",;\t") != std::string_view::npos &&
                            line.find_first_of("{}[]") == std::string_view::npos;
  return is_separated ? ObjectShape::separated : ObjectShape::lines;
}

std::string_view explain(ObjectShape shape) {
  switch (shape) {
    case ObjectShape::lines:
      return "";
    case ObjectShape::utf16:
      return "text in UTF-16, of which no line is JSON: convert it (iconv -f UTF-16 -t UTF-8)";
    case ObjectShape::json_array:
      return "a JSON array, and not an event on each line: convert it (jq -c '.[]')";
    case ObjectShape::spread:
      return "JSON that is spread over several lines, and not an event on each: convert it (jq -c .)";
    case ObjectShape::separated:
      return "columns of text (CSV), and not JSON: convert it to an event on each line";
  }
  return "";
}

}  // namespace dray
