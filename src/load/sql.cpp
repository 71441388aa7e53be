#include "load/sql.h"

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

}  // namespace dray
