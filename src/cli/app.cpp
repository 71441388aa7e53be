#include "cli/app.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "app/address.h"
#include "cli/command_errors.h"
#include "cli/command_node.h"
#include "cli/common_options.h"
#include "cli/selection.h"
#include "config/values.h"
#include "model/reject.h"

namespace dray {
namespace {

constexpr const char* root_doc =
    "dray hauls raw event logs (gzipped, newline-delimited JSON) to the tables of a warehouse.";
constexpr const char* root_examples =
    "Examples:\n"
    "  dray sync ./logs duckdb:warehouse.duckdb   load what is new in ./logs\n"
    "  dray plan ./logs duckdb:warehouse.duckdb   show what that would do\n"
    "  dray init                                  write a dray.yaml to go on with\n"
    "\n"
    "Exit codes: 0 success, 1 failure, 2 command line or configuration, 3 partial,\n"
    "4 done, but its output could not be written, 5 another program has the DuckDB file open.\n"
    "`dray help COMMAND` tells more.\n";

std::vector<std::string> reject_reasons() {
  std::vector<std::string> reasons;
  for (std::uint8_t code = 0;; ++code) {
    std::string name(to_string(static_cast<RejectReason>(code)));
    // Beyond the last one the first is told.
    if (code > 0 && name == reasons.front()) return reasons;
    reasons.push_back(std::move(name));
  }
}

// CLI11's own check repeats what it was given.
CLI::Validator one_of(const std::vector<std::string>& words) {
  return {[words](std::string& given) {
            const bool is_known = std::ranges::find(words, given) != words.end();
            return is_known ? std::string() : "is none of " + CLI::detail::join(words, ", ");
          },
          ""};
}

// Builds the parser around the commands' structs, which it fills while it parses.
class Parser {
 public:
  explicit Parser(std::chrono::sys_days today);
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  Result<std::variant<Command, HelpText>> parse(std::vector<std::string> arguments);
  const CLI::App& root() const { return root_; }

 private:
  CLI::App* command(CLI::App& parent, const char* name, const char* doc, const char* examples);
  void add_sync(SyncCommand& sync, CLI::App& app);
  void add_status();
  void add_history();
  void add_rejects();
  void add_reject_options(CLI::App& app);
  void add_objects();
  void add_object_options(CLI::App& app);
  void add_small_commands();

  std::optional<Command> chosen() const;
  Result<std::variant<Command, HelpText>> help(const std::vector<std::string>& names,
                                               int exit_code) const;

