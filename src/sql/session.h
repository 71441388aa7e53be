// A connection to a warehouse, for statements and small results: what the ledger needs, and what
// every loader begins with.
//
// Threads: a session belongs to one thread at a time (it may use more inside); interrupt() comes
// from any.
// Errors: `config`, `transient`, `in_doubt` (from commit alone), `cancelled` (once interrupted) or
// `internal`. After an error inside a transaction nothing but destroying the session is of use,
// unless a call says otherwise, and that rolls everything back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/catalog.h"
#include "sql/sql.h"

namespace dray {

struct QueryColumn {
  std::string name;
  std::string type;  // the warehouse's own name for it
};

// A small result, all in memory; values as text, NULL as nothing. Timestamps are
// "YYYY-MM-DD HH:MM:SS[.ffffff]", doubles their shortest text, booleans "true" and "false"; what a
// condition in the list of columns gives truth_in() reads (sql/query_values.h).
struct QueryResult {
  std::vector<QueryColumn> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
};

// A value for one of Dray's own tables.
using PlainValue =
    std::variant<std::monostate, bool, std::int64_t, double, std::string_view, Timestamp>;

// Rows handed over one at a time; what a row's text borrows lives until the next call.
class RowSource {
 public:
  virtual ~RowSource() = default;
  // Fills `row`; false at the end.
  virtual Result<bool> next(std::vector<PlainValue>& row) = 0;
};

class Session {
 public:
  virtual ~Session() = default;

  // The tables of one schema as they are now. No schema: no tables.
  virtual Result<Catalog> catalog(const std::string& schema) = 0;

  virtual Result<void> begin() = 0;
  // On in_doubt the connection is gone and nobody here knows the outcome: open a new session and
  // read the ledger.
  virtual Result<void> commit() = 0;

  // One change of a schema; the text is that of ddl_of() (sql/dialect.h).
  virtual Result<void> apply(const SchemaChange& change) = 0;

  virtual Result<void> execute(const Sql& sql) = 0;
  virtual Result<QueryResult> query(const Sql& sql) = 0;

  // Adds rows to one of Dray's own tables, all its columns in the table's order.
  virtual Result<void> append(const std::string& schema, const std::string& table,
                              RowSource& rows) = 0;

  // From any thread: the call in progress and every later one end soon, with `cancelled`. Not while
  // commit() runs: nobody could tell whether it was in time.
  virtual void interrupt() = 0;
};

}  // namespace dray
