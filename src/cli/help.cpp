#include <algorithm>
#include <string_view>

#include "cli/command_tree.h"

namespace dray {
namespace {

constexpr std::size_t line_columns_max = 90;
constexpr std::size_t doc_column = 28;

std::string usage_of(const std::vector<const CommandNode*>& path) {
  std::string out = "Usage:";
  for (const CommandNode* command : path) {
    out += ' ' + command->name;
  }
  const CommandNode& command = *path.back();
  if (!command.commands.empty()) out += path.size() == 1 ? " COMMAND" : " [COMMAND]";
  for (const OptionNode& positional : command.positionals) {
    const std::string& name = positional.names.front();
    out += positional.required ? " " + name : " [" + name + "]";
  }
  for (const OptionNode& option : command.options) {
    if (option.required) out += " " + option.names.back() + " " + option.value;
  }
  return out + " [OPTIONS]\n";
}

// `left`, then `doc` from its column on, broken between words.
std::string entry(const std::string& left, std::string_view doc) {
  std::string out;
  std::string line = "  " + left;
  if (line.size() + 2 > doc_column) {
    out = line + "\n";
    line.clear();
  }
  line.resize(doc_column, ' ');
  bool first = true;
  while (!doc.empty()) {
    const std::size_t end = std::min(doc.find(' '), doc.size());
    if (!first && line.size() + 1 + end > line_columns_max) {
      out += line + "\n";
      line.assign(doc_column, ' ');
      first = true;
    }
    if (!first) line += ' ';
    line += doc.substr(0, end);
    first = false;
    doc.remove_prefix(std::min(end + 1, doc.size()));
  }
  return out + line + "\n";
}

std::string option_names(const OptionNode& option) {
  std::string out = option.names.front().starts_with("--") ? "    " : "";
  for (std::size_t i = 0; i < option.names.size(); ++i) {
    if (i > 0) out += ", ";
    out += option.names[i];
  }
  if (!option.value.empty()) out += ' ' + option.value;
  return out;
}

}  // namespace

std::string help_text(const std::vector<const CommandNode*>& path) {
  const CommandNode& command = *path.back();
  std::string out = command.doc + "\n\n" + usage_of(path);
  if (!command.positionals.empty()) out += "\n";
  for (const OptionNode& positional : command.positionals) {
    out += entry(positional.names.front(), positional.doc);
  }
  if (!command.commands.empty()) out += "\nCommands:\n";
  for (const CommandNode& child : command.commands) {
    if (!child.hidden) out += entry(child.name, child.doc);
  }
  out += "\nOptions:\n";
  for (const OptionNode& option : command.options) {
    out += entry(option_names(option), option.doc);
  }
  if (!command.examples.empty()) out += "\n" + command.examples;
  return out;
}

std::vector<std::string> choices_of(const std::string& value) {
  std::vector<std::string> choices;
  if (value.find('|') == std::string::npos) return choices;
  for (std::size_t at = 0; at <= value.size();) {
    const std::size_t end = std::min(value.find('|', at), value.size());
    choices.push_back(value.substr(at, end - at));
    at = end + 1;
  }
  return choices;
}

}  // namespace dray
