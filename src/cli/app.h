// The command line: from arguments to one command, a value that says what to do.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "cli/command_tree.h"
#include "cli/exit_code.h"
#include "cli/failure.h"
#include "run/records.h"
#include "run/sync.h"

namespace dray {

// Which sources and which warehouse, and how much of the machine.
struct Selection {
  std::optional<std::string> config_path;  // nothing: dray.yaml, if it is needed
  std::string place;                       // SOURCE; empty: what the configuration says
  std::string warehouse;                   // WAREHOUSE or --warehouse; empty as above
  std::vector<std::string> sources;        // --source; none: all
  std::optional<unsigned> threads;
  std::optional<std::uint64_t> memory_bytes;
  // --wait, for a DuckDB file that another program has open; nothing: as the command has it.
  std::optional<std::chrono::seconds> wait_max;
};

// How a sync shows itself.
struct Presentation {
  OutputForm form = OutputForm::text;
  bool quiet = false;
  bool verbose = false;
  bool progress = true;
  Strict strict = Strict::no;
};

struct SyncCommand {
  Selection selection;
  Presentation presentation;
  SyncMode mode = SyncMode::load;
  std::optional<std::chrono::sys_days> since;
  std::optional<std::chrono::sys_days> until;
  ReloadChanged reload_changed = ReloadChanged::no;
  bool moved = false;
  bool empty_ok = false;
};

struct StatusCommand {
  Selection selection;
  OutputForm form = OutputForm::text;
  bool check = false;                                 // the exit code tells whether all is well
  std::optional<std::chrono::seconds> max_age;        // of the last run
  std::optional<std::chrono::seconds> max_event_age;  // of the newest event
  std::optional<std::uint64_t> max_rejects;           // open ones of a source
};

struct HistoryCommand {
  Selection selection;
  OutputForm form = OutputForm::text;
  std::string run;  // empty: all of them
  std::uint64_t limit = 20;
};

struct RejectsCommand {
  enum class Action { list, show, retry };
  Action action = Action::list;
  Selection selection;
  Presentation presentation;
  RejectFilter filter;  // its source stays empty: selection has it
  std::optional<std::uint64_t> limit;
};

// What is set aside, and what a person does about it.
struct ObjectsCommand {
  enum class Action { list, skip, unskip };
  Action action = Action::list;
  Selection selection;
  OutputForm form = OutputForm::text;
  std::vector<std::string> keys;
  std::string reason;
};

struct QueryCommand {
  Selection selection;
  std::string sql;
  OutputForm form = OutputForm::text;
  bool crlf = false;  // of CSV
};

struct InitCommand {
  std::string path = "dray.yaml";
  bool force = false;
};

struct CompletionCommand {
  std::string shell;
};

// The completion scripts ask for names that only a configuration or a warehouse knows.
struct WordsCommand {
  std::string kind;  // sources, runs
};

// Editors read the settings so, and the documents of the project itself.
struct SettingsCommand {
  std::string document;  // template, schema, reference
};

struct VersionCommand {
  OutputForm form = OutputForm::text;
};

using Command = std::variant<SyncCommand, StatusCommand, HistoryCommand, RejectsCommand,
                             ObjectsCommand, QueryCommand, InitCommand, CompletionCommand,
                             WordsCommand, SettingsCommand, VersionCommand>;

// Help was asked for: print it and be done.
struct HelpText {
  std::string text;
  int exit_code = exit_success;
};

// `arguments` without the program's name. An error is `config`: the command line is wrong.
Result<std::variant<Command, HelpText>> parse_command_line(
    const std::vector<std::string>& arguments, std::chrono::sys_days today);

// All commands and options.
CommandNode command_tree();

}  // namespace dray
