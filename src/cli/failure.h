// Errors as a person and a script see them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "cli/environment.h"

namespace dray {

enum class OutputForm { text, json, csv };

// "dray: error: ..." and "try: ..." on stderr; where it cannot be written, on stdout, unless that
// is JSON. `source` is the one it is about, or empty.
void print_failure(const Environment& environment, OutputForm form, const Error& error,
                   std::string_view source = "");

// The same, and under --json an object on stdout. Returns the exit code.
int tell_failure(const Environment& environment, OutputForm form, const Error& error,
                 std::string_view source = "");

}  // namespace dray
