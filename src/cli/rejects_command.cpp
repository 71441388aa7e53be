// rejects list, show and retry.
#include <algorithm>
#include <limits>
#include <map>

#include "app/address.h"
#include "app/open_warehouse.h"
#include "app/request.h"
#include "base/json_writer.h"
#include "base/path_text.h"
#include "base/time.h"
#include "cli/advice.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/selection.h"
#include "cli/sync_runner.h"
#include "cli/table.h"
#include "config/nearest.h"
#include "model/reject.h"
#include "run/records.h"
#include "sql/dialect.h"
#include "transform/naming.h"

namespace dray {
namespace {

// A table for people: what does not fit into a glance is for --json.
constexpr std::size_t value_columns_max = 60;

// `--table web.sold` is `--source web --table sold`: no table's name has a dot.
void split_table(RejectFilter& filter) {
  if (!filter.table_name) return;
  const std::size_t dot = filter.table_name->find('.');
  if (dot == std::string::npos) return;
  filter.source = filter.table_name->substr(0, dot);
  filter.table_name->erase(0, dot + 1);
}

// One filter per source that was asked for.
std::vector<RejectFilter> filters_of(const RejectsCommand& command, std::size_t count_max) {
  RejectFilter filter = command.filter;
  if (filter.object) filter.object = typed_to_text(*filter.object);
  filter.count_max = count_max;
  split_table(filter);
  if (filter.source) return {filter};
  const auto schemas = selected_schemas(command.selection);
  if (schemas.empty()) return {filter};
  std::vector<RejectFilter> filters;
  for (const std::string& schema : schemas) {
    filter.source = schema;
    filters.push_back(filter);
  }
  return filters;
}

Result<std::vector<Reject>> rejects_of(const RejectsCommand& command, Warehouse& warehouse,
                                       std::size_t count_max) {
  std::vector<Reject> all;
  for (const RejectFilter& filter : filters_of(command, count_max)) {
    DRAY_ASSIGN(std::vector<Reject> found, find_rejects(warehouse, filter));
    std::ranges::move(found, std::back_inserter(all));
  }
  if (all.size() > count_max) all.resize(count_max);
  return all;
}

std::string target_of(const std::string& table, const std::string& column) {
  return column.empty() ? table : table + "." + column;
}

Error no_such(const std::string& what, const std::string& named,
              const std::vector<std::string>& known, const std::string& try_instead) {
  const auto nearest = nearest_word(named, known);
  return config_error(
      "there is no such " + what + (nearest ? "; did you mean \"" + *nearest + "\"?" : ""),
      try_instead);
}

Result<void> check_table(const RejectFilter& filter, const RejectsCommand& command,
                         Warehouse& warehouse, const std::string& all) {
  if (!filter.table_name) return {};
  DRAY_ASSIGN(const std::vector<std::string> sources, source_names(warehouse));
  if (filter.source && std::ranges::find(sources, *filter.source) == sources.end()) {
    return no_such("source as --table names", *filter.source, sources, all);
  }
  const auto schemas = selected_schemas(command.selection);
  if (filter.source && !schemas.empty() &&
      std::ranges::find(schemas, *filter.source) == schemas.end()) {
    return config_error("--table names another source than --source");
  }
  DRAY_ASSIGN(const std::vector<std::string> tables, known_tables(warehouse, filter.source));
  if (std::ranges::find(tables, *filter.table_name) != tables.end()) return {};
  return no_such("table as --table names", *filter.table_name, tables, all);
}

// That what the filter names is there, so that a slip is no empty answer.
Result<void> check_filter(const RejectsCommand& command, Warehouse& warehouse) {
  RejectFilter filter = command.filter;
  split_table(filter);
  const std::string all = "dray rejects list" + warehouse_flag(command.selection);
  DRAY_TRY(check_table(filter, command, warehouse, all));
  if (filter.run_id) {
    // Of several that begin so it is an error, and they are there.
    const auto run = find_run(warehouse, *filter.run_id);
    if (run && !*run) {
      return config_error("there is no such run as --run names",
                          "dray history" + warehouse_flag(command.selection));
    }
  }
  if (!filter.object) return {};
  DRAY_ASSIGN(const bool is_known, knows_object(warehouse, typed_to_text(*filter.object)));
  if (is_known) return {};
  return config_error("no sync has seen such an object as --object names", all);
}

// A filter that nothing meets is not the same as nothing to do.
std::string none_text(const RejectsCommand& command) {
  const RejectFilter& filter = command.filter;
  const bool is_filtered = filter.run_id || filter.reason || filter.table_name || filter.object ||
                           !command.selection.sources.empty();
  return is_filtered ? "no open reject is like that\n" : "no open rejects\n";
}

// --- list

Result<std::vector<RejectGroup>> groups_of(const RejectsCommand& command, Warehouse& warehouse) {
  const std::size_t count_max = command.limit.value_or(RejectFilter{}.count_max);
  std::vector<RejectGroup> all;
  for (const RejectFilter& filter : filters_of(command, count_max)) {
    DRAY_ASSIGN(std::vector<RejectGroup> found, group_rejects(warehouse, filter));
    std::ranges::move(found, std::back_inserter(all));
  }
  std::ranges::stable_sort(all, std::greater<>(), &RejectGroup::count);
  if (all.size() > count_max) all.resize(count_max);
  return all;
}

std::string groups_json(const std::vector<RejectGroup>& groups) {
  JsonWriter json;
  json.begin_object().key("groups").begin_array();
  for (const RejectGroup& group : groups) {
    json.begin_object().field("source", group.source).field("kind", group.kind);
    json.field("reason", group.reason).field("table", group.table_name);
    json.field("column", group.column_name).field("count", group.count);
    json.key("sample").begin_object().field("object", group.sample_object);
    json.field("line", group.sample_line).field("value", group.sample_value);
    json.end_object().end_object();
  }
  json.end_array().end_object();
  return std::move(json).done() + "\n";
}

// As many of each kind of advice as are of use at once.
constexpr std::size_t advice_max = 3;

// Statements that let the columns take what they refuse, by the engine's own client.
std::string columns_advice(const std::vector<RejectGroup>& groups, const Dialect& dialect,
                           const std::string& warehouse) {
  std::string out;
  std::size_t told = 0;
  const auto statement = [&](const RejectGroup& group, const std::string& table) {
    const auto sql = make_varchar(dialect, {group.source, table}, group.column_name);
    return sql ? sql->text() : std::string();
  };
  for (const RejectGroup& group : groups) {
    if (group.reason != to_string(RejectReason::does_not_fit) || told == advice_max) continue;
    std::string sql = statement(group, group.table_name);
    if (sql.empty()) return out;
    // Their rows follow, in columns of their own.
    if (group.table_name == "identifies") sql += "; " + statement(group, "users");
    if (group.table_name == "groups") sql += "; " + statement(group, "accounts");
    out += "to have " + group.source + "." + target_of(group.table_name, group.column_name) +
           " take any value, as text: " + client_command(warehouse, sql) + "\n";
    ++told;
  }
  return out;
}

Result<std::string> objects_advice(const std::vector<RejectGroup>& groups,
                                   const RejectsCommand& command, Warehouse& warehouse,
                                   const std::string& address) {
  DRAY_ASSIGN(const std::vector<SourceStatus> statuses, source_statuses(warehouse));
  DRAY_ASSIGN(const auto configured, names_by_schema(command.selection));
  std::string out;
  std::size_t told = 0;
  for (const SourceStatus& status : statuses) {
    const bool is_meant =
        std::ranges::find(groups, status.source, &RejectGroup::source) != groups.end();
    if (!is_meant || told++ == advice_max) continue;
    out += "after mending the objects: " + sync_command(status, address, configured) +
           " --reload-changed\n";
  }
  return out;
}

Result<std::string> groups_text(const std::vector<RejectGroup>& groups,
                                const RejectsCommand& command, Warehouse& warehouse,
                                const std::string& address, const Terminal& terminal) {
  if (groups.empty()) return none_text(command);
  std::vector<std::vector<std::string>> rows;
  rows.reserve(groups.size());
  for (const RejectGroup& group : groups) {
    rows.push_back({with_thousands(group.count), group.source, group.kind, group.reason,
                    target_of(group.table_name, group.column_name),
                    group.sample_object + ":" + std::to_string(group.sample_line),
                    cut_to_width(printable(group.sample_value), value_columns_max)});
  }
  DRAY_ASSIGN(const std::string of_objects, objects_advice(groups, command, warehouse, address));
  return render_table({{"count", Align::right},
                       {"source"},
                       {"kind"},
                       {"reason"},
                       {"column"},
                       {"for example"},
                       {"value"}},
                      rows, terminal.columns) +
         "\nsee each with: dray rejects show" + warehouse_flag(command.selection) + "\n" +
         columns_advice(groups, warehouse.dialect(), address) +
         "after mending the warehouse: dray rejects retry" + warehouse_flag(command.selection) +
         "\n" + of_objects;
}

Result<std::string> list_output(const RejectsCommand& command, Warehouse& warehouse,
                                const std::string& address, const Terminal& terminal) {
  DRAY_ASSIGN(const std::vector<RejectGroup> groups, groups_of(command, warehouse));
  if (command.presentation.form == OutputForm::json) return groups_json(groups);
  return groups_text(groups, command, warehouse, address, terminal);
}

// --- show

std::string rejects_json(const std::vector<Reject>& rejects) {
  JsonWriter json;
  json.begin_object().key("rejects").begin_array();
  for (const Reject& reject : rejects) {
    json.begin_object().field("source", reject.source).field("run", reject.run_id);
    json.field("object", reject.object).field("line", reject.line);
    json.field("kind", reject.kind).field("reason", reject.reason);
    json.field("detail", reject.detail).field("table", reject.table_name);
    json.field("column", reject.column_name).field("value", reject.value);
    json.field("rejected_at", format_timestamp(to_micros(reject.rejected_at))).end_object();
  }
  json.end_array().end_object();
  return std::move(json).done() + "\n";
}

std::string rejects_text(const std::vector<Reject>& rejects, const RejectsCommand& command,
                         std::size_t limit, const Terminal& terminal) {
  if (rejects.empty()) return none_text(command);
  std::string out;
  for (const Reject& reject : rejects) {
    const std::string place = printable(reject.source) + "  " + printable(reject.object) + ":" +
                              std::to_string(reject.line);
    out += painted(terminal, Colour::bold, place) + "  " + printable(reject.reason);
    const std::string target = target_of(reject.table_name, reject.column_name);
    if (!target.empty()) out += "  " + printable(target);
    out += "\n  " + printable(reject.detail) + "\n";
    if (!reject.value.empty()) {
      out += "  " + painted(terminal, Colour::dim, printable(reject.value)) + "\n";
    }
  }
  if (rejects.size() == limit) {
    out += "\nthese are the first " + with_thousands(limit) + "; --limit shows more\n";
  }
  return out + "\nwhat to do: dray rejects list" + warehouse_flag(command.selection) + "\n";
}

Result<std::string> show_output(const RejectsCommand& command, Warehouse& warehouse,
                                const Terminal& terminal) {
  const std::size_t limit = command.limit.value_or(RejectFilter{}.count_max);
  DRAY_ASSIGN(const std::vector<Reject> rejects, rejects_of(command, warehouse, limit));
  return command.presentation.form == OutputForm::json
             ? rejects_json(rejects)
             : rejects_text(rejects, command, limit, terminal);
}

int show(const RejectsCommand& command, const Environment& environment) {
  const auto output = [&]() -> Result<std::string> {
    DRAY_ASSIGN(const std::string address, select_warehouse(command.selection));
    DRAY_ASSIGN(const std::unique_ptr<Warehouse> warehouse,
                open_to_read(address, wait_of(command.selection, environment)));
    DRAY_TRY(check_sources(command.selection, address, *warehouse));
    DRAY_TRY(check_filter(command, *warehouse));
    return command.action == RejectsCommand::Action::list
               ? list_output(command, *warehouse, shown_address(address), environment.out_terminal)
               : show_output(command, *warehouse, environment.out_terminal);
  }();
  if (!output.ok()) return tell_failure(environment, command.presentation.form, output.error());
  environment.out << *output << std::flush;
  return exit_success;
}

// --- retry

// The configuration, or with --warehouse alone one that knows no source.
Result<Config> retry_config(const Selection& selection) {
  Selection without_names = selection;
  without_names.sources.clear();
  if (selection.warehouse.empty()) {
    DRAY_TRY(select_warehouse(selection));  // its error says how a retry is told of one
    return select_sources(without_names);
  }
  DRAY_TRY(check_warehouse(selection.warehouse));
  Config config;
  config.warehouse = selection.warehouse;
  if (selection.threads) config.threads = *selection.threads;
  if (selection.memory_bytes) config.memory_bytes = *selection.memory_bytes;
  return config;
}

// Where each schema's lines come from: where the last run found them, unless the configuration says
// otherwise.
Result<std::map<std::string, SourceConfig>> known_sources(const Config& config,
                                                          Warehouse& warehouse) {
  std::map<std::string, SourceConfig> sources;
  DRAY_ASSIGN(const std::vector<SourceStatus> statuses, source_statuses(warehouse));
  for (const SourceStatus& status : statuses) {
    SourceConfig& source = sources[status.source];
    source.name = status.source;
    source.location = text_to_path(status.location);
  }
  for (const SourceConfig& source : config.sources) {
    sources[schema_name(source.name)] = source;
  }
  return sources;
}

Result<std::vector<SyncJob>> retry_jobs(const RejectsCommand& command, const Config& config,
                                        Warehouse& warehouse) {
  DRAY_TRY(check_sources(command.selection, config.warehouse, warehouse));
  DRAY_TRY(check_filter(command, warehouse));
  const std::size_t limit = command.limit.value_or(std::numeric_limits<std::int64_t>::max());
  DRAY_ASSIGN(const std::vector<Reject> rejects, rejects_of(command, warehouse, limit));
  DRAY_ASSIGN(const auto sources, known_sources(config, warehouse));
  std::map<std::string, SyncJob> jobs;
  for (const Reject& reject : rejects) {
    const auto source = sources.find(reject.source);
    if (source == sources.end()) {
      return config_error("nobody knows where the objects of " + reject.source + " are");
    }
    SyncJob& job = jobs.try_emplace(reject.source, SyncJob{request_of(config), {}}).first->second;
    if (!std::holds_alternative<RejectedLines>(job.request.read))
      job.request.read = RejectedLines();
    job.request.source = source->second.name;
    job.request.types = TypeRules(source->second.types);
    std::get<RejectedLines>(job.request.read).by_object[reject.object].insert(reject.line);
    job.place = source->second;
  }
  std::vector<SyncJob> list;
  list.reserve(jobs.size());
  for (auto& [schema, job] : jobs) {
    list.push_back(std::move(job));
  }
  return list;
}

int retry(const RejectsCommand& command, const Environment& environment) {
  const Presentation& presentation = command.presentation;
  const auto config = retry_config(command.selection);
  if (!config.ok()) return tell_failure(environment, presentation.form, config.error());
  const FileWait wait =
      wait_of(command.selection, environment, presentation.quiet ? TellWait::no : TellWait::yes);
  auto warehouse =
      open_to_sync(*config, SyncMode::load, wait, trace_of(command.presentation, environment));
  if (!warehouse.ok()) return tell_failure(environment, presentation.form, warehouse.error());
  const auto jobs = retry_jobs(command, *config, **warehouse);
  if (!jobs.ok()) return tell_failure(environment, presentation.form, jobs.error());
  if (jobs->empty() && presentation.form == OutputForm::text && !presentation.quiet) {
    environment.out << none_text(command);
  }
  return run_syncs(*jobs, std::move(warehouse).value(), shown_address(config->warehouse),
                   presentation, environment);
}

}  // namespace

int run_command(const RejectsCommand& command, const Environment& environment) {
  return command.action == RejectsCommand::Action::retry ? retry(command, environment)
                                                         : show(command, environment);
}

}  // namespace dray
