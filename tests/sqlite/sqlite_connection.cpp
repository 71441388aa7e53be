#include "sqlite/sqlite_connection.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <thread>
#include <utility>

#include "base/numbers.h"
#include "base/time.h"

namespace dray {
namespace {

constexpr std::chrono::seconds usual_wait(5);
constexpr std::string_view file_prefix = "schema-";
constexpr std::string_view file_suffix = ".sqlite";

bool is_plain(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; }

// The schema of a file's name; nothing of other files.
std::optional<std::string> schema_of_file(const std::string& name) {
  if (!name.starts_with(file_prefix) || !name.ends_with(file_suffix)) return std::nullopt;
  std::string schema;
  const std::string_view coded = std::string_view(name).substr(
      file_prefix.size(), name.size() - file_prefix.size() - file_suffix.size());
  for (std::size_t i = 0; i < coded.size(); ++i) {
    if (coded[i] != '%') {
      schema += coded[i];
      continue;
    }
    schema += static_cast<char>(std::stoi(std::string(coded.substr(i + 1, 2)), nullptr, 16));
    i += 2;
  }
  return schema;
}

// timestamp '2026-01-01' is the text alone, and left(a, b) a function of another name, for SQLite
// takes the word for a join. Nothing in quotes is touched.
std::string in_words_of_sqlite(std::string_view sql) {
  constexpr std::string_view literal = "timestamp '";
  constexpr std::string_view left = "left(";
  std::string out;
  for (std::size_t i = 0; i < sql.size();) {
    const std::string_view rest = sql.substr(i);
    const bool is_word = i == 0 || (std::isalnum(static_cast<unsigned char>(sql[i - 1])) == 0 &&
                                    sql[i - 1] != '_' && sql[i - 1] != '"');
    if (is_word && rest.starts_with(literal)) {
      i += literal.size() - 1;
    } else if (is_word && rest.starts_with(left)) {
      out += "dray_left(";
      i += left.size();
    } else if (rest[0] == '\'' || rest[0] == '"') {
      // A doubled quote is the end of one text and the beginning of the next.
      const std::size_t end = std::min(rest.find(rest[0], 1), rest.size() - 1) + 1;
      out += rest.substr(0, end);
      i += end;
    } else {
      out += rest[0];
      ++i;
    }
  }
  return out;
}

std::string text_for_sqlite(const Sql& sql) {
  return sql.is_typed() ? sql.text() : in_words_of_sqlite(sql.text());
}

void left_of_text(sqlite3_context* context, int, sqlite3_value** arguments) {
  const auto* text = reinterpret_cast<const char*>(sqlite3_value_text(arguments[0]));
  if (text == nullptr) return;
  const std::string_view all(text, static_cast<std::size_t>(sqlite3_value_bytes(arguments[0])));
  const std::string_view part =
      all.substr(0, static_cast<std::size_t>(sqlite3_value_int64(arguments[1])));
  sqlite3_result_text(context, part.data(), static_cast<int>(part.size()), SQLITE_TRANSIENT);
}

}  // namespace

std::string sqlite_schema_file(const std::string& directory, std::string_view schema) {
  std::string name(file_prefix);
  constexpr std::string_view digits = "0123456789abcdef";
  for (const char c : schema) {
    if (is_plain(c)) {
      name += c;
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    name += '%';
    name += digits[byte >> 4U];
    name += digits[byte & 15U];
  }
  return directory + "/" + name + std::string(file_suffix);
}

// --- statements ----------------------------------------------------------------------------------

void SqliteStatement::bind(int parameter, const PlainValue& value) {
  struct Binder {
    sqlite3_stmt* statement;
    int parameter;
    void operator()(std::monostate) const { sqlite3_bind_null(statement, parameter); }
    void operator()(bool v) const { sqlite3_bind_int(statement, parameter, v ? 1 : 0); }
    void operator()(std::int64_t v) const { sqlite3_bind_int64(statement, parameter, v); }
    void operator()(double v) const { sqlite3_bind_double(statement, parameter, v); }
    void operator()(std::string_view v) const {
      sqlite3_bind_text64(statement, parameter, v.data(), v.size(), SQLITE_TRANSIENT, SQLITE_UTF8);
    }
    void operator()(Timestamp v) const { (*this)(format_timestamp(to_micros(v))); }
    void operator()(const std::string& v) const { (*this)(std::string_view(v)); }
  };
  std::visit(Binder{statement_.get(), parameter}, value);
}

void SqliteStatement::bind_value(int parameter, const SqliteStatement& from, int column) {
  sqlite3_bind_value(statement_.get(), parameter,
                     sqlite3_column_value(from.statement_.get(), column));
}

Result<bool> SqliteStatement::step() {
  if (connection_->interrupted_) return cancelled_error();
  const int code = sqlite3_step(statement_.get());
  if (code == SQLITE_ROW) return true;
  const std::optional<Error> error =
      code == SQLITE_DONE ? std::nullopt : std::optional(connection_->failure(code));
  sqlite3_reset(statement_.get());
  if (error) return *error;
  return false;
}

Result<void> SqliteStatement::run() {
  DRAY_ASSIGN(const bool has_row, step());
  if (has_row) sqlite3_reset(statement_.get());
  return {};
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(statement_.get(), column) == SQLITE_NULL;
}

std::string SqliteStatement::text(int column) const {
  sqlite3_stmt* const statement = statement_.get();
  if (sqlite3_column_type(statement, column) == SQLITE_FLOAT) {
    return double_text(sqlite3_column_double(statement, column));
  }
  const char* const declared = sqlite3_column_decltype(statement, column);
  if (declared != nullptr && std::string_view(declared) == "boolean" && !is_null(column)) {
    return sqlite3_column_int(statement, column) == 0 ? "false" : "true";
  }
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, column));
  if (text == nullptr) return "";
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement, column))};
}

