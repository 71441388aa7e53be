// A thin wrapper around DuckDB's C API (duckdb.h, 1.4): resources that free themselves, errors that
// say what to do. Only {sql,load}/duckdb*.cpp include it.
#pragma once

#include <duckdb.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/result.h"
#include "sql/duckdb_constraints.h"
#include "sql/duckdb_errors.h"
#include "sql/duckdb_file.h"
#include "sql/session.h"
#include "sql/session_options.h"
#include "sql/sql.h"

namespace dray {

// How many rows a row group has. DuckDB inserts, compresses and writes a table by row groups, one
// thread each. Its own 122,880 rows leave the second core idle for all but the largest of an event
// source's many tables; a sixth of that costs a twentieth of the file's size and nothing that
// queries would notice. And a group must fit into DuckDB's memory, so it has fewer rows if that is
// small: the default leaves room for rows of 17 KB. Groups of other sizes in one file are no
// matter.
std::uint64_t row_group_rows(std::uint64_t memory_bytes);

// How many it uses: those of the options, or a core each.
unsigned duckdb_threads(const SessionOptions& options);

class DuckDatabase {
 public:
  // `name` "" or ":memory:" is a database without a file; of a symbolic link the file behind it is
  // opened.
  static Result<std::unique_ptr<DuckDatabase>> open(const std::string& name,
                                                    const SessionOptions& options);
  ~DuckDatabase();
  DuckDatabase(const DuckDatabase&) = delete;
  DuckDatabase& operator=(const DuckDatabase&) = delete;
  duckdb_database handle() const { return database_; }

  // After a failed write DuckDB 1.4 may take tables of the transaction that failed for committed
  // ones, and write a file that cannot be opened again. So nothing more is written through a
  // database in which a statement failed: it is closed without a checkpoint, and whoever goes on
  // opens it anew.
  void distrust() { distrusted_ = true; }
  bool is_distrusted() const { return distrusted_; }

  // Closes the warehouse's file and opens it again, which frees what DuckDB keeps of tables that
  // were written. No transaction may be open, and no connection may use the warehouse. `transient`
  // if another program wrote to the file meanwhile.
  Result<void> reopen();

  Access access() const { return options_.access; }

  // Of the functions that are registered with the database.
  DuckErrors& errors() { return errors_; }

  // Sees each statement before it is run, if set.
  const std::function<void(std::string_view)>& trace() const { return trace_; }

 private:
  DuckDatabase() = default;
  Result<void> attach(const std::string& path, bool in_memory, const SessionOptions& options);
  Result<void> make_file(const std::string& path, FileState state);
  std::string run_alone(const Sql& sql);
  std::string name_of_directory(const std::string& path);
  std::string path_;
  int folder_ = -1;  // open for the name by which DuckDB knows its temporary directory
  SessionOptions options_;
  duckdb_database database_ = nullptr;
  std::atomic<bool> distrusted_{false};
  DuckErrors errors_;
  std::function<void(std::string_view)> trace_;
};

// One result, chunk by chunk.
class DuckResult {
 public:
  DuckResult() = default;
  ~DuckResult() { duckdb_destroy_result(&result_); }
  DuckResult(const DuckResult&) = delete;
  DuckResult& operator=(const DuckResult&) = delete;
  duckdb_result& handle() { return result_; }

 private:
  duckdb_result result_{};
};

// Some rows of a result.
class DuckChunk {
 public:
  // Takes it over; null is the end.
  explicit DuckChunk(duckdb_data_chunk chunk) : chunk_(chunk) {}
  ~DuckChunk() { duckdb_destroy_data_chunk(&chunk_); }
  DuckChunk(const DuckChunk&) = delete;
  DuckChunk& operator=(const DuckChunk&) = delete;
  explicit operator bool() const { return chunk_ != nullptr; }
  duckdb_data_chunk handle() const { return chunk_; }

