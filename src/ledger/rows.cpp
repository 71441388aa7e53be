#include "ledger/rows.h"

#include <string>
#include <utility>

#include "sql/query_values.h"

namespace dray {

Error of_ledger(Error error, std::string_view table) {
  if (is_refusal(error)) error.code = ErrorCode::own_constraint;
  if (error.code == ErrorCode::missing_table_right) error.code = ErrorCode::missing_right;
  return std::move(error).within(std::string(ledger_schema) + "." + std::string(table));
}

PlainValue number_value(std::uint64_t value) { return static_cast<std::int64_t>(value); }

PlainValue text_or_null(std::string_view text) {
  if (text.empty()) return std::monostate();
  return text;
}

std::int64_t to_number(const std::optional<std::string>& text, std::int64_t otherwise) {
  return integer_in(text).value_or(otherwise);
}

std::optional<Timestamp> to_time(const std::optional<std::string>& text) {
  const auto micros = text ? parse_timestamp(*text) : std::nullopt;
  if (!micros) return std::nullopt;
  return from_micros(*micros);
}

std::uint64_t count_of(const std::optional<std::string>& value) {
  return count_in(value).value_or(0);
}
std::string text_of(const std::optional<std::string>& value) { return value.value_or(""); }
Timestamp time_of(const std::optional<std::string>& value) {
  return from_micros(value ? parse_timestamp(*value).value_or(0) : 0);
}

Result<void> execute_on(Session& session, std::string_view table, const Sql& sql) {
  auto done = session.execute(sql);
  return done ? done : of_ledger(std::move(done).error(), table);
}

Result<void> execute_in(Session& session, std::string_view table, const SqlBuilder& head,
                        const std::vector<std::string>& texts) {
  for (std::size_t done = 0; done < texts.size();) {
    SqlBuilder sql = head;
    for (std::size_t first = done; done < texts.size(); ++done) {
      if (done > first && sql.size() > text_bytes_per_statement) break;
      sql.word(done == first ? " in (" : ", ").text(texts[done]);
    }
    DRAY_TRY(execute_on(session, table, std::move(sql.code(")")).done()));
  }
  return {};
}

}  // namespace dray