QueryColumn SqliteStatement::column(int number) const {
  const char* const declared = sqlite3_column_decltype(statement_.get(), number);
  return {sqlite3_column_name(statement_.get(), number), declared == nullptr ? "" : declared};
}

// --- the connection ------------------------------------------------------------------------------

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const std::string& directory,
                                                                 Access access) {
  std::unique_ptr<SqliteConnection> connection(new SqliteConnection(directory));
  const int flags = access == Access::read_only ? SQLITE_OPEN_READONLY
                                                : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2((directory + "/main.sqlite").c_str(), &handle, flags, nullptr);
  connection->handle_.reset(handle);
  if (code != SQLITE_OK) {
    return config_error(directory + ": " + sqlite3_errmsg(handle), "a directory that is there");
  }
  connection->wait_at_most(usual_wait);
  sqlite3_create_function(handle, "dray_left", 2, SQLITE_UTF8 | SQLITE_DETERMINISTIC, nullptr,
                          left_of_text, nullptr, nullptr);
  if (access == Access::read_only) {
    DRAY_TRY(connection->execute(SqlBuilder("pragma query_only = on").done()));
  }
  return connection;
}

// SQLite's own wait does not end with an interrupt.
void SqliteConnection::wait_at_most(std::chrono::milliseconds time) {
  wait_max_ = time;
  const auto goes_on = [](void* self, int times) {
    constexpr std::chrono::milliseconds pause(10);
    const auto& connection = *static_cast<SqliteConnection*>(self);
    if (connection.interrupted_ || times * pause >= connection.wait_max_) return 0;
    std::this_thread::sleep_for(pause);
    return 1;
  };
  sqlite3_busy_handler(handle(), goes_on, this);
}

Result<void> SqliteConnection::attach_new() {
  std::set<std::string> attached;
  for (int i = 0; const char* const name = sqlite3_db_name(handle(), i); ++i)
    attached.insert(name);
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory_, ignored)) {
    const auto schema = schema_of_file(entry.path().filename().string());
    // One that is empty somebody is about to make.
    if (!schema || attached.contains(*schema) || entry.file_size(ignored) == 0) continue;
    SqlBuilder sql("attach ");
    const Sql attach = std::move(sql.text(entry.path().string()).code(" as ").name(*schema)).done();
    const int code = sqlite3_exec(handle(), attach.text().c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) return failure(code);
  }
  return {};
}

Result<void> SqliteConnection::execute(const Sql& sql) {
  if (interrupted_) return cancelled_error();
  DRAY_TRY(attach_new());
  const int code = sqlite3_exec(handle(), text_for_sqlite(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code);
  return {};
}

Result<SqliteStatement> SqliteConnection::prepare(const Sql& sql) {
  if (interrupted_) return cancelled_error();
  DRAY_TRY(attach_new());
  const std::string text = text_for_sqlite(sql);
  sqlite3_stmt* statement = nullptr;
  const int code = sqlite3_prepare_v2(handle(), text.c_str(), static_cast<int>(text.size()),
                                      &statement, nullptr);
  SqliteStatement prepared(*this);
  prepared.statement_.reset(statement);
  if (code != SQLITE_OK) return failure(code);
  return prepared;
}

Result<QueryResult> SqliteConnection::query(const Sql& sql) {
  DRAY_ASSIGN(SqliteStatement statement, prepare(sql));
  QueryResult result;
  for (int i = 0; i < statement.columns(); ++i)
    result.columns.push_back(statement.column(i));
  while (true) {
    DRAY_ASSIGN(const bool more, statement.step());
    if (!more) return result;
    auto& row = result.rows.emplace_back();
    for (int i = 0; i < statement.columns(); ++i)
      row.push_back(statement.is_null(i) ? std::nullopt : std::optional(statement.text(i)));
  }
}

// Of its own transaction's making, too.
bool SqliteConnection::has_schema(const std::string& schema) {
  SqlBuilder sql("pragma ");
  const auto version = query(std::move(sql.name(schema).code(".user_version")).done());
  return version && !version->rows.empty() && version->rows[0][0] == "1";
}

void SqliteConnection::interrupt() {
  interrupted_ = true;
  sqlite3_interrupt(handle());
}

Error SqliteConnection::failure(int code) const {
  if (interrupted_) return cancelled_error();
  const std::string message = std::string("SQLite: ") + sqlite3_errmsg(handle());
  switch (code & 0xFF) {
    case SQLITE_INTERRUPT:
      return cancelled_error();
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return transient_error(message).with_code(ErrorCode::in_use);
    case SQLITE_CONSTRAINT:
      return config_error(message, "drop what the table asks of its rows")
          .with_code(ErrorCode::constraint);
    case SQLITE_FULL:
      return config_error(message, "free some room").with_code(ErrorCode::disk_full);
    case SQLITE_READONLY:
    case SQLITE_CANTOPEN:
    case SQLITE_IOERR:
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return config_error(message);
    default:
      return internal_error(message);
  }
}

}  // namespace dray
