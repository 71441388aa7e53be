// Values of every type that DuckDB has, nested as deep as one likes: `dray query` says of each what
// the engine says when it is asked for text, NULL where it says NULL, and its JSON is JSON.
//
// Input: bytes that choose types, texts and the number of rows.

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "cli/query_output.h"
#include "load/duckdb_query.h"

namespace {

constexpr std::array scalars = std::to_array<std::string_view>(
    {"boolean",  "tinyint",       "smallint",     "integer",      "bigint",        "hugeint",
     "utinyint", "usmallint",     "uinteger",     "ubigint",      "uhugeint",      "bignum",
     "float",    "double",        "decimal(4,1)", "decimal(9,4)", "decimal(18,6)", "decimal(38,10)",
     "varchar",  "blob",          "bit",          "uuid",         "date",          "time",
     "timetz",   "timestamp",     "timestamp_s",  "timestamp_ms", "timestamp_ns",  "timestamptz",
     "interval", "enum('a', 'b')"});
constexpr std::array texts =
    std::to_array<std::string_view>({"1",
                                     "-1",
                                     "0",
                                     "127",
                                     "-128",
                                     "65535",
                                     "-2147483648",
                                     "9223372036854775807",
                                     "-170141183460469231731687303715884105728",
                                     "340282366920938463463374607431768211455",
                                     "1e300",
                                     "nan",
                                     "inf",
                                     "-inf",
                                     "0.1",
                                     "99999999.123456",
                                     "a",
                                     "b",
                                     "",
                                     "true",
                                     "01234567-89ab-cdef-0123-456789abcdef",
                                     "infinity",
                                     "-infinity",
                                     "0044-03-15 (BC)",
                                     "290309-12-22 (BC) 00:00:00",
                                     "294247-01-10 04:00:54.775806",
                                     "5877642-06-25 (BC)",
                                     "1677-09-22 00:00:00",
                                     "24:00:00",
                                     "23:59:59.999999+15:59:59",
                                     "12:00:00-15:59:59",
                                     "10101",
                                     "\\xAA\\x00",
                                     "14 months 3 days 1 microsecond",
                                     "-178956970 years",
                                     "2026-01-31 12:00:00.5"});

class Bytes {
 public:
  Bytes(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::size_t below(std::size_t bound) { return at_ < size_ ? data_[at_++] % bound : 0; }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};

std::string value(Bytes& bytes, int depth) {
  const std::size_t shape = depth > 0 ? bytes.below(12) : 0;
  const auto inner = [&] { return value(bytes, depth - 1); };
  const std::string index = std::to_string(bytes.below(3));
  switch (shape) {
    case 6:
      return "[" + inner() + "]";
    case 7:
      return "{'a': " + inner() + ", 'b': " + inner() + "}";
    case 8:
      return "map([1, 2], [" + inner() + ", null])";
    case 9:
      return "union_value(m := " + inner() + ")";
    case 10:
      return "array_value(" + inner() + ", null)";
    case 11:
      return "if(range % 3 = " + index + ", null, " + inner() + ")";
    default:
      const std::string type(scalars[bytes.below(scalars.size())]);
      const std::string text(texts[bytes.below(texts.size())]);
      return "try_cast(if(range % 2 = " + index + ", '" + text + "', null) as " + type + ")";
  }
}

using Row = std::vector<std::optional<std::string>>;

class Kept final : public dray::ResultSink {
 public:
  dray::Result<void> columns(std::span<const dray::ResultColumn>) override { return {}; }
  dray::Result<void> row(dray::ResultRow values) override {
    rows.emplace_back(values.begin(), values.end());
    return {};
  }
  std::vector<Row> rows;
};

dray::DuckReader& reader() {
  static const std::unique_ptr<dray::DuckReader> opened =
      std::move(dray::DuckReader::open(":memory:")).value();
  return *opened;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Bytes bytes(data, size);
  constexpr std::array row_counts = std::to_array<std::string_view>({"0", "1", "5", "2050"});
  const std::string_view rows = row_counts[bytes.below(row_counts.size())];
  std::string list;
  for (std::size_t i = 0, columns = 1 + bytes.below(4); i < columns; ++i)
    list += (i == 0 ? "" : ", ") + value(bytes, 3) + " as c" + std::to_string(i);
  const std::string sql =
      "select " + list + " from range(" + std::string(rows) + ") order by range desc";

  Kept kept;
  const auto got = reader().query(sql, kept);
  Kept as_text;
  const auto expected =
      reader().query("select cast(columns(*) as varchar) from (" + sql + ")", as_text);
  DRAY_ASSERT(got.ok() == expected.ok());
  if (!got) return 0;
  DRAY_ASSERT(kept.rows == as_text.rows);

  std::ostringstream out;
  const auto json = dray::query_json(out);
  DRAY_ASSERT(reader().query(sql, *json).ok());
  json->finish();
  std::string text = out.str();
  // The parser reads some bytes past the end.
  text.append(64, ' ');
  dray::JsonDocument document;
  const dray::JsonError error = document.parse(text);
  DRAY_ASSERT(error == dray::JsonError::none || error == dray::JsonError::too_deep ||
              error == dray::JsonError::too_long);
  return 0;
}
