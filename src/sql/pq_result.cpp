#include "sql/pq_result.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/numbers.h"

namespace dray {
namespace {

// pg_type.dat: these numbers are part of the protocol.
constexpr Oid bool_oid = 16;
constexpr Oid float8_oid = 701;

struct TypeName {
  Oid oid;
  const char* name;
};
constexpr std::array type_names = std::to_array<TypeName>({
    {bool_oid, "boolean"},
    {17, "bytea"},
    {19, "name"},
    {20, "bigint"},
    {21, "smallint"},
    {23, "integer"},
    {25, "text"},
    {26, "oid"},
    {114, "json"},
    {700, "real"},
    {float8_oid, "double precision"},
    {1042, "character"},
    {1043, "character varying"},
    {1082, "date"},
    {1083, "time"},
    {1114, "timestamp"},
    {1184, "timestamp with time zone"},
    {1700, "numeric"},
    {2950, "uuid"},
    {3802, "jsonb"},
});

}  // namespace

std::string type_name(Oid oid) {
  const auto* const known = std::ranges::find(type_names, oid, &TypeName::oid);
  return known == type_names.end() ? "other" : known->name;
}

ServerError server_error(const PGresult* result) {
  return {view(PQresultErrorField(result, PG_DIAG_SQLSTATE)),
          view(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY)),
          view(PQresultErrorField(result, PG_DIAG_MESSAGE_DETAIL)),
          view(PQresultErrorField(result, PG_DIAG_SCHEMA_NAME)),
          view(PQresultErrorField(result, PG_DIAG_TABLE_NAME)),
          view(PQresultErrorField(result, PG_DIAG_COLUMN_NAME)),
          view(PQresultErrorField(result, PG_DIAG_CONSTRAINT_NAME)),
          view(PQresultErrorField(result, PG_DIAG_CONTEXT))};
}

std::uint64_t rows_of(PGresult* result) {
  const std::string_view text = view(PQcmdTuples(result));
  std::uint64_t rows = 0;
  std::from_chars(text.data(), text.data() + text.size(), rows);
  return rows;
}

std::string value_text(Oid type, std::string_view value) {
  if (type == bool_oid) return value == "t" ? "true" : "false";
  if (type == float8_oid) {
    double number = 0;
    const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
    if (read.ec == std::errc()) return double_text(number);
  }
  return std::string(value);
}

}  // namespace dray
