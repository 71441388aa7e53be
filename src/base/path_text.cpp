#include "base/path_text.h"

#include <optional>

#include "base/code_point.h"

namespace dray {
namespace {

constexpr std::string_view digits = "0123456789ABCDEF";
constexpr std::size_t escape_bytes = 4;

// The byte that an escape at the start of `text` stands for.
std::optional<char> escaped_byte(std::string_view text) {
  if (text.size() < escape_bytes || text[0] != '\\' || text[1] != 'x') return std::nullopt;
  const std::size_t high = digits.find(text[2]);
  const std::size_t low = digits.find(text[3]);
  if (high == std::string_view::npos || low == std::string_view::npos) return std::nullopt;
  const auto byte = static_cast<unsigned char>(high * 16 + low);
  if (byte < 0x80 && byte != 0 && byte != '\\') return std::nullopt;
  return static_cast<char>(byte);
}

void append_escape(std::string& text, char c) {
  const auto byte = static_cast<unsigned char>(c);
  text += "\\x";
  text += digits[byte >> 4U];
  text += digits[byte & 15U];
}

}  // namespace

std::string path_to_text(std::string_view path) {
  std::string text;
  text.reserve(path.size());
  while (!path.empty()) {
    const CodePoint next = next_code_point(path);
    if (!next.valid || next.value == 0 || escaped_byte(path)) {
      append_escape(text, path.front());
      path.remove_prefix(1);
    } else {
      text.append(path.substr(0, next.bytes));
      path.remove_prefix(next.bytes);
    }
  }
  return text;
}

std::string text_to_path(std::string_view text) {
  std::string path;
  path.reserve(text.size());
  while (!text.empty()) {
    const auto byte = escaped_byte(text);
    path += byte.value_or(text.front());
    text.remove_prefix(byte ? escape_bytes : 1);
  }
  return path;
}

std::string typed_to_text(std::string_view typed) {
  std::string_view rest = typed;
  while (!rest.empty()) {
    const CodePoint next = next_code_point(rest);
    if (!next.valid) return path_to_text(typed);
    rest.remove_prefix(next.bytes);
  }
  return std::string(typed);
}

}  // namespace dray
