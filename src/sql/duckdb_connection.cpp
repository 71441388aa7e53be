#include "sql/duckdb_connection.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

#include "base/hash.h"
#include "base/heap.h"
#include "base/message.h"
#include "base/numbers.h"
#include "base/path_text.h"
#include "base/quotable.h"
#include "base/text.h"
#include "base/time.h"
#include "base/utf8.h"
#include "sql/duckdb_constraints.h"
#include "sql/duckdb_file.h"

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

bool is_lock_held(std::string_view message) {
  return contains(message, "Could not set lock") || contains(message, "Conflicting lock");
}

// "python3.11 (PID 4711)", as DuckDB has it; "" where it does not know.
std::string lock_holder(std::string_view message) {
  constexpr std::string_view before = "Conflicting lock is held in ";
  const std::size_t at = message.find(before);
  if (at == std::string_view::npos) return "";
  message.remove_prefix(at + before.size());
  // What DuckDB advises stands behind it: "However, ..." or "See also ...".
  const std::size_t end = message.find("). ");
  return std::string(message.substr(0, end == std::string_view::npos ? end : end + 1));
}

// Readers leave each other alone, so a Dray that keeps one out is a sync, or a retry.
Error in_use_error(const std::string& path, const std::string& holder, Access access) {
  constexpr std::string_view ours = "/dray (PID ";
  const std::size_t at = holder.rfind(ours);
  Error error =
      config_error(path + " is open in another program" + (holder.empty() ? "" : ": " + holder),
                   "close it there, or wait until it is closed: --wait 10m");
  if (access == Access::read_only && at != std::string::npos) {
    error = config_error(
        path + " is being written: a sync is running " + holder.substr(holder.find("(PID ", at)),
        "wait until it has ended: --wait 10m");
  }
  return std::move(error).with_code(ErrorCode::in_use);
}

Error open_error(const std::string& file, std::string_view told, Access access) {
  const std::string quoted = quotable_path(file, "the DuckDB file");
  const std::string path = path_to_text(quoted);
  const std::string message =
      path_to_text(quoted == file ? std::string(told) : without_values(std::string(told), {file}));
  if (is_lock_held(message)) return in_use_error(path, lock_holder(message), access);
  if (contains(message, "not a valid DuckDB database file")) {
    return config_error(path + " is not a DuckDB database",
                        "name another file; Dray makes it if "
                        "it does not exist");
  }
  if (contains(message, "Trying to read a database file with version number")) {
    return config_error(
        path + " was written by a DuckDB that is newer than Dray's, " +
            std::string(duckdb_library_version()),
        "name another file, or copy it there with that DuckDB (attach 'new.duckdb' as "
        "new (storage_version 'v1.4.0'); copy from database ... to new)");
  }
  if (contains(message, "Permission denied") || contains(message, "Read-only file system") ||
      contains(message, "read-only")) {
    return config_error(path + " cannot be opened: " + message,
                        "check the rights of the file and its directory");
  }
  if (contains(message, "No such file or directory")) {
    return config_error("there is no directory for the DuckDB file", "make it (mkdir -p)");
  }
  return config_error("opening " + path + ": " + message);
}

// What DuckDB left in a temporary directory, and the directory if there is nothing else in it. Not
// through a link, which somebody else has put there: what is behind it is none of ours.
void remove_leftover(const std::string& directory) {
  const int fd = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
  if (fd < 0) return;
  DIR* const stream = ::fdopendir(fd);
  if (stream == nullptr) {
    ::close(fd);
    return;
  }
  std::vector<std::string> files;
  while (const dirent* entry = ::readdir(stream)) {  // NOLINT(concurrency-mt-unsafe): own stream
    if (std::string_view(entry->d_name).starts_with("duckdb_temp_")) files.push_back(entry->d_name);
  }
  for (const std::string& file : files)
    ::unlinkat(fd, file.c_str(), 0);
  ::closedir(stream);
  ::rmdir(directory.c_str());
}

// Of the names of the temporary directories of a file. Its own name they have as text.
std::string stem_of_temp(const std::string& file) {
  const std::size_t name = file.rfind('/') + 1;
  return file.substr(0, name) + path_to_text(file.substr(name)) + ".tmp-";
}

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
  for (const fs::path& directory : directories)
    remove_leftover(directory.string());
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
      return std::string(text_of(static_cast<duckdb_string_t*>(data)[row]));
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
  constexpr std::uint64_t rows_max = 10 * vector_rows;
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

