// What -v shows: each step, statement and request on a line of its own.
#pragma once

#include <string>
#include <string_view>

#include "base/trace.h"
#include "cli/environment.h"

namespace dray {

// A statement or request on one line, without what may be a secret or somebody's data: text between
// quotes becomes '...'; what is very long is cut. Pure.
std::string trace_text(std::string_view statement);

// Writes to stderr, with the seconds since it was made.
Trace verbose_trace(const Environment& environment);

}  // namespace dray
