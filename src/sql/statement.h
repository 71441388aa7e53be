// What `dray query` lets through: one statement that only reads. Looked at word by word, without a
// grammar; what the words cannot tell the engines decide (their own type of the statement, a
// cursor, a transaction that only reads). docs/cli.md says what remains possible.
//
// Pure functions.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dray {

enum class SqlDialect { duckdb, postgres, redshift };

struct ReadStatement {
  enum class Kind {
    rows,   // a query in the narrow sense: what a cursor takes
    other,  // show, describe, explain: a screen's worth
  };
  Kind kind = Kind::rows;
  // From its first word to its last, without the semicolon; borrows the text that was read.
  std::string_view body;
  std::size_t begin = 0;  // of the body in that text, in bytes
};

// The one statement in `text`. Errors are `config` and repeat nothing of it: what stands in the
// place of a statement may be an address with its password.
Result<ReadStatement> read_statement(std::string_view text, SqlDialect dialect);

// Where `text` is wrong, as PostgreSQL and DuckDB show it: "LINE 2: from orderss" and a caret
// below. `character` counts code points from 1; nothing when it lies outside.
std::string pointed_at(std::string_view text, std::size_t character);

}  // namespace dray
