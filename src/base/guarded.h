// Exceptions of the standard library, where they must not go further: out of a thread they would
// end the process.
#pragma once

#include <exception>
#include <filesystem>
#include <new>
#include <string>
#include <system_error>
#include <typeinfo>
#include <utility>

#include "base/result.h"

namespace dray {

// What `work` returns (a Result), or an error in place of what it throws: `config` where the
// machine refuses something (memory, with the code out_of_memory; a thread), else `internal`. After
// one everything that `work` held is gone.
template <typename Work>
auto guarded(Work&& work) -> decltype(work()) {
  try {
    return std::forward<Work>(work)();
  } catch (const std::bad_alloc&) {
    return config_error("out of memory", "a smaller --memory, or a machine with more")
        .with_code(ErrorCode::out_of_memory);
  } catch (const std::filesystem::filesystem_error& problem) {
    // Its own text has the path, and nobody knows what that is (base/quotable.h).
    return internal_error("unexpected: a file: " + problem.code().message());
  } catch (const std::system_error& problem) {
    return config_error(
        "the system refuses a thread or another resource: " + problem.code().message(),
        "fewer --threads, or a higher limit (ulimit -a shows them)");
  } catch (const std::exception& problem) {
    // What it says may hold a path or a value; its type says where to look.
    return internal_error(std::string("unexpected: ") + typeid(problem).name());
  }
}

}  // namespace dray
