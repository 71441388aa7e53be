// status and history: what ran, what failed, what to do.
#include <algorithm>
#include <chrono>
#include <filesystem>
#include <map>
#include <optional>

#include "app/address.h"
#include "app/open_warehouse.h"
#include "app/report_json.h"
#include "base/json_writer.h"
#include "base/time.h"
#include "cli/advice.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/format.h"
#include "cli/report_output.h"
#include "cli/selection.h"
#include "cli/table.h"
#include "run/records.h"

namespace dray {
namespace {

// Shown as text; all of them are in the JSON.
constexpr std::size_t objects_shown_max = 10;

// Most syncs have let go of their DuckDB file by then, and a monitor has not lost patience.
constexpr std::chrono::seconds check_wait{10};

bool is_selected(const std::vector<std::string>& schemas, const std::string& source) {
  return schemas.empty() || std::ranges::find(schemas, source) != schemas.end();
}

// --- status

using Time = SourceStatus::Time;

void write_time(JsonWriter& json, std::string_view key, const std::optional<Time>& time) {
  json.key(key);
  if (time) {
    json.value(format_timestamp(to_micros(*time)));
  } else {
    json.null();
  }
}

void write_left_out(JsonWriter& json, const SourceStatus& status) {
  json.key("objects_set_aside").begin_array();
  for (const ObjectSetAside& object : status.objects_set_aside) {
    json.begin_object().field("object", object.key).field("reason", object.reason);
    json.field("attempts", object.attempts);
    json.field("since", format_timestamp(to_micros(object.since))).end_object();
  }
  json.end_array().key("objects_skipped").begin_array();
  for (const ObjectSkipped& object : status.objects_skipped) {
    json.begin_object().field("object", object.key).field("reason", object.reason);
    json.field("by", object.skipped_by);
    json.field("since", format_timestamp(to_micros(object.since))).end_object();
  }
  json.end_array().key("objects_changed").begin_array();
  for (const ObjectChanged& object : status.objects_changed) {
    json.begin_object().field("object", object.key);
    json.field("since", format_timestamp(to_micros(object.since))).end_object();
  }
  json.end_array().key("tables_waiting").begin_array();
  for (const TableWaiting& table : status.tables_waiting) {
    json.begin_object().field("table", table.table).field("reason", table.reason);
    json.field("rows", table.rows).field("attempts", table.attempts);
    json.field("since", format_timestamp(to_micros(table.since))).end_object();
  }
  json.end_array();
}

void write_status(JsonWriter& json, const SourceStatus& status) {
  json.begin_object().field("source", status.source).field("location", status.location);
  json.field("state", to_string(status.state));
  json.key("last_run");
  if (status.last_run.run_id.empty()) {
    json.null();
  } else {
    write_report(json, status.last_run);
  }
  write_time(json, "last_looked", status.last_looked);
  write_time(json, "last_success", status.last_success);
  write_time(json, "last_loaded", status.last_loaded);
  write_time(json, "newest_event", status.newest_event);
  json.field("failures_in_a_row", status.failures);
  json.field("objects_loaded", status.objects_loaded).field("rejects_open", status.rejects_open);
  json.field("objects_sharing_numbers", status.objects_sharing);
  write_left_out(json, status);
  json.end_object();
}

std::size_t left_out(const SourceStatus& status) {
  return status.objects_set_aside.size() + status.objects_changed.size() +
         status.tables_waiting.size();
}

std::vector<std::string> status_row(const SourceStatus& status, Time now) {
  const auto when = [&](const std::optional<Time>& time) {
    return time ? ago(*time, now) : std::string("never");
  };
  return {status.source,
          std::string(status.state == SourceState::never ? "never ran" : to_string(status.state)),
          when(status.last_looked),
          when(status.last_loaded),
          when(status.newest_event),
          with_thousands(status.objects_loaded),
          with_thousands(left_out(status)),
          with_thousands(status.rejects_open)};
}

std::string since_text(Time since, std::uint64_t attempts) {
  return "since " + human_time(since) + ", tried " +
         (attempts == 1 ? "once" : with_thousands(attempts) + " times");
}

// What a person can do about one source, for commands to copy.
class Advice {
 public:
  // `configured_name`: of the source in dray.yaml; "" if it has none there.
  Advice(const SourceStatus& status, const std::string& warehouse,
         const std::string& configured_name)
      : status_(status),
        name_(printable(status.source) + ": "),
        of_warehouse_(" --warehouse " + path_word(warehouse) + "\n"),
        sync_(sync_command(status, warehouse, configured_name)) {}

