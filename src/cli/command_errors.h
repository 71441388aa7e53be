// What is wrong with a command line, told without repeating what may be a secret.
//
// Pure. Threads: any. Only cli/*.cpp that speak CLI11 include it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cli/cli11.h"

namespace dray {

// The names of the commands below `app` that are shown to people.
std::vector<std::string> command_names(const CLI::App& app);

// The names of the innermost command that was named: {"rejects", "list"}.
std::vector<std::string> named_commands(const CLI::App& root);

// "; did you mean "sync"?", or "" if no word is near.
std::string did_you_mean(const std::string& word, const std::vector<std::string>& words);

// A slip of a known word may be repeated, and nothing else (base/quotable.h).
std::string unknown(const char* what, const std::string& word,
                    const std::vector<std::string>& words);

// The `config` error of a command line that `root` refused to parse.
Error usage_error(const CLI::App& root, const CLI::ParseError& error);

}  // namespace dray