  std::chrono::sys_days today_;
  CLI::App root_{root_doc, "dray"};
  SyncCommand sync_;
  SyncCommand plan_;
  StatusCommand status_;
  HistoryCommand history_;
  RejectsCommand rejects_;
  ObjectsCommand objects_;
  QueryCommand query_;
  InitCommand init_;
  CompletionCommand completion_;
  WordsCommand words_;
  SettingsCommand settings_;
  VersionCommand version_;
  std::vector<std::string> help_path_;
  bool dry_run_ = false;
  bool version_wanted_ = false;
};

Parser::Parser(std::chrono::sys_days today) : today_(today) {
  root_.set_help_flag("-h,--help", "Show this help.");
  root_.add_flag("--version", version_wanted_, "Show the version.");
  root_.footer(root_examples);
  root_.require_subcommand(0, 1);
  add_sync(sync_, *command(root_, "sync", "Load what is new.",
                           "Examples:\n"
                           "  dray sync ./logs duckdb:warehouse.duckdb\n"
                           "  dray sync --source shop --since 2026-01-01\n"));
  plan_.mode = SyncMode::plan;
  add_sync(plan_, *command(root_, "plan",
                           "Show what a sync would do: objects, rows, changes. Changes nothing.",
                           "Example:\n  dray plan ./logs duckdb:warehouse.duckdb\n"));
  add_status();
  add_history();
  add_rejects();
  add_objects();
  add_small_commands();
}

CLI::App* Parser::command(CLI::App& parent, const char* name, const char* doc,
                          const char* examples) {
  CLI::App* app = parent.add_subcommand(name, doc);
  app->set_help_flag("-h,--help", "Show this help.");
  app->footer(examples);
  return app;
}

void Parser::add_sync(SyncCommand& sync, CLI::App& app) {
  Selection& selection = sync.selection;
  app.add_option("SOURCE", selection.place, "The directory with the events, or s3://bucket/prefix.")
      ->type_name("DIR");
  app.add_option("WAREHOUSE", selection.warehouse,
                 "Where the tables go: duckdb:FILE, postgres://USER@HOST/DATABASE or "
                 "redshift://USER@HOST/DATABASE.");
  add_sources(app, selection,
              "With SOURCE: what to call it. Else: only this source of the configuration; may be "
              "repeated.");
  add_text(app, "--config", selection.config_path, "FILE",
           "The configuration, if it is not ./dray.yaml.");
  add_day(app, "--since", today_, sync.since, "Only what was received on this day or later.");
  add_day(app, "--until", today_, sync.until, "Only what was received on this day or earlier.");
  app.add_flag_callback(
      "--reload-changed", [&sync] { sync.reload_changed = ReloadChanged::yes; },
      "Load again the objects whose content has changed since they were loaded.");
  app.add_flag("--moved", sync.moved, "Accept that the source has moved to another place.");
  app.add_flag("--empty-ok", sync.empty_ok,
               "Accept that nothing is there any more of what was loaded.");
  if (sync.mode == SyncMode::load) {
    app.add_flag("--dry-run", dry_run_, "The same as `dray plan`.");
  }
  add_wait(app, selection);
  add_machine(app, selection);
  add_presentation(app, sync.presentation);
}

void Parser::add_status() {
  CLI::App& app = *command(root_, "status", "Show each source's last run and what needs a hand.",
                           "Examples:\n"
                           "  dray status --warehouse duckdb:warehouse.duckdb\n"
                           "  dray status --check --max-age 2h || echo alarm\n");
  add_sources(app, status_.selection, "Only this source; may be repeated.");
  app.add_flag("--check", status_.check,
               "Exit with 0 if all is well, 1 if a source failed, never ran or is late, 3 if "
               "something is left out.");
  add_age(app, "--max-age", status_.max_age,
          "With --check: how long ago the last run of a source may be.");
  add_age(app, "--max-event-age", status_.max_event_age,
          "With --check: how long ago the newest event of a source may have been received.");
  add_count(
      app, "--max-rejects", 0, 1'000'000'000'000,
      [this](std::uint64_t value) { status_.max_rejects = value; },
      "With --check: how many open rejects a source may have.");
  for (const char* bound : {"--max-age", "--max-event-age", "--max-rejects"})
    app.get_option(bound)->needs("--check");
  add_warehouse_or_config(app, status_.selection);
  add_wait(app, status_.selection, "0s; with --check 10s");
  add_json(app, status_.form);
}

void Parser::add_history() {
  CLI::App& app = *command(root_, "history", "List earlier runs, or show one of them whole.",
                           "Example:\n  dray history --limit 5\n");
  app.add_option("RUN", history_.run, "The id of a run, or its beginning.");
  add_sources(app, history_.selection, "Only this source; may be repeated.");
  add_count(
      app, "--limit", 1, 100'000, [this](std::uint64_t value) { history_.limit = value; },
      "How many runs to list, newest first (20).");
  add_warehouse_or_config(app, history_.selection);
  add_wait(app, history_.selection);
  add_json(app, history_.form);
}

void Parser::add_rejects() {
  CLI::App& app =
      *command(root_, "rejects", "List, show or retry the lines and values that did not get in.",
               "Examples:\n"
               "  dray rejects list\n"
               "  dray rejects show --reason not_json\n"
               "  dray rejects retry --object 2026-01-31/a.gz\n");
  app.require_subcommand(0, 1);
  add_reject_options(app);
  add_json(app, rejects_.presentation.form);
  const auto action = [&](const char* name, RejectsCommand::Action what, const char* doc) {
    CLI::App* child = command(app, name, doc, "");
    child->parse_complete_callback([this, what] { rejects_.action = what; });
    add_reject_options(*child);
    return child;
  };
  using enum RejectsCommand::Action;
  add_json(*action("list", list, "Count them by reason, table and column."),
           rejects_.presentation.form);
  add_json(*action("show", show, "Show each with its place and value."),
           rejects_.presentation.form);
  CLI::App* again = action("retry", retry, "Read those lines again and load what now fits.");
  add_machine(*again, rejects_.selection);
  add_presentation(*again, rejects_.presentation);
}

void Parser::add_reject_options(CLI::App& app) {
  add_sources(app, rejects_.selection, "Only of this source; may be repeated.");
  RejectFilter& filter = rejects_.filter;
  add_text(app, "--run", filter.run_id, "RUN", "Only of this run.");
  app.add_option_function<std::string>(
         "--reason",
         [&filter](const std::string& given) {
           const std::vector<std::string> known = reject_reasons();
           filter.reason = given;
           if (std::ranges::find(known, given) != known.end()) return;
           throw CLI::ValidationError("--reason", "there is no such reason" +
                                                      did_you_mean(given, known) + "; there are " +
                                                      CLI::detail::join(known, ", "));
         },
         "Only with this reason.")
      ->type_name("CODE");
  add_text(app, "--table", filter.table_name, "TABLE", "Only of this table.");
  add_text(app, "--object", filter.object, "KEY", "Only of this object.");
  add_count(
      app, "--limit", 1, 1'000'000'000, [this](std::uint64_t value) { rejects_.limit = value; },
      "At most so many.");
  add_warehouse_or_config(app, rejects_.selection);
  add_wait(app, rejects_.selection);
}

void Parser::add_objects() {
  CLI::App& app = *command(
      root_, "objects", "List the objects that are set aside, or put objects aside for good.",
      "Examples:\n"
      "  dray objects list\n"
      "  dray objects skip 2026-01-31/a.gz --source logs --reason 'cut off, upstream has no copy'\n"
      "  dray objects unskip 2026-01-31/a.gz --source logs\n");
  app.require_subcommand(0, 1);
  add_object_options(app);
  const auto action = [&](const char* name, ObjectsCommand::Action what, const char* doc) {
    CLI::App* child = command(app, name, doc, "");
    child->parse_complete_callback([this, what] { objects_.action = what; });
    if (what != ObjectsCommand::Action::list) {
      child->add_option("KEY", objects_.keys, "The object's key, as `list` shows it; or several.")
          ->required()
          ->type_name("KEY");
    }
    add_object_options(*child);
    return child;
  };
  using enum ObjectsCommand::Action;
  action("list", list, "Show what is set aside, changed or skipped: since when, and why.");
  action("skip", skip, "Put objects aside: no sync reads them any more, nor is partial for them.")
      ->add_option("--reason", objects_.reason, "Why; `list` and `dray status` show it.")
      ->required()
      ->type_name("TEXT");
  action("unskip", unskip, "Take them back: the next sync reads them.");
}

void Parser::add_object_options(CLI::App& app) {
  add_sources(app, objects_.selection, "The source they are of; needed where there are several.");
  add_warehouse_or_config(app, objects_.selection);
  add_wait(app, objects_.selection);
  add_json(app, objects_.form);
}

void Parser::add_small_commands() {
  CLI::App& query = *command(root_, "query", "Run a read-only SQL statement and print its result.",
                             "Examples:\n"
                             "  dray query duckdb:warehouse.duckdb "
                             "'select count(*) from shop.tracks'\n"
                             "  dray query 'from _dray.runs' --csv\n");
  query.add_option("WAREHOUSE", query_.selection.warehouse,
                   "The warehouse, if it is not that of the configuration.");
  query.add_option("SQL", query_.sql, "The statement.")->group(required_group);
  // CLI11 gives a lone word to the first of the two, so it cannot require the second.
  query.parse_complete_callback([this] {
    if (query_.sql.empty() && !check_warehouse(query_.selection.warehouse)) {
      std::swap(query_.sql, query_.selection.warehouse);
    }
    if (query_.sql.empty()) throw CLI::RequiredError("SQL");
  });
  add_text(query, "--config", query_.selection.config_path, "FILE",
           "The configuration, if it is not ./dray.yaml.");
  add_wait(query, query_.selection);
  add_memory(query, query_.selection);
  add_json(query, query_.form);
  query.add_flag_callback(
      "--csv", [this] { query_.form = OutputForm::csv; }, "Print CSV.");
  query.get_option("--csv")->excludes("--json");
  query.add_flag("--crlf", query_.crlf, "End the lines of CSV with CR and LF.")->needs("--csv");

  CLI::App& init = *command(root_, "init", "Write a commented dray.yaml to start from.", "");
  init.add_option("--config", init_.path, "Where to write it (dray.yaml).")->type_name("FILE");
  init.add_flag("--force", init_.force, "Overwrite a file that is there.");

  CLI::App& settings = *command(
      root_, "settings", "Print what dray.yaml may hold.",
      "template is the commented file that `dray init` writes, schema a JSON Schema for editors,\n"
      "reference a Markdown table.\n");
  settings.add_option("DOCUMENT", settings_.document, "template, schema or reference.")
      ->required()
      ->type_name("template|schema|reference")
      ->check(one_of({"template", "schema", "reference"}));

  CLI::App& completion =
      *command(root_, "completion", "Print a completion script for a shell.",
               "Examples:\n"
               "  source <(dray completion bash)\n"
               "  dray completion fish > ~/.config/fish/completions/dray.fish\n");
  completion.add_option("SHELL", completion_.shell, "bash, zsh or fish.")
      ->required()
      ->type_name("bash|zsh|fish")
      ->check(one_of({"bash", "zsh", "fish"}));

  CLI::App& words = *command(root_, "words", "Print names for completion scripts.", "");
  words.group("");
  words.add_option("KIND", words_.kind, "Of what.")
      ->required()
      ->type_name("sources|runs")
      ->check(one_of({"sources", "runs"}));

  add_json(*command(root_, "version", "Show the version.", ""), version_.form);

  CLI::App& help = *command(root_, "help", "Show the help of a command.", "");
  help.add_option("COMMAND", help_path_, "The command.")
      ->type_name(CLI::detail::join(command_names(root_), "|"));
}

// --- After parsing

std::optional<Command> Parser::chosen() const {
  if (version_wanted_) return VersionCommand{};
  const auto parsed = [this](const char* name) { return root_.got_subcommand(name); };
  if (parsed("sync")) {
    SyncCommand sync = sync_;
    if (dry_run_) sync.mode = SyncMode::plan;
    return sync;
  }
  if (parsed("plan")) return plan_;
  if (parsed("status")) return status_;
  if (parsed("history")) return history_;
  if (parsed("rejects")) return rejects_;
  if (parsed("objects")) return objects_;
  if (parsed("query")) return query_;
  if (parsed("init")) return init_;
  if (parsed("completion")) return completion_;
  if (parsed("words")) return words_;
  if (parsed("settings")) return settings_;
  if (parsed("version")) return version_;
  return std::nullopt;
}

Result<std::variant<Command, HelpText>> Parser::help(const std::vector<std::string>& names,
                                                     int exit_code) const {
  const CommandNode root = command_node(root_);
  std::vector<const CommandNode*> path = {&root};
  for (const std::string& name : names) {
    const auto& children = path.back()->commands;
    const auto child = std::ranges::find(children, name, &CommandNode::name);
    if (child == children.end()) {
      return config_error("help: " + unknown("command", name, command_names(root_)), "dray --help");
    }
    path.push_back(&*child);
  }
  return std::variant<Command, HelpText>(HelpText{help_text(path), exit_code});
}

Result<std::variant<Command, HelpText>> Parser::parse(std::vector<std::string> arguments) {
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 wants them
  try {
    root_.parse(arguments);
  } catch (const CLI::CallForHelp&) {
    return help(named_commands(root_), exit_success);
  } catch (const CLI::ParseError& error) {
    return usage_error(root_, error);
  }
  if (root_.got_subcommand("help")) return help(help_path_, exit_success);
  if (auto command = chosen()) return std::variant<Command, HelpText>(std::move(*command));
  return help({}, exit_usage);
}

}  // namespace

Result<std::variant<Command, HelpText>> parse_command_line(
    const std::vector<std::string>& arguments, std::chrono::sys_days today) {
  return Parser(today).parse(arguments);
}

CommandNode command_tree() { return command_node(Parser(std::chrono::sys_days()).root()); }

}  // namespace dray
