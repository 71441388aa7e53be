// Errors as a person and a script see them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/environment.h"

namespace dray {

enum class OutputForm { text, json, csv };

// "dray: error: ..." and "try: ..." on stderr; under --json an object on stdout as well. Where
// stderr cannot be written, text is told on stdout. Returns the exit code. `source` is the one it
// is about, or empty.
int tell_failure(const Environment& environment, OutputForm form, const Error& error,
                 std::string_view source = "");

}  // namespace dray
