#include "load/duckdb_connection.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "base/message.h"
#include "base/numbers.h"
#include "base/time.h"

namespace dray {
namespace {

class Settings {
 public:
  Settings() { duckdb_create_config(&config_); }
  ~Settings() { duckdb_destroy_config(&config_); }
  Settings(const Settings&) = delete;
  Settings& operator=(const Settings&) = delete;
  void set(const char* name, const std::string& value) {
    DRAY_ASSERT(duckdb_set_config(config_, name, value.c_str()) == DuckDBSuccess);
  }
  duckdb_config handle() const { return config_; }

 private:
  duckdb_config config_ = nullptr;
};

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

Error open_error(const std::string& path, std::string_view message) {
  if (contains(message, "Could not set lock") || contains(message, "Conflicting lock")) {
    return config_error(path +
                        " is open in another program\ntry: close it there (a second sync, a "
                        "DuckDB shell) and run this again");
  }
  if (contains(message, "not a valid DuckDB database file")) {
    return config_error(path +
                        " is not a DuckDB database\ntry: name another file; Dray makes it if "
                        "it does not exist");
  }
  if (contains(message, "Permission denied") || contains(message, "Read-only file system") ||
      contains(message, "read-only")) {
    return config_error(path + " cannot be written: " + std::string(message) +
                        "\ntry: check the rights of the file and its directory");
  }
  if (contains(message, "No such file or directory")) {
    const std::string directory = std::filesystem::path(path).parent_path().string();
    return config_error(path + ": there is no such directory\ntry: mkdir -p " + directory);
  }
  return config_error("opening " + path + ": " + std::string(message));
}

struct StringBytes {
  std::string_view operator()(duckdb_string_t& value) const {
    return {duckdb_string_t_data(&value), duckdb_string_t_length(value)};
  }
};

// Temporary directories of processes that were killed: the file's lock is ours, so nobody uses
// them.
void remove_leftovers(const std::string& stem, const std::string& own) {
  namespace fs = std::filesystem;
  std::error_code ignored;
  const fs::path parent = fs::path(stem).parent_path();
  std::vector<fs::path> directories;
  for (const auto& entry : fs::directory_iterator(parent.empty() ? "." : parent, ignored)) {
    const std::string name = entry.path().filename().string();
    if (name.starts_with(fs::path(stem).filename().string()) &&
        name != fs::path(own).filename().string()) {
      directories.push_back(entry.path());
    }
  }
  for (const fs::path& directory : directories) {
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(directory, ignored)) {
      if (entry.path().filename().string().starts_with("duckdb_temp_")) {
        files.push_back(entry.path());
      }
    }
    for (const fs::path& file : files)
      fs::remove(file, ignored);
    fs::remove(directory, ignored);  // only if nothing else is in it
  }
}

// Those of Dray's own tables, and what counting and adding makes of them.
bool is_known(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_DOUBLE:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_VARCHAR:
      return true;
    default:
      return false;
  }
}

// A sum of counts. What a bigint does not hold cannot be one.
std::string hugeint_text(duckdb_hugeint value) {
  const auto low = static_cast<std::int64_t>(value.lower);
  const bool fits = value.upper == (low < 0 ? -1 : 0);
  return fits ? std::to_string(low) : double_text(duckdb_hugeint_to_double(value));
}

std::string value_text(duckdb_type type, void* data, idx_t row) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return static_cast<bool*>(data)[row] ? "true" : "false";
    case DUCKDB_TYPE_INTEGER:
      return std::to_string(static_cast<std::int32_t*>(data)[row]);
    case DUCKDB_TYPE_BIGINT:
      return std::to_string(static_cast<std::int64_t*>(data)[row]);
    case DUCKDB_TYPE_UBIGINT:
      return std::to_string(static_cast<std::uint64_t*>(data)[row]);
    case DUCKDB_TYPE_HUGEINT:
      return hugeint_text(static_cast<duckdb_hugeint*>(data)[row]);
    case DUCKDB_TYPE_DOUBLE:
      return double_text(static_cast<double*>(data)[row]);
    case DUCKDB_TYPE_TIMESTAMP:
      return format_timestamp(static_cast<duckdb_timestamp*>(data)[row].micros);
    default:
      return std::string(StringBytes()(static_cast<duckdb_string_t*>(data)[row]));
  }
}

