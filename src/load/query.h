// A statement that a person typed, run against a warehouse (`dray query`).
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dray {

enum class ValueKind { text, number, boolean };

struct ResultColumn {
  std::string name;
  std::string type;  // the warehouse's own name for it
  ValueKind kind = ValueKind::text;
};

// Values as the engine itself writes them, NULL as nothing; valid during the call.
using ResultRow = std::span<const std::optional<std::string_view>>;

// Takes a result as it comes. An error of its own ends the query, which returns it.
class ResultSink {
 public:
  virtual ~ResultSink() = default;
  // Once, before any row.
  virtual Result<void> columns(std::span<const ResultColumn> columns) = 0;
  virtual Result<void> row(ResultRow values) = 0;
};

struct QueryOptions {
  // The memory of an engine that runs in this process, which is DuckDB.
  std::uint64_t memory_bytes = 1ULL << 30;
  // As in sql/session_options.h: for a file that another program has open.
  std::chrono::seconds wait_max{0};
  std::function<void(const std::string& file, const std::string& program)> on_wait;
};

// Runs the one statement in `text` if it only reads (sql/statement.h), on a connection that is
// set to reading. No more than some thousand rows are in memory at a time. `address` as in
// load/open.h. What is wrong with the statement is a `config` error: the person who typed it mends
// it. The sink may have had rows before an error.
Result<void> query_warehouse(const std::string& address, std::string_view text, ResultSink& sink,
                             const QueryOptions& options);

// Each queries one kind of warehouse, for query_warehouse().
Result<void> query_duckdb(const std::string& address, std::string_view text, ResultSink& sink,
                          const QueryOptions& options);
Result<void> query_postgres(const std::string& address, std::string_view text, ResultSink& sink,
                            const QueryOptions& options);
Result<void> query_redshift(const std::string& address, std::string_view text, ResultSink& sink,
                            const QueryOptions& options);

}  // namespace dray
