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

struct Error {
  Cause cause = Cause::internal;
  // Reads from the outside in: "load orders: insert: disk full". Holds no secret.
  std::string message;

  // The same error, seen from one step further out.
  Error within(std::string_view context) &&;
};

inline Error transient_error(std::string message) { return {Cause::transient, std::move(message)}; }
inline Error bad_data_error(std::string message) { return {Cause::bad_data, std::move(message)}; }
inline Error config_error(std::string message) { return {Cause::config, std::move(message)}; }
inline Error internal_error(std::string message) { return {Cause::internal, std::move(message)}; }
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