void read_chunk(duckdb_data_chunk chunk, const std::vector<duckdb_type>& types,
                QueryResult& result) {
  const idx_t rows = duckdb_data_chunk_get_size(chunk);
  const std::size_t first = result.rows.size();
  result.rows.resize(first + rows);
  for (auto row = first; row < result.rows.size(); ++row)
    result.rows[row].resize(types.size());
  for (idx_t column = 0; column < types.size(); ++column) {
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, column);
    void* data = duckdb_vector_get_data(vector);
    std::uint64_t* validity = duckdb_vector_get_validity(vector);
    for (idx_t row = 0; row < rows; ++row) {
      if (!duckdb_validity_row_is_valid(validity, row)) continue;
      result.rows[first + row][column] = value_text(types[column], data, row);
    }
  }
}

std::string_view type_name(duckdb_type type) {
  switch (type) {
    case DUCKDB_TYPE_BOOLEAN:
      return "BOOLEAN";
    case DUCKDB_TYPE_INTEGER:
      return "INTEGER";
    case DUCKDB_TYPE_BIGINT:
      return "BIGINT";
    case DUCKDB_TYPE_UBIGINT:
      return "UBIGINT";
    case DUCKDB_TYPE_HUGEINT:
      return "HUGEINT";
    case DUCKDB_TYPE_DOUBLE:
      return "DOUBLE";
    case DUCKDB_TYPE_TIMESTAMP:
      return "TIMESTAMP";
    default:
      return "VARCHAR";
  }
}

// duckdb_query() polls without a pause while DuckDB's own threads work, and takes a core from them
// that way. So they do all the work, and this thread sleeps.
void wait_for(duckdb_pending_result pending) {
  using std::chrono::microseconds;
  constexpr microseconds pause_max(500);
  microseconds pause(10);
  while (true) {
    const duckdb_pending_state state = duckdb_pending_execute_check_state(pending);
    if (state == DUCKDB_PENDING_RESULT_READY || state == DUCKDB_PENDING_ERROR) return;
    std::this_thread::sleep_for(pause);
    pause = std::min(pause * 2, pause_max);
  }
}

}  // namespace

std::uint64_t row_group_rows(std::uint64_t memory_bytes) {
  constexpr std::uint64_t row_bytes = 9 << 10;
  constexpr std::uint64_t vector_rows = 2'048;  // a group is whole vectors
  constexpr std::uint64_t rows_max = 20 * vector_rows;
  const std::uint64_t fitting = memory_bytes / row_bytes / vector_rows * vector_rows;
  return std::clamp(fitting, vector_rows, rows_max);
}

namespace {

// 'Duplicate key "id: user-1, at: 3"': of the key the first column's name is told, and no value.
std::string without_key_values(std::string text) {
  constexpr std::string_view key = "key \"";
  const std::size_t begin = text.find(key);
  if (begin == std::string::npos) return text;
  const std::size_t colon = text.find(": ", begin + key.size());
  const std::size_t end = text.rfind('"');
  if (colon == std::string::npos || end < colon) return text;
  return text.replace(colon, end - colon, "");
}

}  // namespace

Error duckdb_error(const char* message) {
  const std::string text = message == nullptr ? "unknown error" : message;
  for (const char* full : {"No space left on device", "Disk quota exceeded", "File too large",
                           "max_temp_directory_size"}) {
    if (!contains(text, full)) continue;
    // A commit tells first what it was about to do.
    constexpr std::string_view because = "because of error: ";
    const std::size_t at = text.rfind(because);
    return config_error((at == std::string::npos ? text : text.substr(at + because.size())) +
                        "\ntry: free some room there, and run this again");
  }
  if (contains(text, "Out of Memory Error") || contains(text, "could not allocate block")) {
    // Its own hints are settings that nobody can reach from here.
    return config_error(text.substr(0, text.find("\n\nPossible solutions")) +
                        "\ntry: allow more memory (--memory, or memory in dray.yaml)");
  }
  if (contains(text, "Constraint Error")) return internal_error(without_key_values(text));
  // A statement that cannot be parsed is pointed at twice.
  constexpr std::string_view line = "\n\nLINE ";
  const std::size_t first = text.find(line);
  const std::size_t second = first == std::string::npos ? first : text.find(line, first + 1);
  return internal_error(continued_lines(std::string_view(text).substr(0, second)));
}

