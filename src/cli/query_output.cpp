#include "cli/query_output.h"

#include <algorithm>
#include <array>

#include "base/json_writer.h"
#include "cli/format.h"
#include "cli/table.h"

namespace dray {
namespace {

// By the names that the warehouses give them.
bool is_number(const std::string& type) {
  constexpr std::array<std::string_view, 17> names = {
      "TINYINT",   "SMALLINT", "INTEGER",  "BIGINT", "HUGEINT",         "UTINYINT",
      "USMALLINT", "UINTEGER", "UBIGINT",  "FLOAT",  "DOUBLE",          "UHUGEINT",
      "integer",   "bigint",   "smallint", "real",   "double precision"};
  return std::ranges::find(names, type) != names.end();
}

bool is_boolean(const std::string& type) { return type == "BOOLEAN" || type == "boolean"; }

std::size_t digits_at(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_not_of("0123456789", at);
  return std::min(end, text.size()) - std::min(at, text.size());
}

// The grammar of RFC 8259, section 6.
bool is_json_number(std::string_view text) {
  std::size_t at = text.starts_with('-') ? 1 : 0;
  const std::size_t whole = digits_at(text, at);
  if (whole == 0 || (whole > 1 && text[at] == '0')) return false;
  at += whole;
  if (at < text.size() && text[at] == '.') {
    const std::size_t fraction = digits_at(text, at + 1);
    if (fraction == 0) return false;
    at += 1 + fraction;
  }
  if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
    ++at;
    if (at < text.size() && (text[at] == '+' || text[at] == '-')) ++at;
    const std::size_t exponent = digits_at(text, at);
    if (exponent == 0) return false;
    at += exponent;
  }
  return at == text.size();
}

void write_cell(JsonWriter& json, const std::string& type, const std::optional<std::string>& cell) {
  if (!cell) {
    json.null();
  } else if ((is_number(type) && is_json_number(*cell)) ||
             (is_boolean(type) && (*cell == "true" || *cell == "false"))) {
    json.verbatim(*cell);
  } else {
    json.value(*cell);
  }
}

std::string csv_field(const std::string& text) {
  if (!text.empty() && text.find_first_of("\",\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"') out += '"';
    out += c;
  }
  return out + "\"";
}

}  // namespace

std::string query_text(const QueryResult& result, std::size_t columns_max) {
  std::vector<TableColumn> columns;
  for (const QueryColumn& column : result.columns) {
    columns.push_back({column.name, is_number(column.type) ? Align::right : Align::left});
  }
  std::vector<std::vector<std::string>> rows;
  for (const auto& row : result.rows) {
    auto& cells = rows.emplace_back();
    for (const auto& cell : row) {
      cells.push_back(cell.value_or("NULL"));
    }
  }
  return render_table(columns, rows, columns_max) + "(" + counted(rows.size(), "row") + ")\n";
}

std::string query_json(const QueryResult& result) {
  JsonWriter json;
  json.begin_object().key("columns").begin_array();
  for (const QueryColumn& column : result.columns) {
    json.begin_object().field("name", column.name).field("type", column.type).end_object();
  }
  json.end_array().key("rows").begin_array();
  for (const auto& row : result.rows) {
    json.begin_array();
    for (std::size_t i = 0; i < row.size(); ++i) {
      write_cell(json, result.columns[i].type, row[i]);
    }
    json.end_array();
  }
  json.end_array().end_object();
  return std::move(json).done() + "\n";
}

std::string query_csv(const QueryResult& result) {
  std::string out;
  for (std::size_t i = 0; i < result.columns.size(); ++i) {
    if (i > 0) out += ',';
    out += csv_field(result.columns[i].name);
  }
  out += "\r\n";
  for (const auto& row : result.rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += ',';
      if (row[i]) out += csv_field(*row[i]);
    }
    out += "\r\n";
  }
  return out;
}

}  // namespace dray
