// Staged rows as relations that DuckDB can read with all its threads: table functions named
// dray_rows, dray_keys, dray_origins and dray_numbers, each called with the number of what it shall
// show.
//
// Only load/duckdb*.cpp include this.
#pragma once

#include <duckdb.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include "base/result.h"
#include "model/staged.h"
#include "sql/duckdb_connection.h"

namespace dray {

// What the functions show, by number. Outlives every statement that names one of its numbers.
class DuckRelations {
 public:
  // `memory_bytes` is what DuckDB may use.
  explicit DuckRelations(std::uint64_t memory_bytes);
  ~DuckRelations();
  DuckRelations(const DuckRelations&) = delete;
  DuckRelations& operator=(const DuckRelations&) = delete;

  // How many threads may insert the rows: each fills row groups of its own, and all but one of them
  // whole ones.
  std::uint64_t insert_threads(const RowsToLoad& load) const;

  // Registers the functions with the database behind `connection`; once per database, before
  // anything is shown. Their errors are its DuckErrors'.
  Result<void> register_functions(DuckConnection& connection);

  // dray_rows(n): the rows of `load` that are not dropped, its columns without the refused ones.
  // Values that do not fit go to load.value_rejects. dray_keys(n): uuid, check_id, received_at,
  // object, line, row of the same rows. dray_origins(n): uuid, received_at, object_number (the
  // ledger's), line, of the dropped duplicates too. All until the next call.
  std::int64_t show(const RowsToLoad& load);

  // What dray_rows(n) has shown since begin_rows(), over any number of statements.
  struct Shown {
    bool has_more = false;       // it ended early, for the bytes of its rows
    bool has_long_rows = false;  // of long_row_bytes() or more
  };
  // From here on dray_rows(n) shows each row of one load once. If `bounded` it ends early: once
  // DuckDB would have to hold more than an eighth of its memory, or 64 MiB, for the texts of those
  // 2,048 rows of a table that it reads and writes at once, and for one row more.
  // Reads the keys of all rows, for each thread's share; an error is the staged rows'.
  Result<void> begin_rows(const RowsToLoad& load, bool bounded);
  // Between two statements; the next one may show as much again.
  Shown shown();
  // From here on a row is long: DuckDB has no room to read 2,048 of them at once.
  std::uint64_t long_row_bytes() const;
  // dray_numbers(n): one column, `number`.
  std::int64_t show(std::vector<std::int64_t> numbers);

  const RowsToLoad* load(std::int64_t number) const;
  // Where the rows that are shown begin, and end.
  struct Cursor;
  Cursor& cursor() const { return *cursor_; }
  const std::vector<std::int64_t>* numbers(std::int64_t number) const;
  DuckErrors& errors() const { return *errors_; }

 private:
  const std::uint64_t memory_bytes_;
  DuckErrors* errors_ = nullptr;  // of the database that has the functions
  std::unique_ptr<Cursor> cursor_;
  mutable std::mutex mutex_;
  const RowsToLoad* load_ = nullptr;
  std::int64_t load_number_ = 0;
  std::vector<std::int64_t> numbers_;
  std::int64_t numbers_number_ = 0;
  std::int64_t last_ = 0;
};

}  // namespace dray