Result<std::unique_ptr<DuckDatabase>> DuckDatabase::open(const std::string& path,
                                                         const WarehouseOptions& options) {
  const bool in_memory = path.empty() || path == ":memory:";
  Settings settings;
  settings.set("memory_limit", std::to_string(options.memory_bytes) + "B");
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  settings.set("threads", std::to_string(options.threads == 0 ? cores : options.threads));
  settings.set("external_threads", "0");  // see wait_for()
  // A directory of the process's own, so that those of others are known as leftovers.
  const std::string temp_stem = path + ".tmp-";
  const std::string temp_own = temp_stem + std::to_string(::getpid());
  settings.set("temp_directory", !options.temp_directory.empty() ? options.temp_directory
                                 : in_memory                     ? "/tmp"
                                                                 : temp_own);
  std::unique_ptr<DuckDatabase> made(new DuckDatabase);
  char* message = nullptr;
  if (duckdb_open_ext(":memory:", &made->database_, settings.handle(), &message) != DuckDBSuccess) {
    const Error error = open_error(path, message == nullptr ? "unknown error" : message);
    duckdb_free(message);
    return error;
  }
  DRAY_TRY(made->attach(path, in_memory, options));
  if (!in_memory && options.access == Access::read_write && options.temp_directory.empty()) {
    remove_leftovers(temp_stem, temp_own);
  }
  return made;
}

// Opened by path a database is named after its file, and shop.duckdb with a schema shop would make
// every shop.tracks ambiguous. Attached, it has a name that no schema can have.
Result<void> DuckDatabase::attach(const std::string& path, bool in_memory,
                                  const WarehouseOptions& options) {
  duckdb_connection connection = nullptr;
  if (duckdb_connect(database_, &connection) != DuckDBSuccess) {
    return internal_error("DuckDB gave no connection");
  }
  SqlBuilder sql("attach ");
  sql.text(in_memory ? ":memory:" : path).code(" as \"the warehouse\"");
  if (options.access == Access::read_only && !in_memory) {
    sql.code(" (read_only)");
  } else {
    sql.code(" (row_group_size ").number(row_group_rows(options.memory_bytes));
    // A new file in the format of DuckDB 1.3, which every later one reads. It compresses strings
    // in one pass where the default format, kept for DuckDB 0.10, tries two: a sync takes a quarter
    // less time and the file is a seventh smaller. A file that exists keeps its format.
    if (!in_memory && !std::filesystem::exists(path)) {
      sql.code(", storage_version 'v1.3.0'");
      // To add rows to a stored table DuckDB 1.4 holds two blocks for each of its columns at once.
      // With its own 256 KiB, and its share of 1 GiB, a sync into a table of more than 700 columns
      // failed; these leave room for the 1,600 that a table may have.
      sql.code(", block_size 65536");
    }
    sql.code(")");
  }
  DuckResult result;
  const auto state =
      duckdb_query(connection, std::move(sql).done().text().c_str(), &result.handle());
  Result<void> outcome;
  if (state != DuckDBSuccess) {
    outcome = open_error(path, duckdb_result_error(&result.handle()));
  } else {
    outcome = read_block_bytes(connection);
  }
  duckdb_disconnect(&connection);
  return outcome;
}

Result<void> DuckDatabase::read_block_bytes(duckdb_connection connection) {
  DuckResult result;
  const auto state = duckdb_query(connection,
                                  "select block_size from pragma_database_size() where "
                                  "database_name = 'the warehouse'",
                                  &result.handle());
  if (state != DuckDBSuccess) return duckdb_error(duckdb_result_error(&result.handle()));
  duckdb_data_chunk chunk = duckdb_fetch_chunk(result.handle());
  if (chunk == nullptr) return internal_error("DuckDB does not know the size of its blocks");
  const auto* sizes =
      static_cast<std::int64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0)));
  block_bytes_ = static_cast<std::uint64_t>(sizes[0]);
  duckdb_destroy_data_chunk(&chunk);
  return {};
}

DuckDatabase::~DuckDatabase() {
  duckdb_connection connection = nullptr;
  if (distrusted_ && duckdb_connect(database_, &connection) == DuckDBSuccess) {
    duckdb_query(connection, "pragma disable_checkpoint_on_shutdown", nullptr);
    duckdb_disconnect(&connection);
  }
  duckdb_close(&database_);
}

