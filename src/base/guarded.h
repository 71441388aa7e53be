// Exceptions of the standard library, where they must not go further: out of a thread they would
// end the process.
#pragma once

#include <exception>
#include <new>
#include <string>
#include <typeinfo>
#include <utility>

#include "base/result.h"

namespace dray {

// What `work` returns (a Result), or an error in place of what it throws: `config` with the code
// out_of_memory, else `internal`. After one everything that `work` held is gone.
template <typename Work>
auto guarded(Work&& work) -> decltype(work()) {
  try {
    return std::forward<Work>(work)();
  } catch (const std::bad_alloc&) {
    return config_error("out of memory", "a smaller --memory, or a machine with more")
        .with_code(ErrorCode::out_of_memory);
  } catch (const std::exception& problem) {
    // What it says may hold a path or a value; its type says where to look.
    return internal_error(std::string("unexpected: ") + typeid(problem).name());
  }
}

}  // namespace dray
