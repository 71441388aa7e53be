#include "cli/command_node.h"

#include <CLI/CLI.hpp>
#include <string>

namespace dray {
namespace {

OptionNode option_node(const CLI::Option& option) {
  OptionNode node;
  const std::string type = option.get_type_name();
  // A check adds its own words behind a colon.
  const std::string value = type.substr(0, type.find(':'));
  node.doc = option.get_description();
  node.required = option.get_required() || option.get_group() == required_group;
  if (option.get_positional()) {
    node.names.push_back(option.get_name(true, false));
    node.value = value;
    return node;
  }
  for (const std::string& name : option.get_snames()) {
    node.names.push_back("-" + name);
  }
  for (const std::string& name : option.get_lnames()) {
    node.names.push_back("--" + name);
  }
  if (option.get_expected_max() > 0 && option.get_type_size() > 0) {
    node.value = value;
  }
  return node;
}

}  // namespace

CommandNode command_node(const CLI::App& app) {
  CommandNode node;
  node.name = app.get_name();
  node.doc = app.get_description();
  node.examples = app.get_footer();
  node.hidden = app.get_parent() != nullptr && app.get_group().empty();
  for (const CLI::Option* option : app.get_options()) {
    (option->get_positional() ? node.positionals : node.options).push_back(option_node(*option));
  }
  for (const CLI::App* child : app.get_subcommands({})) {
    node.commands.push_back(command_node(*child));
  }
  return node;
}

}  // namespace dray
