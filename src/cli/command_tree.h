// What the command line offers, as data: help texts and shell completion are both made from it, and
// it is read off the parser itself, so that neither can be out of date.
#pragma once

#include <string>
#include <vector>

namespace dray {

struct OptionNode {
  std::vector<std::string> names;  // "-h", "--help"; a positional has one, without dashes
  std::string value;               // "SIZE"; empty for a flag
  std::string doc;
  bool required = false;
};

struct CommandNode {
  std::string name;
  std::string doc;
  std::string examples;  // lines for the end of its help
  bool hidden = false;
  std::vector<OptionNode> positionals;
  std::vector<OptionNode> options;
  std::vector<CommandNode> commands;
};

// The help text of the command at the end of `path` (from the root; never empty).
std::string help_text(const std::vector<const CommandNode*>& path);

// "bash|zsh|fish" as the values a person can choose from; empty when `value` is no such list.
std::vector<std::string> choices_of(const std::string& value);

}  // namespace dray