// DuckDB adds the addresses of its functions to errors that it calls internal or fatal.
std::string without_stack(std::string text) {
  const std::size_t begin = text.find("Stack Trace:");
  if (begin == std::string::npos || begin == 0) return text;
  return text.substr(0, text.find_last_not_of(" \n", begin - 1) + 1);
}

}  // namespace

Error duckdb_error(const char* message) {
  const std::string text = without_stack(message == nullptr ? "unknown error" : message);
  for (const char* full : {"No space left on device", "Disk quota exceeded", "File too large",
                           "max_temp_directory_size"}) {
    if (!contains(text, full)) continue;
    // A commit tells first what it was about to do.
    constexpr std::string_view because = "because of error: ";
    const std::size_t at = text.rfind(because);
    return config_error((at == std::string::npos ? text : text.substr(at + because.size())),
                        "free some room there, and run this again")
        .with_code(ErrorCode::disk_full);
  }
  const bool has_no_room =
      std::ranges::any_of(std::array{"Out of Memory Error", "could not allocate block",
                                     "failed to pin block", "failed to allocate data"},
                          [&](const char* part) { return contains(text, part); });
  if (has_no_room) {
    // Its own hints are settings that nobody can reach from here.
    return config_error(text.substr(0, text.find("\n\nPossible solutions")),
                        "allow more memory (--memory, or memory in dray.yaml)")
        .with_code(ErrorCode::out_of_memory);
  }
  if (const auto violation = duckdb_violation(text)) return violation_error(*violation);
  if (contains(text, "Constraint Error")) return internal_error(without_key_values(text));
  // A statement that cannot be parsed is pointed at twice.
  constexpr std::string_view line = "\n\nLINE ";
  const std::size_t first = text.find(line);
  const std::size_t second = first == std::string::npos ? first : text.find(line, first + 1);
  return internal_error(continued_lines(std::string_view(text).substr(0, second)));
}

std::string_view text_of(duckdb_string_t& text) {
  return {duckdb_string_t_data(&text), duckdb_string_t_length(text)};
}

unsigned duckdb_threads(const SessionOptions& options) {
  return options.threads != 0 ? options.threads : std::max(1U, std::thread::hardware_concurrency());
}

Result<std::unique_ptr<DuckDatabase>> DuckDatabase::open(const std::string& name,
                                                         const SessionOptions& options) {
  const bool in_memory = name.empty() || name == ":memory:";
  std::string path = name;
  FileState file = FileState::made;
  if (!in_memory) {
    DRAY_ASSIGN(file, duckdb_file_state(name));
    DRAY_ASSIGN(path, duckdb_file_behind(name));
    if (file == FileState::none) DRAY_TRY(check_no_log_is_left(path));
    if (options.access == Access::read_write) DRAY_TRY(check_folder_is_writable(path));
  }
  if (to_valid_utf8(options.temp_directory) != options.temp_directory) {
    return config_error("temp_directory is not UTF-8, and DuckDB opens no other", "rename it");
  }
  Settings settings;
  settings.set("memory_limit", std::to_string(options.memory_bytes) + "B");
  settings.set("threads", std::to_string(duckdb_threads(options)));
  settings.set("external_threads", "0");  // see wait_for()
  std::unique_ptr<DuckDatabase> made(new DuckDatabase);
  // A directory of the process's own, so that those of others are known as leftovers.
  const std::string temp_stem = stem_of_temp(path);
  // In another container the same number may be another process.
  const std::string temp_own =
      temp_stem + std::to_string(::getpid()) + "-" + std::to_string(random_seed());
  settings.set("temp_directory", !options.temp_directory.empty() ? options.temp_directory
                                 : in_memory                     ? "/tmp"
                                             : made->name_of_directory(temp_own));
  char* message = nullptr;
  if (duckdb_open_ext(":memory:", &made->database_, settings.handle(), &message) != DuckDBSuccess) {
    const Error error =
        open_error(path, message == nullptr ? "unknown error" : message, options.access);
    duckdb_free(message);
    return error;
  }
  made->path_ = path;
  made->options_ = options;
  made->trace_ = options.trace;
  if (file != FileState::made && options.access == Access::read_write) {
    DRAY_TRY(made->make_file(path, file));
  }
  // DuckDB makes its own views when the catalog is first read, and whoever has a macro called
  // duckdb_columns in the file would be in them: before the file is there, they are DuckDB's.
  const std::string said =
      made->run_alone(SqlBuilder("select count(*) from system.main.duckdb_views()").done());
  if (!said.empty()) return internal_error("reading DuckDB's catalog: " + said);
  DRAY_TRY(made->attach(path, in_memory, options));
  if (!in_memory && options.access == Access::read_write && options.temp_directory.empty()) {
    remove_leftovers(temp_stem, temp_own);
  }
  if (!in_memory && options.access == Access::read_write) remove_new_files(path);
  return made;
}

