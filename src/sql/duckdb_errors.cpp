#include "sql/duckdb_errors.h"

#include <algorithm>
#include <cstddef>
#include <typeinfo>

#include "base/guarded.h"
#include "base/text.h"

namespace dray {
namespace {

// Of the threads of a statement that failed one is told; the others' errors are never asked for.
constexpr std::size_t kept_max = 64;

}  // namespace

std::optional<Error> DuckErrors::take(std::string_view message) {
  const std::scoped_lock lock(mutex_);
  const auto named =
      std::ranges::find_if(kept_, [&](const auto& kept) { return contains(message, kept.first); });
  if (named == kept_.end()) return std::nullopt;
  Error error = std::move(named->second);
  kept_.erase(named);
  return error;
}

std::string DuckErrors::keep(Error error) {
  const std::scoped_lock lock(mutex_);
  std::string name = "[error " + std::to_string(++last_) + " of dray]";
  if (kept_.size() == kept_max) kept_.pop_front();
  kept_.emplace_back(name, std::move(error));
  return name;
}

// Of the exception that is being handled.
std::string DuckErrors::keep_caught() {
  try {
    return keep(guarded([]() -> Result<void> { throw; }).error());
  } catch (const std::exception&) {
    return "out of memory";  // and none for more than what a string has in itself
  }
}

bool DuckErrors::is_of_duckdb(const std::exception& problem) {
  return contains(typeid(problem).name(), "6duckdb");  // its namespace, as names are mangled
}

}  // namespace dray
