// Errors of functions of this program that DuckDB calls: table functions, casts. DuckDB takes a
// text for an error and knows no cause or remedy, and its frames are no place for an exception of
// ours. So the text is a name under which the error waits, and the statement that failed has it
// back as it was (DuckConnection::failure()).
//
// Only {sql,load}/duckdb*.cpp include this. Threads: any.
#pragma once

#include <cstdint>
#include <deque>
#include <exception>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace dray {

class DuckErrors {
 public:
  // Runs `work`, which returns a Result<void>. Its error, or what it throws, goes to
  // set_error(const char*) as a text for DuckDB. But DuckDB's own exceptions, which its C functions
  // let through, go back to it.
  template <typename Work, typename SetError>
  void run(Work&& work, SetError&& set_error) {
    try {
      Result<void> done = std::forward<Work>(work)();
      if (!done) set_error(keep(std::move(done).error()).c_str());
    } catch (const std::exception& problem) {
      if (is_of_duckdb(problem)) throw;
      set_error(keep_caught().c_str());
    }
  }

  // The error that DuckDB's message names, if it names one.
  std::optional<Error> take(std::string_view message);

 private:
  std::string keep(Error error);
  std::string keep_caught();
  static bool is_of_duckdb(const std::exception& problem);

  std::mutex mutex_;
  std::uint64_t last_ = 0;
  std::deque<std::pair<std::string, Error>> kept_;  // by name; those of several threads
};

}  // namespace dray