 private:
  duckdb_data_chunk chunk_;
};

// One column of a chunk, whose values are T as DuckDB lays them out. Borrows the chunk.
template <typename T>
class DuckColumn {
 public:
  DuckColumn(duckdb_data_chunk chunk, idx_t column)
      : DuckColumn(duckdb_data_chunk_get_vector(chunk, column)) {}
  explicit DuckColumn(duckdb_vector vector)
      : data_(static_cast<T*>(duckdb_vector_get_data(vector))),
        validity_(duckdb_vector_get_validity(vector)) {}

  // Where it is NULL what lies there is no value.
  bool has(idx_t row) const {
    return validity_ == nullptr || (validity_[row / 64] >> (row % 64) & 1) != 0;
  }
  T& operator[](idx_t row) const { return data_[row]; }
  T value_or(idx_t row, T other) const { return has(row) ? data_[row] : other; }

 private:
  T* data_;
  const std::uint64_t* validity_;
};

// Borrows the text.
std::string_view text_of(duckdb_string_t& text);

// Prepared, and its result while it is not there yet.
struct DuckStatement {
  DuckStatement() = default;
  ~DuckStatement() {
    duckdb_destroy_pending(&pending);
    duckdb_destroy_prepare(&prepared);
  }
  DuckStatement(const DuckStatement&) = delete;
  DuckStatement& operator=(const DuckStatement&) = delete;
  duckdb_prepared_statement prepared = nullptr;
  duckdb_pending_result pending = nullptr;
};

class DuckConnection {
 public:
  enum class Rows { all_at_once, streamed };
  // Where names without a schema are looked for.
  enum class Names {
    ours,      // what DuckDB brings along comes before what somebody made in the file
    a_person,  // as everywhere in DuckDB: a macro in the file's schema main hides a function
  };

  // Borrows the database.
  static Result<std::unique_ptr<DuckConnection>> open(DuckDatabase& database,
                                                      Names names = Names::ours);
  ~DuckConnection();
  DuckConnection(const DuckConnection&) = delete;
  DuckConnection& operator=(const DuckConnection&) = delete;
  duckdb_connection handle() const { return connection_; }

  // Makes the database the one that is meant, also after it was opened anew. Not in a transaction.
  Result<void> use_warehouse(Names names);

  DuckErrors& errors() { return database_.errors(); }

  // What DuckDB's message means; the database is distrusted from now on.
  Error failure(const char* message);
  // What the last failure was, if it was a constraint's.
  const std::optional<DuckViolation>& violation() const { return violation_; }

  Result<void> execute(const Sql& sql);
  Result<void> run(const Sql& sql, DuckResult& result);
  // Runs what is quick and gives nothing back, waiting in this thread, which costs a third less
  // than being woken, once a thousand columns are added.
  Result<void> execute_at_once(const Sql& sql);
  // Chunk by chunk as they are made; the result may be larger than memory. Until it returns nothing
  // else can be run.
  Result<void> each_chunk(const Sql& sql, const std::function<void(duckdb_data_chunk)>& visit);
  // The same, until a visit fails; its error is returned.
  Result<void> each_chunk_until(const Sql& sql,
                                const std::function<Result<void>(duckdb_data_chunk)>& visit);
  // Runs the program's own statements: they give the types of its tables, and of sums.
  Result<QueryResult> query(const Sql& sql);
  // A statement that the caller has prepared.
  Result<void> start(DuckStatement& statement, Rows rows, DuckResult& result);
  // Whether DuckDB would take the statement; not run, and no failure if not.
  bool can_prepare(const Sql& sql);

  // From any thread: the statement in progress fails with `cancelled`, and so does every later one.
  void interrupt();
  bool interrupted() const { return interrupted_; }

 private:
  explicit DuckConnection(DuckDatabase& database) : database_(database) {}
  Result<void> start(const Sql& sql, Rows rows, DuckResult& result);

  DuckDatabase& database_;
  duckdb_connection connection_ = nullptr;
  std::atomic<bool> interrupted_{false};
  std::optional<DuckViolation> violation_;
};

// What the caller can do about a message of DuckDB's.
Error duckdb_error(const char* message);

}  // namespace dray
