#include "cli/app.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>

namespace dray {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::sys_days today = 2026y / 3 / 1;

template <typename T>
T parsed(const std::vector<std::string>& arguments) {
  auto result = parse_command_line(arguments, today);
  EXPECT_TRUE(result.ok()) << result.error().text();
  if (!result.ok()) return {};
  auto* command = std::get_if<Command>(&*result);
  if (command == nullptr || !std::holds_alternative<T>(*command)) {
    ADD_FAILURE() << "another command";
    return {};
  }
  return std::get<T>(*command);
}

std::string error_of(const std::vector<std::string>& arguments) {
  const auto result = parse_command_line(arguments, today);
  if (result.ok()) return "(no error)";
  EXPECT_EQ(result.error().cause, Cause::config);
  return result.error().text();
}

HelpText help_of(const std::vector<std::string>& arguments) {
  const auto result = parse_command_line(arguments, today);
  EXPECT_TRUE(result.ok()) << result.error().text();
  const auto* help = result.ok() ? std::get_if<HelpText>(&*result) : nullptr;
  EXPECT_NE(help, nullptr);
  return help == nullptr ? HelpText{} : *help;
}

TEST(CommandLine, SyncWithoutAnythingTakesTheConfiguration) {
  const auto sync = parsed<SyncCommand>({"sync"});
  EXPECT_EQ(sync.mode, SyncMode::load);
  EXPECT_FALSE(sync.selection.config_path);
  EXPECT_EQ(sync.selection.place, "");
  EXPECT_EQ(sync.selection.warehouse, "");
  EXPECT_TRUE(sync.selection.sources.empty());
  EXPECT_FALSE(sync.since);
  EXPECT_EQ(sync.reload_changed, ReloadChanged::no);
  EXPECT_FALSE(sync.moved);
  EXPECT_EQ(sync.presentation.form, OutputForm::text);
  EXPECT_EQ(sync.presentation.strict, Strict::no);
  EXPECT_TRUE(sync.presentation.progress);
}

TEST(CommandLine, SyncTakesEverything) {
  const auto sync = parsed<SyncCommand>({"sync", "./logs", "duckdb:x", "--source", "shop",
                                         "--since", "2026-01-31", "--until=7d", "--reload-changed",
                                         "--moved", "--strict", "--threads", "3", "--memory",
                                         "2GiB", "--json", "--quiet", "--no-progress"});
  EXPECT_EQ(sync.selection.place, "./logs");
  EXPECT_EQ(sync.selection.warehouse, "duckdb:x");
  EXPECT_EQ(sync.selection.sources, std::vector<std::string>{"shop"});
  EXPECT_EQ(sync.since, std::chrono::sys_days(2026y / 1 / 31));
  EXPECT_EQ(sync.until, std::chrono::sys_days(2026y / 2 / 22));
  EXPECT_EQ(sync.reload_changed, ReloadChanged::yes);
  EXPECT_TRUE(sync.moved);
  EXPECT_EQ(sync.presentation.strict, Strict::yes);
  EXPECT_EQ(sync.selection.threads, 3u);
  EXPECT_EQ(sync.selection.memory_bytes, 2ULL << 30);
  EXPECT_EQ(sync.presentation.form, OutputForm::json);
  EXPECT_TRUE(sync.presentation.quiet);
  EXPECT_FALSE(sync.presentation.progress);
}

TEST(CommandLine, OptionsMayStandBeforeArguments) {
  const auto sync = parsed<SyncCommand>({"sync", "--source", "a", "./logs", "duckdb:x"});
  EXPECT_EQ(sync.selection.sources, std::vector<std::string>{"a"});
  EXPECT_EQ(sync.selection.place, "./logs");
}

TEST(CommandLine, SourcesMayBeRepeated) {
  const auto sync = parsed<SyncCommand>({"sync", "--source", "a", "--source", "b"});
  EXPECT_EQ(sync.selection.sources, (std::vector<std::string>{"a", "b"}));
}

TEST(CommandLine, ADirectoryMayBeCalledLikeACommand) {
  EXPECT_EQ(parsed<SyncCommand>({"sync", "plan", "duckdb:x"}).selection.place, "plan");
}

TEST(CommandLine, PlanIsADryRun) {
  EXPECT_EQ(parsed<SyncCommand>({"plan", "a", "duckdb:x"}).mode, SyncMode::plan);
  EXPECT_EQ(parsed<SyncCommand>({"sync", "--dry-run"}).mode, SyncMode::plan);
}

TEST(CommandLine, StatusAndHistory) {
  EXPECT_EQ(parsed<StatusCommand>({"status", "--warehouse", "duckdb:x"}).selection.warehouse,
            "duckdb:x");
  EXPECT_EQ(parsed<StatusCommand>({"status", "--config", "f"}).selection.config_path, "f");
  EXPECT_EQ(parsed<HistoryCommand>({"history"}).limit, 20u);
  const auto history = parsed<HistoryCommand>({"history", "2026", "--limit", "5", "--json"});
  EXPECT_EQ(history.run, "2026");
  EXPECT_EQ(history.limit, 5u);
  EXPECT_EQ(history.form, OutputForm::json);
}

TEST(CommandLine, RejectsAreListedUnlessSaidOtherwise) {
  EXPECT_EQ(parsed<RejectsCommand>({"rejects"}).action, RejectsCommand::Action::list);
  EXPECT_EQ(parsed<RejectsCommand>({"rejects", "list"}).action, RejectsCommand::Action::list);
  EXPECT_EQ(parsed<RejectsCommand>({"rejects", "retry"}).action, RejectsCommand::Action::retry);
  const auto show = parsed<RejectsCommand>({"rejects", "show", "--source", "shop", "--run", "r",
                                            "--reason", "not_json", "--table", "t", "--object", "o",
                                            "--limit", "7", "--json"});
  EXPECT_EQ(show.action, RejectsCommand::Action::show);
  EXPECT_EQ(show.selection.sources, std::vector<std::string>{"shop"});
  EXPECT_EQ(show.filter.run_id, "r");
  EXPECT_EQ(show.filter.reason, "not_json");
  EXPECT_EQ(show.filter.table_name, "t");
  EXPECT_EQ(show.filter.object, "o");
  EXPECT_EQ(show.limit, 7u);
  EXPECT_EQ(show.presentation.form, OutputForm::json);
}

TEST(CommandLine, Query) {
  const auto query = parsed<QueryCommand>({"query", "duckdb:x", "select 1", "--csv"});
  EXPECT_EQ(query.selection.warehouse, "duckdb:x");
  const auto of_the_configuration = parsed<QueryCommand>({"query", "select 1", "--config", "y"});
  EXPECT_EQ(of_the_configuration.selection.warehouse, "");
  EXPECT_EQ(of_the_configuration.sql, "select 1");
  EXPECT_EQ(query.sql, "select 1");
  EXPECT_EQ(query.form, OutputForm::csv);
  EXPECT_EQ(parsed<QueryCommand>({"query", "duckdb:x", "--", "-- a comment\nselect 1"}).sql,
            "-- a comment\nselect 1");
}

TEST(CommandLine, TheSmallCommands) {
  EXPECT_EQ(parsed<InitCommand>({"init"}).path, "dray.yaml");
  EXPECT_TRUE(parsed<InitCommand>({"init", "--config", "a.yaml", "--force"}).force);
  EXPECT_EQ(parsed<CompletionCommand>({"completion", "zsh"}).shell, "zsh");
  EXPECT_EQ(parsed<SettingsCommand>({"settings", "schema"}).document, "schema");
  EXPECT_EQ(parsed<VersionCommand>({"version", "--json"}).form, OutputForm::json);
  EXPECT_EQ(parsed<VersionCommand>({"--version"}).form, OutputForm::text);
}

TEST(CommandLine, ErrorsSayWhatToTry) {
  EXPECT_EQ(error_of({"snyc"}),
            "unknown command \"snyc\"; did you mean \"sync\"?\ntry: dray --help");
  EXPECT_EQ(error_of({"--jsn"}), "unknown option --jsn\ntry: dray --help");
  EXPECT_EQ(error_of({"sync", "--thread", "2"}),
            "sync: unknown option --thread; did you mean \"--threads\"?\ntry: dray sync --help");
  EXPECT_EQ(error_of({"sync", "--tread=2"}),
            "sync: unknown option --tread; did you mean \"--threads\"?\ntry: dray sync --help");
  EXPECT_EQ(error_of({"sync", "a", "b", "c"}),
            "sync: one argument too many, the last\ntry: dray sync --help");
  EXPECT_EQ(error_of({"sync", "--threads", "-1"}),
            "sync: --threads: is not a whole number from 0 to 1024\ntry: dray sync --help");
  EXPECT_EQ(error_of({"sync", "--memory", "1KB"}),
            "sync: --memory: is not a size of 256 MiB or more; write it like 512MB or 2GiB"
            "\ntry: dray sync --help");
  EXPECT_EQ(error_of({"sync", "--since", "2026-02-30"}),
            "sync: --since: is not a day; write it like 2026-01-31, yesterday or 7d"
            "\ntry: dray sync --help");
  EXPECT_EQ(error_of({"rejects", "lst"}),
            "rejects: unknown command \"lst\"; did you mean \"list\"?\ntry: dray rejects --help");
  EXPECT_EQ(error_of({"rejects", "show", "--limit", "0"}),
            "rejects show: --limit: is not a whole number from 1 to 1000000000"
            "\ntry: dray rejects show --help");
  EXPECT_EQ(error_of({"query", "duckdb:x"}), "query: SQL is required\ntry: dray query --help");
  EXPECT_EQ(error_of({"help", "snyc"}),
            "help: unknown command \"snyc\"; did you mean \"sync\"?\ntry: dray --help");
}

TEST(CommandLine, AnUnknownOptionIsToldBeforeWhatItMadeMissing) {
  EXPECT_EQ(error_of({"query", "--bogus"}),
            "query: unknown option --bogus\ntry: dray query --help");
}

TEST(CommandLine, TwoFormsAreOneTooMany) {
  EXPECT_NE(error_of({"query", "a", "b", "--json", "--csv"}).find("excludes"), std::string::npos);
}

TEST(CommandLine, HelpIsSuccessWhenAskedFor) {
  EXPECT_EQ(help_of({"--help"}).exit_code, exit_success);
  EXPECT_EQ(help_of({"help"}).text, help_of({"-h"}).text);
  EXPECT_EQ(help_of({"help", "sync"}).text, help_of({"sync", "--help"}).text);
  EXPECT_EQ(help_of({"help", "rejects", "show"}).text, help_of({"rejects", "show", "-h"}).text);
  EXPECT_EQ(help_of({"help", "help"}).text, help_of({"help", "-h"}).text);
  EXPECT_EQ(help_of({}).exit_code, exit_usage);
  EXPECT_EQ(help_of({}).text, help_of({"help"}).text);
}

// Every command of the tree, with its path from the root.
void visit(const std::vector<const CommandNode*>& path,
           const std::function<void(const std::vector<const CommandNode*>&)>& each) {
  each(path);
  for (const CommandNode& child : path.back()->commands) {
    auto next = path;
    next.push_back(&child);
    visit(next, each);
  }
}

TEST(CommandTree, HelpFitsATerminalAndTellsOfEverything) {
  const CommandNode root = command_tree();
  visit({&root}, [](const auto& path) {
    const std::string text = help_text(path);
    for (const OptionNode& option : path.back()->options) {
      EXPECT_NE(text.find(option.names.back()), std::string::npos);
      EXPECT_TRUE(option.doc.ends_with('.')) << path.back()->name << " " << option.names.back();
    }
    for (std::size_t at = 0; at < text.size();) {
      const std::size_t end = std::min(text.find('\n', at), text.size());
      EXPECT_LE(end - at, 100u) << text.substr(at, end - at);
      at = end + 1;
    }
  });
}

TEST(CommandTree, ChoicesAreKnownToCompletion) {
  const CommandNode root = command_tree();
  const auto completion = std::ranges::find(root.commands, "completion", &CommandNode::name);
  ASSERT_NE(completion, root.commands.end());
  EXPECT_EQ(choices_of(completion->positionals.at(0).value),
            (std::vector<std::string>{"bash", "zsh", "fish"}));
}

}  // namespace
}  // namespace dray
