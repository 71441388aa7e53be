// Reading DuckDB for a person.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "load/query.h"

namespace dray {

// A database in which nothing can be written and from which no other file can be reached: its
// configuration is locked. One query at a time.
class DuckReader {
 public:
  // `path` ":memory:" is a database without a file.
  static Result<std::unique_ptr<DuckReader>> open(const std::string& path,
                                                  const QueryOptions& options = {});
  virtual ~DuckReader() = default;
  virtual Result<void> query(std::string_view text, ResultSink& sink) = 0;
};

}  // namespace dray
