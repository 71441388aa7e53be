#include "base/json_writer.h"

#include <charconv>
#include <cmath>

#include "base/code_point.h"
#include "base/result.h"

namespace dray {
namespace {

constexpr char hex_digits[] = "0123456789abcdef";

void append_control(std::string& out, char c) {
  switch (c) {
    case '\n':
      out += "\\n";
      return;
    case '\r':
      out += "\\r";
      return;
    case '\t':
      out += "\\t";
      return;
    default:
      out += "\\u00";
      out += hex_digits[(c >> 4) & 0xF];
      out += hex_digits[c & 0xF];
  }
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  while (!text.empty()) {
    const CodePoint next = next_code_point(text);
    if (next.value < 0x20 || next.value == 0x7F) {
      append_control(out, static_cast<char>(next.value));
    } else if (next.value == '"' || next.value == '\\') {
      out += '\\';
      out += static_cast<char>(next.value);
    } else if (!next.valid) {
      out += "\xEF\xBF\xBD";
    } else {
      out += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  out += '"';
}

JsonWriter& JsonWriter::begin(char bracket) {
  before_value();
  text_ += bracket;
  open_.push_back(bracket);
  empty_ = true;
  return *this;
}

JsonWriter& JsonWriter::end(char opening, char closing) {
  DRAY_ASSERT(!open_.empty() && open_.back() == opening && !after_key_);
  open_.pop_back();
  if (!empty_) new_line();
  text_ += closing;
  empty_ = false;
  return *this;
}

JsonWriter& JsonWriter::key(std::string_view name) {
  DRAY_ASSERT(!open_.empty() && open_.back() == '{' && !after_key_);
  if (!empty_) text_ += ',';
  new_line();
  append_json_string(text_, name);
  text_ += indent_ == 0 ? ":" : ": ";
  empty_ = false;
  after_key_ = true;
  return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
  before_value();
  append_json_string(text_, text);
  return *this;
}

JsonWriter& JsonWriter::value(double number) {
  if (!std::isfinite(number)) return null();
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof digits, number);
  return verbatim(std::string_view(digits, static_cast<std::size_t>(end.ptr - digits)));
}

JsonWriter& JsonWriter::verbatim(std::string_view json) {
  before_value();
  text_ += json;
  return *this;
}

std::string JsonWriter::done() && {
  DRAY_ASSERT(open_.empty() && !text_.empty());
  return std::move(text_);
}

void JsonWriter::before_value() {
  if (after_key_) {
    after_key_ = false;
    return;
  }
  if (open_.empty()) {
    DRAY_ASSERT(text_.empty());
    return;
  }
  DRAY_ASSERT(open_.back() == '[');
  if (!empty_) text_ += ',';
  new_line();
  empty_ = false;
}

void JsonWriter::new_line() {
  if (indent_ == 0) return;
  text_ += '\n';
  text_.append(indent_ * open_.size(), ' ');
}

}  // namespace dray