// DuckDB takes any bytes for the path of a file, and UTF-8 alone for that of a directory. So a
// folder with another name is known to it by the number of an open file.
std::string DuckDatabase::name_of_directory(const std::string& path) {
  if (to_valid_utf8(path) == path) return path;
  const std::filesystem::path whole(path);
  folder_ = ::open(whole.parent_path().c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  const std::string folder =
      folder_ < 0 ? path_to_text(whole.parent_path().string())  // is not there, as DuckDB will tell
                  : "/proc/self/fd/" + std::to_string(folder_);
  return folder + "/" + whole.filename().string();
}

// Opened by path a database is named after its file, and shop.duckdb with a schema shop would make
// every shop.tracks ambiguous. Attached, it has a name that no schema can have.
Result<void> DuckDatabase::attach(const std::string& path, bool in_memory,
                                  const SessionOptions& options) {
  SqlBuilder sql("attach ");
  // DuckDB, told the type, does not look whether a file is another system's, for which it would
  // fetch an extension.
  sql.text(in_memory ? ":memory:" : path).code(" as \"the warehouse\" (type duckdb");
  if (options.access == Access::read_only && !in_memory) {
    sql.code(", read_only)");
  } else {
    sql.code(", row_group_size ").number(row_group_rows(options.memory_bytes)).code(")");
  }
  const Sql attach = std::move(sql).done();
  // Longer than a year is for ever, and the clock counts no further than some centuries.
  constexpr std::chrono::seconds wait_most = std::chrono::hours(24 * 366);
  const auto until = std::chrono::steady_clock::now() + std::min(options.wait_max, wait_most);
  bool told = false;
  while (true) {
    const std::string message = run_alone(attach);
    if (message.empty()) return {};
    if (!is_lock_held(message) || std::chrono::steady_clock::now() >= until) {
      return open_error(path, message, options.access);
    }
    if (!told && options.on_wait) options.on_wait(path_to_text(path), lock_holder(message));
    told = true;
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
}

namespace {

// Changes with every write to the file. Told without opening it: closing it again would give up
// DuckDB's lock.
struct FileMark {
  ::ino_t node = 0;
  ::off_t size = 0;
  ::timespec written{};

  static FileMark of(const std::string& path) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0) return {};
    return {status.st_ino, status.st_size, status.st_mtim};
  }
  bool operator==(const FileMark& other) const {
    return node == other.node && size == other.size && written.tv_sec == other.written.tv_sec &&
           written.tv_nsec == other.written.tv_nsec;
  }
};

}  // namespace

Result<void> DuckDatabase::reopen() {
  const FileMark before = FileMark::of(path_);
  const std::string message = run_alone(SqlBuilder("detach \"the warehouse\"").done());
  if (!message.empty()) return internal_error("closing " + path_to_text(path_) + ": " + message);
  return_free_memory();
  DRAY_TRY(attach(path_, false, options_));
  if (FileMark::of(path_) == before) return {};
  return transient_error("another program has written to the file between two transactions");
}

// What DuckDB says if it cannot; "" if it can.
std::string DuckDatabase::run_alone(const Sql& sql) {
  duckdb_connection connection = nullptr;
  if (duckdb_connect(database_, &connection) != DuckDBSuccess) return "DuckDB gave no connection";
  DuckResult result;
  std::string message;
  if (duckdb_query(connection, sql.text().c_str(), &result.handle()) != DuckDBSuccess) {
    const char* said = duckdb_result_error(&result.handle());
    message = said == nullptr || *said == '\0' ? "unknown error" : said;
  }
  duckdb_disconnect(&connection);
  return message;
}

