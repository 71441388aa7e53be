#include "sql/query_values.h"

#include <charconv>
#include <string>

namespace dray {
namespace {

template <typename Number>
std::optional<Number> number_in(std::optional<std::string_view> value) {
  if (!value) return std::nullopt;
  Number number = 0;
  const char* const end = value->data() + value->size();
  const auto read = std::from_chars(value->data(), end, number);
  if (read.ec != std::errc() || read.ptr != end) return std::nullopt;
  return number;
}

Error no_number(std::string_view where) {
  return internal_error(std::string(where) + " has a value that is no number",
                        "look who has changed that table: Dray writes numbers there");
}

}  // namespace

std::optional<std::int64_t> integer_in(std::optional<std::string_view> value) {
  return number_in<std::int64_t>(value);
}

std::optional<std::uint64_t> count_in(std::optional<std::string_view> value) {
  return number_in<std::uint64_t>(value);
}

bool truth_in(std::optional<std::string_view> value) { return value == "true" || value == "1"; }

Result<std::int64_t> needed_integer(std::optional<std::string_view> value, std::string_view where) {
  const auto number = integer_in(value);
  if (!number) return no_number(where);
  return *number;
}

Result<std::uint64_t> needed_count(std::optional<std::string_view> value, std::string_view where) {
  const auto number = count_in(value);
  if (!number) return no_number(where);
  return *number;
}

}  // namespace dray
