// Errors as values: a function that may fail returns Result<T>.
//
// Threads: values, no shared state.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace dray {

// What the caller does next, decided where errno, an HTTP status or an SQLSTATE is still in hand.
enum class Cause {
  transient,  // The same call may work later. The run retries it.
  bad_data,   // One line or object cannot be used. The run records it and goes on.
  config,     // A person has to change something. The run stops and says what.
  in_doubt,   // The warehouse may or may not have committed. Read the ledger first.
  cancelled,  // Somebody asked to stop. Nothing half-done is left behind.
  internal,   // A state that the program believed impossible, or the machine failed us.
};

std::string_view to_string(Cause cause);

// What a program tells errors of one cause apart by.
enum class ErrorCode {
  none,                 // Its cause says all.
  overtaken,            // Another sync was quicker, and this one has left nothing behind.
  begin_again,          // What stood in the way is out of it: the run may begin anew.
  disk_full,            // A disk of this machine or of the server.
  out_of_memory,        // Of what the process was allowed, or of the server's.
  missing_right,        // The remedy is the GRANT.
  missing_table_right,  // Likewise, on one table: what needs no more than the others may go on.
  constraint,           // A row breaks what somebody has asked of a table.
  reference,            // Likewise a foreign key: what a row refers to may come with another table.
  own_constraint,       // Likewise, on a table of Dray's own: that is about the whole load.
  in_use,               // Another session or program holds what is needed.
  not_connected,        // The server could not be reached, or let nobody in.
};

// A missing right has one name, whatever it is on, and so has a constraint.
std::string_view to_string(ErrorCode code);

// Who has to act before the same call can succeed.
enum class Actor {
  nobody,      // The next run finds out by itself.
  user,        // Whoever runs Dray: a flag, a setting, a file.
  admin,       // Whoever may change the warehouse: a right, a constraint, a session, its disk.
  sender,      // Whoever sends the events.
  developers,  // Dray's own: it is a bug.
};

std::string_view to_string(Actor actor);

// A value. None of its texts holds a secret or, unless a person typed it, a value of a row.
struct Error {
  Cause cause = Cause::internal;
  // What happened and where, from the outside in: "load orders: insert: disk full". A line that
  // begins with two blanks belongs to the one before it.
  std::string message;
  // What to do, in the imperative and often a command to copy; "" where nobody knows.
  std::string remedy{};
  ErrorCode code = ErrorCode::none;
  std::string sqlstate{};  // as a server gave it; "" from elsewhere
  // Of an error that ended a run: some tables may have their new rows already, and the next sync
  // adds the rest.
  bool is_partly_loaded = false;

  // The same error, seen from one step further out.
  Error within(std::string_view context) &&;
  Error with_code(ErrorCode what) &&;
  Error with_cause(Cause what) &&;

  Actor actor() const;
  // Message and remedy, for a person: "disk full\ntry: free some room".
  std::string text() const;
};

// Whether a row breaks what somebody has asked of a table.
inline bool is_refusal(const Error& error) {
  return error.code == ErrorCode::constraint || error.code == ErrorCode::reference;
}

inline Error transient_error(std::string message, std::string remedy = {}) {
  return {Cause::transient, std::move(message), std::move(remedy)};
}
inline Error bad_data_error(std::string message) { return {Cause::bad_data, std::move(message)}; }
inline Error config_error(std::string message, std::string remedy = {}) {
  return {Cause::config, std::move(message), std::move(remedy)};
}
inline Error internal_error(std::string message, std::string remedy = {}) {
  return {Cause::internal, std::move(message), std::move(remedy)};
}
inline Error in_doubt_error(std::string message) { return {Cause::in_doubt, std::move(message)}; }
inline Error cancelled_error() { return {Cause::cancelled, "stopped on request"}; }

// A value or an error. Reading the one that is not there is a bug and aborts.
template <typename T>
class [[nodiscard]] Result {
 public:
  Result(T value) : state_(std::in_place_index<0>, std::move(value)) {}      // NOLINT: implicit
  Result(Error error) : state_(std::in_place_index<1>, std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return state_.index() == 0; }
  explicit operator bool() const { return ok(); }

  T& value() & { return *checked(std::get_if<0>(&state_)); }
  const T& value() const& { return *checked(std::get_if<0>(&state_)); }
  T&& value() && { return std::move(*checked(std::get_if<0>(&state_))); }
  T& operator*() & { return value(); }
  const T& operator*() const& { return value(); }
  T* operator->() { return &value(); }
  const T* operator->() const { return &value(); }

  Error& error() & { return *checked(std::get_if<1>(&state_)); }
  const Error& error() const& { return *checked(std::get_if<1>(&state_)); }
  Error&& error() && { return std::move(*checked(std::get_if<1>(&state_))); }

 private:
  template <typename P>
  static P checked(P pointer) {
    if (pointer == nullptr) std::abort();
    return pointer;
  }
  std::variant<T, Error> state_;
};

template <>
class [[nodiscard]] Result<void> {
 public:
  Result() = default;
  Result(Error error) : error_(std::move(error)) {}  // NOLINT: implicit

  bool ok() const { return !error_.has_value(); }
  explicit operator bool() const { return ok(); }
  Error& error() & {
    if (!error_) std::abort();
    return *error_;
  }
  const Error& error() const& {
    if (!error_) std::abort();
    return *error_;
  }
  Error&& error() && {
    if (!error_) std::abort();
    return std::move(*error_);
  }

 private:
  std::optional<Error> error_;
};

}  // namespace dray

#define DRAY_CONCAT_INNER(a, b) a##b
#define DRAY_CONCAT(a, b) DRAY_CONCAT_INNER(a, b)

// Returns the error of `expression` from the enclosing function, if it has one.
#define DRAY_TRY(expression)                                          \
  do {                                                                \
    if (auto dray_try_result = (expression); !dray_try_result.ok()) { \
      return std::move(dray_try_result).error();                      \
    }                                                                 \
  } while (false)

// DRAY_ASSIGN(const auto x, f()): x is f()'s value, or the enclosing function returns f()'s error.
#define DRAY_ASSIGN(declaration, expression) \
  DRAY_ASSIGN_INNER(DRAY_CONCAT(dray_assign_, __LINE__), declaration, expression)
#define DRAY_ASSIGN_INNER(name, declaration, expression) \
  auto name = (expression);                              \
  if (!name.ok()) return std::move(name).error();        \
  declaration = std::move(name).value()

// A bug, not an input. On in release builds too.
#define DRAY_ASSERT(condition)                                               \
  do {                                                                       \
    if (!(condition)) ::dray::assert_failed(#condition, __FILE__, __LINE__); \
  } while (false)

namespace dray {
[[noreturn]] void assert_failed(const char* condition, const char* file, int line);
}  // namespace dray