// An empty warehouse. In the format of DuckDB 1.3, which every later one reads: it compresses
// strings in one pass where the default format, kept for DuckDB 0.10, tries two, so that a sync
// takes a quarter less time and the file is a seventh smaller. To add rows to a stored table DuckDB
// 1.4 holds two blocks for each of its columns at once. With its own 256 KiB, and its share of 1
// GiB, a sync into a table of more than 700 columns failed; these leave room for the 1,600 that a
// table may have.
Result<void> DuckDatabase::make_file(const std::string& path, FileState state) {
  return make_duckdb_file(path, state, [&](const std::string& made) -> Result<void> {
    SqlBuilder sql("attach ");
    sql.text(made).code(
        " as \"a new file\" (type duckdb, storage_version 'v1.3.0', block_size 65536)");
    std::string message = run_alone(std::move(sql).done());
    if (message.empty()) message = run_alone(SqlBuilder("detach \"a new file\"").done());
    return message.empty() ? Result<void>() : open_error(path, message, Access::read_write);
  });
}

DuckDatabase::~DuckDatabase() {
  duckdb_connection connection = nullptr;
  if (distrusted_ && duckdb_connect(database_, &connection) == DuckDBSuccess) {
    duckdb_query(connection, "pragma disable_checkpoint_on_shutdown", nullptr);
    duckdb_disconnect(&connection);
  }
  duckdb_close(&database_);
  if (folder_ >= 0) ::close(folder_);
}

Result<std::unique_ptr<DuckConnection>> DuckConnection::open(DuckDatabase& database, Names names) {
  std::unique_ptr<DuckConnection> made(new DuckConnection(database));
  if (duckdb_connect(database.handle(), &made->connection_) != DuckDBSuccess) {
    return internal_error("DuckDB gave no connection");
  }
  DRAY_TRY(made->use_warehouse(names));
  return made;
}

// A macro in the file's schema main hides every function and operator of its name, and DuckDB looks
// there before it looks among its own, unless the path says otherwise. The path's first entry tells
// which database is meant, and must be a schema of it: one that a transaction makes and takes back,
// so that nobody has anything in it; where nothing can be written that of Dray's tables.
Result<void> DuckConnection::use_warehouse(Names names) {
  if (names == Names::a_person) return execute(SqlBuilder("use \"the warehouse\"").done());
  if (database_.access() == Access::read_write) {
    DRAY_TRY(execute(SqlBuilder("begin transaction").done()));
    DRAY_TRY(
        execute(SqlBuilder("create schema if not exists \"the warehouse\".\"no schema of anybody\"")
                    .done()));
    DRAY_TRY(execute(SqlBuilder("set search_path = '\"the warehouse\".\"no schema of anybody\","
                                "system.main,\"the warehouse\".main'")
                         .done()));
    return execute(SqlBuilder("rollback").done());
  }
  DRAY_ASSIGN(const QueryResult ours,
              query(SqlBuilder("select schema_name from system.main.duckdb_schemas() where "
                               "database_name = 'the warehouse' and schema_name = '_dray'")
                        .done()));
  if (ours.rows.empty()) return execute(SqlBuilder("use \"the warehouse\"").done());
  return execute(SqlBuilder("set search_path = '\"the warehouse\"._dray,system.main,"
                            "\"the warehouse\".main'")
                     .done());
}

DuckConnection::~DuckConnection() { duckdb_disconnect(&connection_); }

void DuckConnection::interrupt() {
  interrupted_ = true;
  duckdb_interrupt(connection_);
}

Error DuckConnection::failure(const char* message) {
  database_.distrust();
  violation_ = duckdb_violation(message == nullptr ? "" : message);
  if (interrupted_) return cancelled_error();
  auto own = database_.errors().take(message == nullptr ? "" : message);
  return own ? *std::move(own) : duckdb_error(message);
}

Result<void> DuckConnection::run(const Sql& sql, DuckResult& result) {
  return start(sql, Rows::all_at_once, result);
}

Result<void> DuckConnection::start(const Sql& sql, Rows rows, DuckResult& result) {
  if (interrupted_) return cancelled_error();
  if (database_.trace()) database_.trace()(sql.text());
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

bool DuckConnection::can_prepare(const Sql& sql) {
  DuckStatement statement;
  return duckdb_prepare(connection_, sql.text().c_str(), &statement.prepared) == DuckDBSuccess;
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
  while (const DuckChunk chunk{duckdb_fetch_chunk(result.handle())})
    DRAY_TRY(visit(chunk.handle()));
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
  if (database_.trace()) database_.trace()(sql.text());
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
  while (const DuckChunk chunk{duckdb_fetch_chunk(result.handle())})
    read_chunk(chunk.handle(), types, out);
  return out;
}

}  // namespace dray
