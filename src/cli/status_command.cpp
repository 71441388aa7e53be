// status and history: what ran, what failed, what to do.
#include <algorithm>

#include "base/json_writer.h"
#include "base/time.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/report_output.h"
#include "cli/selection.h"
#include "cli/table.h"
#include "run/records.h"

namespace dray {
namespace {

// Shown as text; all of them are in the JSON.
constexpr std::size_t objects_shown_max = 10;

bool is_selected(const std::vector<std::string>& schemas, const std::string& source) {
  return schemas.empty() || std::ranges::find(schemas, source) != schemas.end();
}

// --- status

void write_status(JsonWriter& json, const SourceStatus& status) {
  json.begin_object().field("source", status.source).field("location", status.location);
  json.key("last_run");
  write_report(json, status.last_run);
  json.key("last_success");
  if (status.last_success) {
    json.value(format_timestamp(to_micros(*status.last_success)));
  } else {
    json.null();
  }
  json.field("objects_loaded", status.objects_loaded).field("rejects_open", status.rejects_open);
  json.key("objects_set_aside").begin_array();
  for (const ObjectSetAside& object : status.objects_set_aside) {
    json.begin_object().field("object", object.key).field("reason", object.reason);
    json.field("since", format_timestamp(to_micros(object.since))).end_object();
  }
  json.end_array().end_object();
}

std::string statuses_json(const std::string& warehouse, const std::vector<SourceStatus>& found) {
  JsonWriter json;
  json.begin_object().field("warehouse", warehouse).key("sources").begin_array();
  for (const SourceStatus& status : found) {
    write_status(json, status);
  }
  json.end_array().end_object();
  return std::move(json).done() + "\n";
}

std::vector<std::string> status_row(const SourceStatus& status) {
  return {status.source,
          std::string(to_string(status.last_run.status)),
          human_time(status.last_run.started),
          status.last_success ? human_time(*status.last_success) : "never",
          with_thousands(status.objects_loaded),
          with_thousands(status.objects_set_aside.size()),
          with_thousands(status.rejects_open)};
}

// What this source needs of a person; nothing when all is well.
std::string advice(const SourceStatus& status, const std::string& warehouse) {
  std::string out;
  const std::string name = printable(status.source);
  if (!status.last_run.error.empty()) {
    out += name + ": " + printable(status.last_run.error) + "\n  see: dray history " +
           shell_word(status.last_run.run_id) + " --warehouse " + shell_word(warehouse) + "\n";
  }
  std::size_t told = 0;
  for (const ObjectSetAside& object : status.objects_set_aside) {
    if (told++ == objects_shown_max) break;
    out += name + ": set aside since " + human_time(object.since) + ": " + printable(object.key) +
           ": " + printable(object.reason) + "\n";
  }
  if (status.objects_set_aside.size() > objects_shown_max) {
    out += name + ": and " + with_thousands(status.objects_set_aside.size() - objects_shown_max) +
           " more\n";
  }
  if (!status.objects_set_aside.empty()) out += "  the next sync tries them again\n";
  if (status.rejects_open > 0) {
    out += name + ": " + counted(status.rejects_open, "reject") +
           "\n  see: dray rejects list --source " + shell_word(status.source) + " --warehouse " +
           shell_word(warehouse) + "\n";
  }
  return out;
}

std::string statuses_text(const std::string& warehouse, const std::vector<SourceStatus>& found,
                          const Terminal& terminal) {
  if (found.empty()) return warehouse + ": nothing was loaded yet\n";
  std::vector<std::vector<std::string>> rows;
  std::string hints;
  for (const SourceStatus& status : found) {
    rows.push_back(status_row(status));
    hints += advice(status, warehouse);
  }
  const std::string table = render_table({{"source"},
                                          {"last run"},
                                          {"started (UTC)"},
                                          {"last success"},
                                          {"objects", Align::right},
                                          {"set aside", Align::right},
                                          {"rejects", Align::right}},
                                         rows, terminal.columns);
  return hints.empty() ? table : table + "\n" + hints;
}

Result<std::string> status_output(const StatusCommand& command, const Terminal& terminal) {
  DRAY_ASSIGN(const std::string address, select_warehouse(command.selection));
  DRAY_ASSIGN(const std::unique_ptr<Warehouse> warehouse, open_to_read(address));
  DRAY_TRY(check_sources(command.selection, address, *warehouse));
  DRAY_ASSIGN(std::vector<SourceStatus> found, source_statuses(*warehouse));
  const auto schemas = selected_schemas(command.selection);
  std::erase_if(found,
                [&](const SourceStatus& status) { return !is_selected(schemas, status.source); });
  return command.form == OutputForm::json ? statuses_json(shown_address(address), found)
                                          : statuses_text(shown_address(address), found, terminal);
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
    rows.push_back({run.run_id, run.source, std::string(to_string(run.status)),
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

Result<std::string> history_output(const HistoryCommand& command, const Terminal& terminal) {
  DRAY_ASSIGN(const std::string address, select_warehouse(command.selection));
  DRAY_ASSIGN(const std::unique_ptr<Warehouse> warehouse, open_to_read(address));
  DRAY_TRY(check_sources(command.selection, address, *warehouse));
  const bool json = command.form == OutputForm::json;
  if (command.run.empty()) {
    DRAY_ASSIGN(const std::vector<RunReport> runs, runs_of(command, *warehouse));
    return json ? runs_json(runs) : runs_text(runs, terminal);
  }
  DRAY_ASSIGN(const std::optional<RunReport> run, find_run(*warehouse, command.run));
  if (!run) {
    return with_hint(config_error("there is no run " + command.run),
                     "dray history --warehouse " + shell_word(shown_address(address)));
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
  return show(status_output(command, environment.out_terminal), command.form, environment);
}

int run_command(const HistoryCommand& command, const Environment& environment) {
  return show(history_output(command, environment.out_terminal), command.form, environment);
}

}  // namespace dray
