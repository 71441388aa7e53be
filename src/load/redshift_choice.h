// How a person wants Redshift's tables made, where Dray's own choice will not do.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dray {

// How a table or one of its columns is to be made where the standard will not do. The first that
// fits counts.
struct RedshiftChoice {
  std::string table;                           // schema.table; * stands for any of the two
  std::string column;                          // "": the table itself
  std::optional<std::string> dist_key;         // a column, or "even", "all", "auto"
  std::optional<std::string> sort_key;         // columns, separated by commas, or "auto"
  std::optional<std::string> encoding;         // of the column: zstd, az64, lzo, raw ...
  std::optional<std::uint32_t> varchar_bytes;  // of the column, at its creation
};

// One of the compressions that Redshift has (developer guide, "Compression encodings").
bool is_redshift_encoding(std::string_view word);

}  // namespace dray
