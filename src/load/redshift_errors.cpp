#include "load/redshift_errors.h"
#include "sql/query_values.h"

#include <algorithm>
#include <array>

namespace dray {
namespace {

using Row = std::vector<std::optional<std::string>>;

// CHAR columns of system tables are padded with blanks.
std::string trimmed(const std::optional<std::string>& text) {
  std::string out = text.value_or("");
  out.erase(out.find_last_not_of(' ') + 1);
  return out;
}
std::int64_t number(const std::optional<std::string>& text) { return integer_in(text).value_or(0); }

// LIKE's own characters stand for themselves.
std::string like_prefix(const std::string& folder) {
  std::string pattern;
  for (const char c : folder) {
    if (c == '%' || c == '_' || c == '\\') pattern += '\\';
    pattern += c;
  }
  return pattern + "%";
}

// What a code means for whoever has to mend it (the developer guide, "Load error reference").
struct CodeAdvice {
  std::int64_t code;
  const char* advice;
};
constexpr std::array code_advice = std::to_array<CodeAdvice>({
    {1204, "the value does not fit the column's type or width"},
    {1205, "the date is none that Redshift takes"},
    {1206, "the time is none that Redshift takes"},
    {1207, "a whole number was expected"},
    {1208, "a number was expected"},
    {1210, "true or false was expected"},
    {1213, "the column must not be NULL"},
    {1216, "the row is longer than 4 MB"},
    {1220, "Redshift does not take these bytes for UTF-8"},
    {1222, "the number is too large for its column"},
});

// "Invalid digit, Value '***', Pos 2, Type: Integer": what a row holds goes into no message.
std::string without_value(std::string reason) {
  const std::size_t begin = reason.find("Value '");
  const std::size_t end = reason.rfind('\'');
  if (begin == std::string::npos || end < begin + 7) return reason;
  return reason.replace(begin + 7, end - begin - 7, "***");
}

}  // namespace

Result<std::int64_t> check_copy(PqConnection& connection, std::uint64_t rows) {
  DRAY_ASSIGN(
      const QueryResult copied,
      connection.query(SqlBuilder("select pg_last_copy_count(), pg_last_copy_id()").done()));
  const auto arrived = static_cast<std::uint64_t>(number(copied.rows[0][0]));
  if (arrived == rows) return number(copied.rows[0][1]);
  return internal_error("COPY took " + std::to_string(arrived) + " of " + std::to_string(rows) +
                        " rows");
}

Result<std::map<std::int64_t, std::uint64_t>> count_files(PqConnection& connection,
                                                          std::span<const std::int64_t> copies) {
  // It tells of the parts; whether it tells of a manifest too is not documented.
  SqlBuilder sql("select query_id, count(distinct file_name) from sys_load_detail where query_id ");
  sql.code("in (");
  for (std::size_t i = 0; i < copies.size(); ++i) {
    if (i > 0) sql.code(", ");
    sql.number(copies[i]);
  }
  DRAY_ASSIGN(const QueryResult told,
              connection.query(
                  std::move(sql.code(") and file_name like '%/part-%' group by query_id")).done()));
  std::map<std::int64_t, std::uint64_t> files;
  for (const auto& row : told.rows)
    files.emplace(number(row[0]), static_cast<std::uint64_t>(number(row[1])));
  return files;
}

std::optional<LoadError> find_load_error(PqConnection& connection, const std::string& folder) {
  const std::string pattern = like_prefix(folder);
  SqlBuilder provisioned(
      "select filename, line_number, colname, type, err_code, err_reason from stl_load_errors where "
      "filename like ");
  provisioned.text(pattern).code(" order by starttime desc, filename, line_number limit 1");
  auto found = connection.query(std::move(provisioned).done().with_backslashes_escaped());
  if (!found || found->rows.empty()) {
    SqlBuilder serverless(
        "select file_name, line_number, column_name, column_type, error_code, error_message from "
        "sys_load_error_detail where file_name like ");
    serverless.text(pattern).code(" order by start_time desc, file_name, line_number limit 1");
    found = connection.query(std::move(serverless).done().with_backslashes_escaped());
  }
  if (!found || found->rows.empty()) return std::nullopt;
  const Row& row = found->rows.front();
  return LoadError{
      trimmed(row[0]), static_cast<std::uint64_t>(std::max<std::int64_t>(0, number(row[1]))),
      trimmed(row[2]), trimmed(row[3]),
      number(row[4]),  trimmed(row[5])};
}

std::string to_text(const LoadError& error, const StagedTable& staged) {
  std::string text = "Redshift refused line " + std::to_string(error.line) + " of " + error.file;
  text +=
      ", column " + error.column + " (" + error.type + ") of " + staged.schema + "." + staged.table;
  text += ": " + without_value(error.reason) + " [" + std::to_string(error.code) + "]";
  const auto* const known = std::ranges::find(code_advice, error.code, &CodeAdvice::code);
  if (known != code_advice.end()) text += std::string("; ") + known->advice;
  return text;
}

std::string object_with_number(const std::optional<RunRows>& rows, std::int64_t number) {
  if (rows) {
    const auto at = std::ranges::find(*rows->object_numbers, number);
    if (at != rows->object_numbers->end()) {
      return (*rows->object_keys)[static_cast<std::size_t>(at - rows->object_numbers->begin())];
    }
  }
  return "object " + std::to_string(number);
}

}  // namespace dray