  // Nothing when all is well.
  std::string text() && {
    if (status_.state == SourceState::never) {
      return name_ + "configured, and no run of it is recorded\n  run: " + sync_ + "\n";
    }
    add_error();
    add_objects();
    add_changed();
    add_skipped();
    add_tables();
    add_sharing();
    if (status_.rejects_open > 0) {
      out_ += name_ + counted(status_.rejects_open, "reject") +
              "\n  see: dray rejects list --source " + shell_word(status_.source) + of_warehouse_;
    }
    return std::move(out_);
  }

 private:
  void add_error() {
    const bool is_open =
        status_.state == SourceState::failure || status_.state == SourceState::partial;
    if (!is_open || status_.last_run.error.empty()) return;
    out_ += name_ + printable(status_.last_run.error);
    if (status_.failures > 1) {
      out_ += " (" + with_thousands(status_.failures) + " runs in a row failed, since " +
              human_time(status_.failing_since) + ")";
    }
    out_ += "\n  see: dray history " + shell_word(status_.last_run.run_id.text()) + of_warehouse_;
  }

  void add_objects() {
    const auto& objects = status_.objects_set_aside;
    if (objects.empty()) return;
    for (std::size_t i = 0; i < objects.size() && i < objects_shown_max; ++i) {
      out_ += name_ + "set aside " + since_text(objects[i].since, objects[i].attempts) + ": " +
              printable(objects[i].key) + ": " + printable(objects[i].reason) + "\n";
    }
    if (objects.size() > objects_shown_max) {
      out_ += name_ + "and " + with_thousands(objects.size() - objects_shown_max) + " more\n";
    }
    const bool is_new = std::ranges::all_of(
        objects, [](const ObjectSetAside& object) { return object.attempts < 2; });
    out_ += is_new ? "  the next sync tries them again\n"
                   : "  put a whole object in its place, or leave it out for good: dray objects "
                     "skip " +
                         shell_word(objects.front().key) + " --source " +
                         shell_word(status_.source) + " --reason WHY" + of_warehouse_;
  }

  void add_changed() {
    const auto& objects = status_.objects_changed;
    if (objects.empty()) return;
    for (std::size_t i = 0; i < objects.size() && i < objects_shown_max; ++i) {
      out_ += name_ + "replaced since it was loaded, and not loaded again, since " +
              human_time(objects[i].since) + ": " + printable(objects[i].key) + "\n";
    }
    if (objects.size() > objects_shown_max) {
      out_ += name_ + "and " + with_thousands(objects.size() - objects_shown_max) +
              " more; dray objects list has all\n";
    }
    out_ += "  load what is there now: " + sync_ +
            " --reload-changed\n  or keep what is loaded: dray objects skip " +
            shell_word(objects.front().key) + " --source " + shell_word(status_.source) +
            " --reason WHY" + of_warehouse_;
  }

  // What a person has put aside is told, but asks for nothing.
  void add_skipped() {
    const auto& objects = status_.objects_skipped;
    for (std::size_t i = 0; i < objects.size() && i < objects_shown_max; ++i) {
      out_ += name_ + "skipped since " + human_time(objects[i].since) + " by " +
              printable(objects[i].skipped_by) + ": " + printable(objects[i].key) + ": " +
              printable(objects[i].reason) + "\n";
    }
    if (objects.size() > objects_shown_max) {
      out_ += name_ + "and " + with_thousands(objects.size() - objects_shown_max) +
              " more; dray objects list has all\n";
    }
  }

