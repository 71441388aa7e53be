// Messages of several lines, as engines and servers write them.
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace dray {

// The same lines without the empty ones; from the second on each begins with two blanks, by which
// whoever prints an error knows that it goes on. Tabs become blanks.
std::string continued_lines(std::string_view text);

// For a place that has one line: the lines with a blank between them, runs of blanks as one.
std::string in_one_line(std::string_view text);

}  // namespace dray
