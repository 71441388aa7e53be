#include "base/json.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "base/result.h"
#include "base/text.h"

namespace dray {
namespace {

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The four hexadecimal digits behind "\u", or -1.
int code_unit(std::string_view text, std::size_t at) {
  if (at + 4 > text.size()) return -1;
  int value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    const int digit = hex_value(text[i]);
    if (digit < 0) return -1;
    value = value * 16 + digit;
  }
  return value;
}

bool escapes_are_valid(std::string_view raw) {
  for (std::size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] != '\\') continue;
    if (++i == raw.size()) return false;
    if (raw[i] == 'u') {
      if (code_unit(raw, i + 1) < 0) return false;
      i += 4;
    } else if (std::memchr("\"\\/bfnrt", raw[i], 8) == nullptr) {
      return false;
    }
  }
  return true;
}

enum class NumberShape { invalid, integer, real };

// RFC 8259, section 6: -? (0 | [1-9][0-9]*) (. [0-9]+)? ([eE] [+-]? [0-9]+)?
NumberShape number_shape(std::string_view text) {
  std::size_t i = 0;
  const auto digits = [&] {
    const std::size_t begin = i;
    while (i < text.size() && is_digit(text[i]))
      ++i;
    return i - begin;
  };
  if (i < text.size() && text[i] == '-') ++i;
  if (i == text.size() || !is_digit(text[i])) return NumberShape::invalid;
  if (text[i] == '0') {
    ++i;
  } else {
    digits();
  }
  if (i == text.size()) return NumberShape::integer;
  if (text[i] == '.') {
    ++i;
    if (digits() == 0) return NumberShape::invalid;
  }
  if (i < text.size() && (text[i] == 'e' || text[i] == 'E')) {
    ++i;
    if (i < text.size() && (text[i] == '+' || text[i] == '-')) ++i;
    if (digits() == 0) return NumberShape::invalid;
  }
  return i == text.size() ? NumberShape::real : NumberShape::invalid;
}

JsonError from_simdjson(simdjson::error_code code) {
  switch (code) {
    case simdjson::SUCCESS:
      return JsonError::none;
    case simdjson::EMPTY:
      return JsonError::empty;
    case simdjson::UTF8_ERROR:
      return JsonError::not_utf8;
    case simdjson::UNESCAPED_CHARS:
      return JsonError::control_character;
    case simdjson::UNCLOSED_STRING:
      return JsonError::unclosed_string;
    case simdjson::CAPACITY:
      return JsonError::too_long;
    default:
      return JsonError::grammar;
  }
}

void append_utf8(std::uint32_t code_point, std::string& out) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code_point < 0x80) {
    put(code_point);
  } else if (code_point < 0x800) {
    put(0xC0 | (code_point >> 6));
    put(0x80 | (code_point & 0x3F));
  } else if (code_point < 0x10000) {
    put(0xE0 | (code_point >> 12));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  } else {
    put(0xF0 | (code_point >> 18));
    put(0x80 | ((code_point >> 12) & 0x3F));
    put(0x80 | ((code_point >> 6) & 0x3F));
    put(0x80 | (code_point & 0x3F));
  }
}

