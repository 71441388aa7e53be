#include "ledger/rows.h"

#include "sql/query_values.h"

namespace dray {

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

}  // namespace dray
