#include "cli/command_errors.h"

#include <CLI/CLI.hpp>

#include "base/quotable.h"
#include "config/nearest.h"

namespace dray {
namespace {

// The innermost command that was named; `path` becomes {"rejects", "list"}.
const CLI::App& innermost(const CLI::App& root, std::vector<std::string>& path) {
  const CLI::App* app = &root;
  while (!app->get_subcommands().empty()) {
    app = app->get_subcommands().front();
    path.push_back(app->get_name());
  }
  return *app;
}

std::vector<std::string> option_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      names.push_back("--" + name);
    }
  }
  return names;
}

// The option, or argument, that CLI11's message begins with.
std::string named_in(const std::string& message) { return message.substr(0, message.find(':')); }

// "NAME", of --source.
std::string value_name(const CLI::App& app, const std::string& name) {
  const CLI::Option* option = app.get_option_no_throw(name);
  const std::string type = option == nullptr ? "" : option->get_type_name();
  return type.empty() ? "VALUE" : type.substr(0, type.find(':'));
}

// Those texts of CLI11's that name options alone.
std::string safe_text(const CLI::ParseError& error) {
  const bool names_only = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr ||
                          dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr ||
                          dynamic_cast<const CLI::RequiresError*>(&error) != nullptr ||
                          dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr ||
                          dynamic_cast<const CLI::ValidationError*>(&error) != nullptr;
  return names_only ? error.what() : "an option has a value that it does not take";
}

std::string explain(const CLI::App& root, const CLI::ParseError& error, const CLI::App& app) {
  const std::vector<std::string> extras = root.remaining(true);
  const std::string extra = extras.empty() ? "" : extras.front();
  // It may be why something else seems to be missing.
  if (extra.starts_with("-")) {
    const std::string name = quotable_option(extra);
    if (name.empty()) return "unknown option";
    return "unknown option " + name + did_you_mean(name, option_names(app));
  }
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
    const std::string name = named_in(error.what());
    return name + " needs a value: " + name + " " + value_name(app, name);
  }
  if (dynamic_cast<const CLI::ExtrasError*>(&error) == nullptr) return safe_text(error);
  if (!command_names(app).empty()) return unknown("command", extra, command_names(app));
  return extras.size() == 1 ? "one argument too many, the last"
                            : std::to_string(extras.size()) + " arguments too many";
}

}  // namespace

std::vector<std::string> command_names(const CLI::App& app) {
  std::vector<std::string> names;
  for (const CLI::App* child : app.get_subcommands({})) {
    if (!child->get_group().empty()) names.push_back(child->get_name());
  }
  return names;
}

std::vector<std::string> named_commands(const CLI::App& root) {
  std::vector<std::string> names;
  innermost(root, names);
  return names;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& words) {
  const auto nearest = nearest_word(word, words);
  return nearest ? "; did you mean \"" + *nearest + "\"?" : "";
}

std::string unknown(const char* what, const std::string& word,
                    const std::vector<std::string>& words) {
  if (!nearest_word(word, words)) return std::string("unknown ") + what;
  return std::string("unknown ") + what + " \"" + word + "\"" + did_you_mean(word, words);
}

Error usage_error(const CLI::App& root, const CLI::ParseError& error) {
  std::vector<std::string> names;
  const CLI::App& app = innermost(root, names);
  const std::string path = CLI::detail::join(names, " ");
  if (path.empty()) return config_error(explain(root, error, app), "dray --help");
  return config_error(path + ": " + explain(root, error, app), "dray " + path + " --help");
}

}  // namespace dray