constexpr std::uint32_t replacement_character = 0xFFFD;
bool is_high_surrogate(int unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
bool is_low_surrogate(int unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

}  // namespace

std::string_view to_string(JsonError error) {
  switch (error) {
    case JsonError::none:
      return "none";
    case JsonError::empty:
      return "nothing but white space";
    case JsonError::not_utf8:
      return "not valid UTF-8";
    case JsonError::control_character:
      return "an unescaped control character in a string";
    case JsonError::unclosed_string:
      return "a string without its closing quote";
    case JsonError::grammar:
      return "not valid JSON";
    case JsonError::too_deep:
      return "nested deeper than 128";
    case JsonError::too_long:
      return "longer than a document may be";
  }
  return "not valid JSON";
}

struct JsonDocument::Indexer {
  std::unique_ptr<simdjson::internal::dom_parser_implementation> stage;
};

JsonDocument::JsonDocument() : indexer_(std::make_unique<Indexer>()) {}
JsonDocument::~JsonDocument() = default;

JsonError JsonDocument::parse(std::string_view text) {
  text_ = text;
  count_ = 0;
  error_offset_ = 0;
  if (text.size() > text_bytes_max) return JsonError::too_long;
  if (text.size() > capacity_) {
    const std::size_t capacity = std::max<std::size_t>(text.size() * 2, 64U << 10);
    const auto made = simdjson::get_active_implementation()->create_dom_parser_implementation(
        capacity, depth_max, indexer_->stage);
    if (made != simdjson::SUCCESS) return JsonError::too_long;
    ends_ = std::make_unique<std::uint32_t[]>(capacity + 8);
    capacity_ = capacity;
  }
  if (text.empty()) return JsonError::empty;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(text.data());
  const auto code = indexer_->stage->stage1(bytes, text.size(), simdjson::stage1_mode::regular);
  if (code != simdjson::SUCCESS) return from_simdjson(code);
  positions_ = indexer_->stage->structural_indexes.get();
  count_ = indexer_->stage->n_structural_indexes;
  error_ = JsonError::grammar;
  if (check()) return JsonError::none;
  count_ = 0;
  return error_;
}

std::string_view JsonDocument::raw(JsonValue value) const {
  const std::uint32_t begin = positions_[value];
  switch (kind(value)) {
    case JsonKind::object:
    case JsonKind::array:
      return text_.substr(begin, positions_[ends_[value]] + 1 - begin);
    case JsonKind::string:
      return text_.substr(begin, (ends_[value] & end_mask) + 1 - begin);
    default:
      return text_.substr(begin, (ends_[value] & end_mask) - begin);
  }
}

// The byte behind the token that begins at `index`: where the next one begins, less white space.
inline std::uint32_t JsonDocument::token_end(std::uint32_t index) const {
  std::uint32_t end = positions_[index + 1];
  while (is_blank(text_[end - 1]))
    --end;
  return end;
}

inline bool JsonDocument::check_string(std::uint32_t index, bool text_has_backslash) {
  const std::uint32_t begin = positions_[index] + 1;
  const std::uint32_t end = token_end(index);
  if (end <= begin || text_[end - 1] != '"') return false;
  ends_[index] = end - 1;
  if (!text_has_backslash) return true;
  const std::string_view raw = text_.substr(begin, end - 1 - begin);
  if (std::memchr(raw.data(), '\\', raw.size()) == nullptr) return true;
  ends_[index] |= flag;
  return escapes_are_valid(raw);
}

bool JsonDocument::check_scalar(std::uint32_t index) {
  const std::uint32_t begin = positions_[index];
  const std::uint32_t end = token_end(index);
  const std::string_view token = text_.substr(begin, end - begin);
  ends_[index] = end;
  switch (token.front()) {
    case 't':
      return token == "true";
    case 'f':
      return token == "false";
    case 'n':
      return token == "null";
    default: {
      const NumberShape shape = number_shape(token);
      if (shape == NumberShape::integer) ends_[index] |= flag;
      return shape != NumberShape::invalid;
    }
  }
}

// One pass over the structural characters with an explicit stack. Where we are in the grammar is
// where we are in this function: a variable for it would be a jump per character that the processor
// cannot foresee.
bool JsonDocument::check() {
  std::uint32_t open[depth_max];  // indexes of the containers we are in
  std::uint32_t depth = 0;
  const bool text_has_backslash = std::memchr(text_.data(), '\\', text_.size()) != nullptr;
  std::uint32_t index = 0;
  // What stands behind the last one is taken by nothing below.
  const auto here = [&] { return index < count_ ? text_[positions_[index]] : '\0'; };

value:
  switch (here()) {
    case '"':
      if (!check_string(index, text_has_backslash)) goto fail;
      break;
    case '{':
      if (depth == depth_max) goto too_deep;
      open[depth++] = index++;
      if (here() == '}') goto close;
      goto key;
    case '[':
      if (depth == depth_max) goto too_deep;
      open[depth++] = index++;
      if (here() == ']') goto close;
      goto value;
    default:
      if (index == count_ || !check_scalar(index)) goto fail;
  }
  goto behind_value;

key:
  if (here() != '"' || !check_string(index, text_has_backslash)) goto fail;
  ++index;
  if (here() != ':') goto fail;
  ++index;
  goto value;

close:
  ends_[open[--depth]] = index;

behind_value:
  ++index;
  if (depth == 0) {
    if (index == count_) return true;
    goto fail;
  }
  if (text_[positions_[open[depth - 1]]] == '{') {
    if (here() == '}') goto close;
    if (here() != ',') goto fail;
    ++index;
    goto key;
  }
  if (here() == ']') goto close;
  if (here() != ',') goto fail;
  ++index;
  goto value;

too_deep:
  error_ = JsonError::too_deep;
fail:
  error_offset_ = index < count_ ? positions_[index] : text_.size();
  return false;
}

Replaced unescape_json(std::string_view raw, std::string& out) {
  Replaced replaced = Replaced::no;
  std::size_t i = 0;
  while (i < raw.size()) {
    const std::size_t escape = std::min(raw.find('\\', i), raw.size());
    out.append(raw, i, escape - i);
    i = escape;
    if (i == raw.size()) break;
    const char kind = raw[i + 1];
    i += 2;
    if (kind != 'u') {
      constexpr std::string_view from = "bfnrt";
      constexpr std::string_view to = "\b\f\n\r\t";
      const std::size_t at = from.find(kind);
      out += at == std::string_view::npos ? kind : to[at];
      continue;
    }
    const int unit = code_unit(raw, i);
    i += 4;
    auto code_point = static_cast<std::uint32_t>(unit);
    if (is_high_surrogate(unit) && raw.substr(i, 2) == "\\u" &&
        is_low_surrogate(code_unit(raw, i + 2))) {
      const auto low = static_cast<std::uint32_t>(code_unit(raw, i + 2));
      code_point = 0x10000 + ((code_point - 0xD800) << 10) + (low - 0xDC00);
      i += 6;
    } else if (unit == 0 || is_high_surrogate(unit) || is_low_surrogate(unit)) {
      code_point = replacement_character;
      replaced = Replaced::yes;
    }
    append_utf8(code_point, out);
  }
  return replaced;
}

}  // namespace dray
