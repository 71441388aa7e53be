// Completion scripts, generated from the command line itself.
#pragma once

#include <string>

#include "cli/command_tree.h"

namespace dray {

// `shell` is bash, zsh or fish. The script completes commands, options, and the values of options
// that are files, directories or words to choose from.
std::string completion_script(const std::string& shell, const CommandNode& root);

}  // namespace dray
