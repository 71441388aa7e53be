#include "cli/completion.h"

#include <gtest/gtest.h>

#include "cli/app.h"

namespace dray {
namespace {

class Completion : public ::testing::TestWithParam<const char*> {};

void expect_everything(const std::string& script, const CommandNode& command, bool fish) {
  for (const OptionNode& option : command.options) {
    for (const std::string& name : option.names) {
      const bool is_long = name.starts_with("--");
      const std::string wanted =
          !fish ? name : (is_long ? "-l " + name.substr(2) : "-s " + name.substr(1));
      EXPECT_NE(script.find(wanted), std::string::npos) << wanted;
    }
  }
  for (const CommandNode& child : command.commands) {
    if (child.hidden) continue;
    EXPECT_NE(script.find(child.name), std::string::npos) << child.name;
    expect_everything(script, child, fish);
  }
}

TEST_P(Completion, KnowsEveryCommandAndOption) {
  const std::string shell = GetParam();
  const CommandNode root = command_tree();
  expect_everything(completion_script(shell, root), root, shell == "fish");
}

TEST_P(Completion, LeavesHiddenCommandsOut) {
  CommandNode root;
  root.name = "dray";
  for (const char* name : {"offered", "unlisted"})
    root.commands.emplace_back().name = name;
  root.commands.back().hidden = true;
  const std::string script = completion_script(GetParam(), root);
  EXPECT_NE(script.find("offered"), std::string::npos);
  EXPECT_EQ(script.find("unlisted"), std::string::npos);
}

TEST_P(Completion, QuotesWhatAShellWouldRead) {
  CommandNode root;
  root.name = "dray";
  root.options.push_back({{"--x"}, "", "It's $HOME `id`.", false});
  const std::string script = completion_script(GetParam(), root);
  const std::string shell = GetParam();
  if (shell == "zsh") {
    EXPECT_NE(script.find("'--x:It'\\''s $HOME `id`.'"), std::string::npos);
  }
  if (shell == "fish") {
    EXPECT_NE(script.find("'It\\'s $HOME `id`.'"), std::string::npos);
  }
}

INSTANTIATE_TEST_SUITE_P(Shells, Completion, ::testing::Values("bash", "zsh", "fish"),
                         [](const auto& shell) { return std::string(shell.param); });

}  // namespace
}  // namespace dray
