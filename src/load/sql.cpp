#include "load/sql.h"

#include <utility>

namespace dray {
namespace {

void append_quoted(std::string& out, std::string_view text, char quote) {
  out += quote;
  for (const char c : text) {
    if (c == '\0') {
      out += "\xEF\xBF\xBD";
      continue;
    }
    if (c == quote) out += quote;
    out += c;
  }
  out += quote;
}

}  // namespace

SqlBuilder& SqlBuilder::name(std::string_view identifier) {
  append_quoted(text_, identifier, '"');
  return *this;
}

SqlBuilder& SqlBuilder::table(std::string_view schema, std::string_view table) {
  name(schema);
  text_ += '.';
  return name(table);
}

SqlBuilder& SqlBuilder::text(std::string_view value) {
  append_quoted(text_, value, '\'');
  return *this;
}

SqlBuilder& SqlBuilder::number(std::int64_t value) {
  text_ += std::to_string(value);
  return *this;
}

SqlBuilder& SqlBuilder::number(std::uint64_t value) {
  text_ += std::to_string(value);
  return *this;
}

SqlBuilder& SqlBuilder::numbers(std::span<const std::int64_t> values) {
  const char* separator = "";
  for (const std::int64_t value : values) {
    text_ += std::exchange(separator, ", ");
    number(value);
  }
  return *this;
}

SqlBuilder& SqlBuilder::names(std::span<const std::string> identifiers) {
  const char* separator = "";
  for (const std::string& identifier : identifiers) {
    text_ += std::exchange(separator, ", ");
    name(identifier);
  }
  return *this;
}

}  // namespace dray