Result<std::unique_ptr<DuckConnection>> DuckConnection::open(DuckDatabase& database) {
  std::unique_ptr<DuckConnection> made(new DuckConnection(database));
  if (duckdb_connect(database.handle(), &made->connection_) != DuckDBSuccess) {
    return internal_error("DuckDB gave no connection");
  }
  DRAY_TRY(made->execute(SqlBuilder("use \"the warehouse\"").done()));
  return made;
}

DuckConnection::~DuckConnection() { duckdb_disconnect(&connection_); }

void DuckConnection::interrupt() {
  interrupted_ = true;
  duckdb_interrupt(connection_);
}

Error DuckConnection::failure(const char* message) {
  database_.distrust();
  return interrupted_ ? cancelled_error() : duckdb_error(message);
}

Result<void> DuckConnection::run(const Sql& sql, DuckResult& result) {
  return start(sql, Rows::all_at_once, result);
}

Result<void> DuckConnection::start(const Sql& sql, Rows rows, DuckResult& result) {
  if (interrupted_) return cancelled_error();
  DuckStatement statement;
  if (duckdb_prepare(connection_, sql.text().c_str(), &statement.prepared) != DuckDBSuccess) {
    return failure(duckdb_prepare_error(statement.prepared));
  }
  return start(statement, rows, result);
}

Result<void> DuckConnection::start(DuckStatement& statement, Rows rows, DuckResult& result) {
  if (interrupted_) return cancelled_error();
  const duckdb_state state =
      rows == Rows::streamed
          ? duckdb_pending_prepared_streaming(statement.prepared, &statement.pending)
          : duckdb_pending_prepared(statement.prepared, &statement.pending);
  if (state != DuckDBSuccess) {
    return failure(duckdb_pending_error(statement.pending));
  }
  wait_for(statement.pending);
  // The state calls a statement that is done an error too; its message tells.
  if (const char* message = duckdb_pending_error(statement.pending);
      message != nullptr && *message != '\0') {
    return failure(message);
  }
  if (duckdb_execute_pending(statement.pending, &result.handle()) != DuckDBSuccess) {
    return failure(duckdb_result_error(&result.handle()));
  }
  return {};
}

Result<void> DuckConnection::each_chunk(const Sql& sql,
                                        const std::function<void(duckdb_data_chunk)>& visit) {
  return each_chunk_until(sql, [&](duckdb_data_chunk chunk) {
    visit(chunk);
    return Result<void>();
  });
}

Result<void> DuckConnection::each_chunk_until(
    const Sql& sql, const std::function<Result<void>(duckdb_data_chunk)>& visit) {
  DuckResult result;
  DRAY_TRY(start(sql, Rows::streamed, result));
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result.handle())) {
    auto visited = visit(chunk);
    duckdb_destroy_data_chunk(&chunk);
    DRAY_TRY(std::move(visited));
  }
  // The end and a failure look alike.
  if (const char* message = duckdb_result_error(&result.handle());
      message != nullptr && *message != '\0') {
    return failure(message);
  }
  return interrupted_ ? cancelled_error() : Result<void>();
}

Result<void> DuckConnection::execute(const Sql& sql) {
  DuckResult result;
  return run(sql, result);
}

Result<void> DuckConnection::execute_at_once(const Sql& sql) {
  if (interrupted_) return cancelled_error();
  DuckResult result;
  if (duckdb_query(connection_, sql.text().c_str(), &result.handle()) != DuckDBSuccess) {
    return failure(duckdb_result_error(&result.handle()));
  }
  return {};
}

Result<QueryResult> DuckConnection::query(const Sql& sql) {
  DuckResult result;
  DRAY_TRY(run(sql, result));
  QueryResult out;
  std::vector<duckdb_type> types;
  for (idx_t i = 0; i < duckdb_column_count(&result.handle()); ++i) {
    types.push_back(duckdb_column_type(&result.handle(), i));
    const std::string name = duckdb_column_name(&result.handle(), i);
    if (!is_known(types.back())) {
      return internal_error("the column " + name + " is of a type that is not read here; cast it");
    }
    out.columns.push_back({name, std::string(type_name(types.back()))});
  }
  while (duckdb_data_chunk chunk = duckdb_fetch_chunk(result.handle())) {
    read_chunk(chunk, types, out);
    duckdb_destroy_data_chunk(&chunk);
  }
  return out;
}

}  // namespace dray
