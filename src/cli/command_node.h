// The tree of commands, read off the parser.
//
// Pure. Threads: any. Only cli/*.cpp that speak CLI11 include it.
#pragma once

#include "cli/cli11.h"
#include "cli/command_tree.h"

namespace dray {

// The group of an option that our own check requires, because CLI11 cannot.
inline constexpr const char* required_group = "Required";

CommandNode command_node(const CLI::App& app);

}  // namespace dray
