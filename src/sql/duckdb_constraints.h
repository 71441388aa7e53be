// What a person can do about a constraint of DuckDB's that refused a row. DuckDB's own words show
// the row's values, which have no place in an error; these name the table and the constraint.
//
// Only load/duckdb*.cpp include this.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dray {

class DuckDatabase;

struct DuckViolation {
  enum class Kind { unique, check, not_null, foreign_key };
  Kind kind = Kind::unique;
  std::string detail;  // a CHECK's expression, a NOT NULL's column; "" where DuckDB names none
};

// Nothing if the message tells of something else.
std::optional<DuckViolation> duckdb_violation(std::string_view message);

// Without a table, as long as nobody knows which.
Error violation_error(const DuckViolation& violation);

// Which constraint of the table it was or can have been, and the statement that takes it away.
// Reads the catalog as it was before the transaction at hand, in a session of its own.
Error violation_error(const DuckViolation& violation, DuckDatabase& database,
                      const std::string& schema, const std::string& table);

}  // namespace dray
