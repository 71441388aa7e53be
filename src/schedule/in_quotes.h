// How a message repeats what a person wrote for a schedule.
//
// A pure function.
#pragma once

#include <string>
#include <string_view>

namespace dray {

// The text in quotation marks: valid UTF-8 in one line, and cut after 80 bytes, with "..." for what
// was left out.
std::string in_quotes(std::string_view text);

}  // namespace dray
