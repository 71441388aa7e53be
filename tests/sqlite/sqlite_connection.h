// A thin wrapper around SQLite's C interface: statements that free themselves, errors that say what
// to do. Only tests/sqlite includes it.
//
// A warehouse is a directory: main.sqlite, whose lock is the warehouse's, and a file for each
// schema, which every connection attaches. A transaction over several of them is one.
//
// Threads: a connection belongs to one thread at a time; interrupt() may come from any.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/session.h"
#include "sql/session_options.h"
#include "sql/sql.h"

namespace dray {

// The file of a schema.
std::string sqlite_schema_file(const std::string& directory, std::string_view schema);

class SqliteConnection;

// Prepared once, run as often as it is bound.
class SqliteStatement {
 public:
  explicit SqliteStatement(SqliteConnection& connection) : connection_(&connection) {}

  // Parameters from 1. A text is copied.
  void bind(int parameter, const PlainValue& value);
  // The value of another statement's column, whatever it is.
  void bind_value(int parameter, const SqliteStatement& from, int column);
  // The next row; false at the end, after which it may be bound and run again.
  Result<bool> step();
  // For what has no rows.
  Result<void> run();

  bool is_null(int column) const;
  std::int64_t number(int column) const { return sqlite3_column_int64(statement_.get(), column); }
  // As a QueryResult has it; "" of NULL.
  std::string text(int column) const;
  int columns() const { return sqlite3_column_count(statement_.get()); }
  QueryColumn column(int number) const;

 private:
  friend class SqliteConnection;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  SqliteConnection* connection_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

class SqliteConnection {
 public:
  static Result<std::unique_ptr<SqliteConnection>> open(const std::string& directory,
                                                        Access access);
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  // What a builder made is put into SQLite's words: it has no literals of a type.
  Result<void> execute(const Sql& sql);
  Result<QueryResult> query(const Sql& sql);
  Result<SqliteStatement> prepare(const Sql& sql);
  // Rows of the last statement that changed any.
  std::uint64_t changed() const { return static_cast<std::uint64_t>(sqlite3_changes64(handle())); }

  // How long a statement waits for another connection's transaction.
  void wait_at_most(std::chrono::milliseconds time);
  bool has_schema(const std::string& schema);

  void interrupt();
  // What the last call's code means for the caller.
  Error failure(int code) const;

 private:
  friend class SqliteStatement;
  explicit SqliteConnection(std::string directory) : directory_(std::move(directory)) {}
  // Files that another connection has made since.
  Result<void> attach_new();
  sqlite3* handle() const { return handle_.get(); }

  struct Close {
    void operator()(sqlite3* handle) const { sqlite3_close_v2(handle); }
  };
  const std::string directory_;
  std::unique_ptr<sqlite3, Close> handle_;
  std::atomic<bool> interrupted_{false};
  std::chrono::milliseconds wait_max_{0};
};

}  // namespace dray
