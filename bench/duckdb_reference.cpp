// What DuckDB by itself needs to take raw event logs: a whole process that makes a database file,
// reads the logs into one table as a user would write it, and closes the file. bench/run.py holds
// `dray sync` against it.
//
//   duckdb_reference FILE LOGS THREADS [STORAGE]
//
// LOGS is a glob; STORAGE a storage version, such as v1.3.0, instead of DuckDB's default. Prints
// the number of rows.
#include <duckdb.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <string>

namespace {

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text)
    out.append(c == '\'' ? 2 : 1, c);
  return out + "'";
}

// A reference that failed must not pass for a fast one.
[[noreturn]] void fail(const std::string& what, const char* why) {
  std::fprintf(stderr, "duckdb_reference: %s: %s\n", what.c_str(), why != nullptr ? why : "failed");
  std::exit(1);
}

// The first value of the result, as a number; 0 where there is none.
std::int64_t run(duckdb_connection connection, const std::string& sql) {
  duckdb_result result;
  if (duckdb_query(connection, sql.c_str(), &result) != DuckDBSuccess)
    fail(sql, duckdb_result_error(&result));
  std::int64_t value = 0;
  if (duckdb_row_count(&result) > 0) value = duckdb_value_int64(&result, 0, 0);
  duckdb_destroy_result(&result);
  return value;
}

}  // namespace

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  if (argc < 4 || argc > 5) {
    std::fputs("usage: duckdb_reference FILE LOGS THREADS [STORAGE]\n", stderr);
    return 2;
  }
  const std::string file = arguments[1];
  const bool default_storage = argc == 4;
  duckdb_database database = nullptr;
  char* why = nullptr;
  if (duckdb_open_ext(default_storage ? file.c_str() : nullptr, &database, nullptr, &why) !=
      DuckDBSuccess)
    fail("open " + file, why);
  duckdb_connection connection = nullptr;
  if (duckdb_connect(database, &connection) != DuckDBSuccess) fail("connect", nullptr);

  run(connection, std::string("SET threads = ") + arguments[3]);
  if (!default_storage) {
    run(connection, "ATTACH " + quoted(file) + " AS logs (STORAGE_VERSION " + quoted(arguments[4]) +
                        "); USE logs");
  }
  run(connection, "CREATE TABLE raw AS SELECT * FROM read_ndjson_auto(" + quoted(arguments[2]) +
                      ", union_by_name = true)");
  const std::int64_t rows = run(connection, "SELECT count(*) FROM raw");

  // Closing the last connection writes what is in the log into the file.
  duckdb_disconnect(&connection);
  duckdb_close(&database);
  std::printf("%lld\n", static_cast<long long>(rows));
  return 0;
}