  void add_tables() {
    for (const TableWaiting& table : status_.tables_waiting) {
      out_ += name_ + printable(table.table) + " waits with " + counted(table.rows, "row") + " " +
              since_text(table.since, table.attempts) + ": " + printable(table.reason) + "\n";
    }
    if (status_.tables_waiting.empty()) return;
    out_ +=
        "  mend what the reason names: each sync tries them again, and loads the other tables\n";
  }

  void add_sharing() {
    if (status_.objects_sharing == 0) return;
    out_ += name_ + counted(status_.objects_sharing, "object") +
            " with the numbers of another source's, by an earlier version: where their rows came "
            "from may be told wrongly\n  load them again: docs/cli.md, \"Loading an object "
            "again\"\n";
  }

  const SourceStatus& status_;
  const std::string name_;
  const std::string of_warehouse_;
  const std::string sync_;  // the command
  std::string out_;
};

struct StatusAnswer {
  std::string warehouse;
  std::map<std::string, std::string> configured;  // names by schema; empty if no dray.yaml says
  std::vector<SourceStatus> found;
};

std::string statuses_text(const StatusAnswer& answer, Time now, const Terminal& terminal) {
  if (answer.found.empty()) return answer.warehouse + ": nothing was loaded yet\n";
  std::vector<std::vector<std::string>> rows;
  std::string hints;
  for (const SourceStatus& status : answer.found) {
    rows.push_back(status_row(status, now));
    const auto name = answer.configured.find(status.source);
    hints += Advice(status, answer.warehouse, name == answer.configured.end() ? "" : name->second)
                 .text();
  }
  const std::string table = render_table({{"source"},
                                          {"state"},
                                          {"last looked"},
                                          {"last loaded"},
                                          {"newest event"},
                                          {"objects", Align::right},
                                          {"left out", Align::right},
                                          {"rejects", Align::right}},
                                         rows, terminal.columns);
  return hints.empty() ? table : table + "\n" + hints;
}

// --- status --check

struct Problem {
  std::string source;
  std::string what;
  int exit_code;
};

// Of this machine and of the one that ran the sync.
constexpr std::chrono::minutes clocks_differ_max{10};

// Longer ago than `age_max`, if there is such a bound, or never.
bool is_late(const std::optional<Time>& time, const std::optional<std::chrono::seconds>& age_max,
             Time now) {
  return age_max && (!time || *time + *age_max < now);
}

// All that is wrong with one source.
void add_problems(const SourceStatus& status, const StatusCommand& command, Time now,
                  std::vector<Problem>& problems) {
  const auto add = [&](std::string what, int code) {
    problems.push_back({status.source, std::move(what), code});
  };
  if (status.state == SourceState::never) return add("never ran", exit_failure);
  if (status.state == SourceState::failure) add("failed", exit_failure);
  const bool is_ahead = status.last_looked && *status.last_looked > now + clocks_differ_max;
  if (is_ahead && command.max_age) {
    // How long ago it was nobody can tell.
    add("late: the last run was " + ago(*status.last_looked, now) +
            " by a clock that was ahead; a sync with the right one mends that",
        exit_failure);
  }
  if (is_late(status.last_looked, command.max_age, now)) {
    add("late: the last run was " + (status.last_looked ? ago(*status.last_looked, now) : "never"),
        exit_failure);
  }
  if (is_late(status.newest_event, command.max_event_age, now)) {
    add(status.newest_event
            ? "late: the newest event was received " + ago(*status.newest_event, now)
            : "late: no event was ever loaded",
        exit_failure);
  }
  if (status.state == SourceState::partial) {
    const bool is_left_out = left_out(status) > 0 || status.last_run.error.empty();
    add("partial: " + (is_left_out ? "something is left out" : printable(status.last_run.error)),
        exit_partial);
  }
  if (command.max_rejects && status.rejects_open > *command.max_rejects) {
    add("partial: " + counted(status.rejects_open, "open reject") + ", and --max-rejects is " +
            with_thousands(*command.max_rejects),
        exit_partial);
  }
}

// A source that was taken out of dray.yaml is listed, and is no problem.
std::vector<Problem> problems_of(const StatusAnswer& answer, const StatusCommand& command,
                                 Time now) {
  std::vector<Problem> problems;
  for (const SourceStatus& status : answer.found) {
    if (!answer.configured.empty() && !answer.configured.contains(status.source)) continue;
    add_problems(status, command, now, problems);
  }
  if (answer.found.empty()) problems.push_back({"", "nothing was loaded yet", exit_failure});
  return problems;
}

std::string problems_text(const std::vector<Problem>& problems) {
  std::string out = problems.empty() ? "check: all is well\n" : "";
  for (const Problem& problem : problems) {
    out += "check: " + (problem.source.empty() ? "" : printable(problem.source) + ": ") +
           problem.what + "\n";
  }
  return out;
}

int exit_code_of(const std::vector<Problem>& problems) {
  int worst = exit_success;
  for (const Problem& problem : problems)
    worst = worse_exit_code(worst, problem.exit_code);
  return worst;
}

// --- status, as a whole

// A DuckDB file that no sync has made yet.
bool is_to_be_made(const std::string& address) {
  constexpr std::string_view scheme = "duckdb:";
  std::error_code ignored;
  return address.starts_with(scheme) &&
         !std::filesystem::exists(address.substr(scheme.size()), ignored);
}

void add_never_ran(const std::vector<std::string>& configured, std::vector<SourceStatus>& found) {
  for (const std::string& schema : configured) {
    if (std::ranges::find(found, schema, &SourceStatus::source) != found.end()) continue;
    found.emplace_back().source = schema;
  }
  std::ranges::sort(found, {}, &SourceStatus::source);
}

Result<StatusAnswer> find_status(const StatusCommand& command, const Environment& environment) {
  StatusAnswer answer;
  DRAY_ASSIGN(const std::string address, select_warehouse(command.selection));
  DRAY_ASSIGN(answer.configured, names_by_schema(command.selection));
  std::vector<std::string> configured;
  for (const auto& [schema, name] : answer.configured)
    configured.push_back(schema);
  answer.warehouse = shown_address(address);
  if (configured.empty() || !is_to_be_made(address)) {
    // What a check says on standard error, cron mails.
    const FileWait wait = command.check
                              ? wait_of(command.selection, environment, TellWait::no, check_wait)
                              : wait_of(command.selection, environment);
    DRAY_ASSIGN(const std::unique_ptr<Warehouse> warehouse, open_to_read(address, wait));
    DRAY_TRY(check_sources(command.selection, address, *warehouse, configured));
    DRAY_ASSIGN(answer.found, source_statuses(*warehouse));
  }
  add_never_ran(configured, answer.found);
  const auto schemas = selected_schemas(command.selection);
  std::erase_if(answer.found,
                [&](const SourceStatus& status) { return !is_selected(schemas, status.source); });
  return answer;
}

std::string statuses_json(const StatusAnswer& answer, const std::vector<Problem>& problems,
                          bool check) {
  JsonWriter json;
  json.begin_object().field("warehouse", answer.warehouse).key("sources").begin_array();
  for (const SourceStatus& status : answer.found)
    write_status(json, status);
  json.end_array();
  if (check) {
    json.key("problems").begin_array();
    for (const Problem& problem : problems) {
      json.begin_object().field("source", problem.source).field("what", problem.what);
      json.end_object();
    }
    json.end_array().field("exit_code", exit_code_of(problems));
  }
  json.end_object();
  return std::move(json).done() + "\n";
}

// --- history

std::string runs_json(const std::vector<RunReport>& runs) {
  JsonWriter json;
  json.begin_object().key("runs").begin_array();
  for (const RunReport& run : runs) {
    write_report(json, run);
  }
  json.end_array().end_object();
  return std::move(json).done() + "\n";
}

std::string runs_text(const std::vector<RunReport>& runs, const Terminal& terminal) {
  if (runs.empty()) return "no runs yet\n";
  std::vector<std::vector<std::string>> rows;
  rows.reserve(runs.size());
  for (const RunReport& run : runs) {
    rows.push_back({run.run_id.text(), run.source, std::string(to_string(run.status)),
                    human_time(run.started), human_duration(run.duration),
                    with_thousands(run.objects_loaded), with_thousands(run.counts.lines),
                    with_thousands(run.counts.loaded),
                    with_thousands(run.counts.rejected + run.values_rejected), run.error});
  }
  return render_table({{"run"},
                       {"source"},
                       {"status"},
                       {"started (UTC)"},
                       {"took", Align::right},
                       {"objects", Align::right},
                       {"lines", Align::right},
                       {"loaded", Align::right},
                       {"rejects", Align::right},
                       {"error"}},
                      rows, terminal.columns);
}

Result<std::vector<RunReport>> runs_of(const HistoryCommand& command, Warehouse& warehouse) {
  const auto schemas = selected_schemas(command.selection);
  // One source is asked for in the warehouse, several are told apart here.
  std::optional<std::string> source;
  if (schemas.size() == 1) source = schemas.front();
  const std::size_t count_max = schemas.size() > 1 ? SIZE_MAX / 2 : command.limit;
  DRAY_ASSIGN(std::vector<RunReport> runs, recent_runs(warehouse, source, count_max));
  std::erase_if(runs, [&](const RunReport& run) { return !is_selected(schemas, run.source); });
  if (runs.size() > command.limit) runs.resize(command.limit);
  return runs;
}

Result<std::string> history_output(const HistoryCommand& command, const Environment& environment) {
  DRAY_ASSIGN(const std::string address, select_warehouse(command.selection));
  DRAY_ASSIGN(const std::unique_ptr<Warehouse> warehouse,
              open_to_read(address, wait_of(command.selection, environment)));
  DRAY_TRY(check_sources(command.selection, address, *warehouse));
  const Terminal& terminal = environment.out_terminal;
  const bool json = command.form == OutputForm::json;
  if (command.run.empty()) {
    DRAY_ASSIGN(const std::vector<RunReport> runs, runs_of(command, *warehouse));
    return json ? runs_json(runs) : runs_text(runs, terminal);
  }
  DRAY_ASSIGN(const std::optional<RunReport> run, find_run(*warehouse, command.run));
  if (!run) {
    return config_error("there is no such run",
                        "dray history --warehouse " + path_word(shown_address(address)));
  }
  if (json) return report_json(*run) + "\n";
  return human_time(run->started) + " UTC\n" +
         report_text(*run, SyncMode::load, terminal, Detail::all);
}

int show(const Result<std::string>& output, OutputForm form, const Environment& environment) {
  if (!output.ok()) return tell_failure(environment, form, output.error());
  environment.out << *output << std::flush;
  return exit_success;
}

}  // namespace

int run_command(const StatusCommand& command, const Environment& environment) {
  const auto answer = find_status(command, environment);
  if (!answer.ok()) return tell_failure(environment, command.form, answer.error());
  const Time now = std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
  const std::vector<Problem> problems =
      command.check ? problems_of(*answer, command, now) : std::vector<Problem>();
  if (command.form == OutputForm::json) {
    environment.out << statuses_json(*answer, problems, command.check) << std::flush;
  } else {
    environment.out << statuses_text(*answer, now, environment.out_terminal);
    if (command.check) environment.out << '\n' << problems_text(problems);
    environment.out << std::flush;
  }
  return exit_code_of(problems);
}

// What cannot be read has no names: a shell wants no errors.
int run_command(const WordsCommand& command, const Environment& environment) {
  std::vector<std::string> words;
  const Selection standard;
  if (command.kind == "sources") {
    if (auto configured = configured_names(standard)) words = std::move(*configured);
  } else if (const auto address = select_warehouse(standard)) {
    constexpr std::size_t runs_max = 50;
    const auto warehouse = open_to_read(*address);
    const auto runs = warehouse ? recent_run_ids(**warehouse, runs_max)
                                : Result<std::vector<std::string>>(warehouse.error());
    if (runs) words = *runs;
  }
  for (const std::string& word : words)
    environment.out << word << '\n';
  environment.out << std::flush;
  return exit_success;
}

int run_command(const HistoryCommand& command, const Environment& environment) {
  return show(history_output(command, environment), command.form, environment);
}

}  // namespace dray
