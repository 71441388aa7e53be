#include "sql/sql.h"

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

Sql Sql::with_backslashes_escaped() const {
  if (is_typed_ || text_.find('\\') == std::string::npos) return *this;
  Sql escaped{std::string()};
  char quote = '\0';  // the one that is open; a doubled one closes and opens again
  for (const char c : text_) {
    if (quote == '\0') {
      if (c == '\'' || c == '"') quote = c;
    } else if (c == quote) {
      quote = '\0';
    } else if (c == '\\' && quote == '\'') {
      escaped.text_ += c;
    }
    escaped.text_ += c;
  }
  return escaped;
}

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
