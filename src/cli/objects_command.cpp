// objects list, skip and unskip: what will not be read, and putting it aside for good.
#include <pwd.h>
#include <unistd.h>

#include <algorithm>
#include <array>

#include "app/address.h"
#include "app/open_warehouse.h"
#include "base/json_writer.h"
#include "base/path_text.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cli/advice.h"
#include "cli/commands.h"
#include "cli/format.h"
#include "cli/selection.h"
#include "cli/table.h"
#include "run/records.h"
#include "run/skips.h"

namespace dray {
namespace {

// "ana@host": whom to ask about it later.
std::string who_runs_this() {
  std::array<char, 4096> buffer{};
  passwd entry{};
  passwd* found = nullptr;
  ::getpwuid_r(::geteuid(), &entry, buffer.data(), buffer.size(), &found);
  std::string who = found != nullptr ? found->pw_name : "uid " + std::to_string(::geteuid());
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) == 0 && host[0] != '\0') {
    who.append("@").append(host.data());
  }
  return to_valid_utf8(who);
}

// --- list

constexpr const char* changed_reason = "replaced since it was loaded, and not loaded again";

Result<std::vector<SourceStatus>> statuses_of(const ObjectsCommand& command, Warehouse& warehouse) {
  DRAY_ASSIGN(std::vector<SourceStatus> found, source_statuses(warehouse));
  const auto schemas = selected_schemas(command.selection);
  std::erase_if(found, [&](const SourceStatus& status) {
    return !schemas.empty() && std::ranges::find(schemas, status.source) == schemas.end();
  });
  return found;
}

void write_object(JsonWriter& json, const SourceStatus& status, std::string_view state,
                  const std::string& key, const std::string& reason, const std::string& by,
                  std::chrono::sys_time<std::chrono::microseconds> since) {
  json.begin_object().field("source", status.source).field("object", key).field("state", state);
  json.field("reason", reason).field("by", by);
  json.field("since", format_timestamp(to_micros(since))).end_object();
}

std::string objects_json(const std::vector<SourceStatus>& found) {
  JsonWriter json;
  json.begin_object().key("objects").begin_array();
  for (const SourceStatus& status : found) {
    for (const ObjectSetAside& object : status.objects_set_aside)
      write_object(json, status, "set_aside", object.key, object.reason, "", object.since);
    for (const ObjectChanged& object : status.objects_changed)
      write_object(json, status, "changed", object.key, changed_reason, "", object.since);
    for (const ObjectSkipped& object : status.objects_skipped)
      write_object(json, status, "skipped", object.key, object.reason, object.skipped_by,
                   object.since);
  }
  json.end_array().key("waiting").begin_array();
  for (const SourceStatus& status : found) {
    if (status.objects_waiting == 0) continue;
    json.begin_object().field("source", status.source);
    json.field("objects", status.objects_waiting).end_object();
  }
  json.end_array().end_object();
  return std::move(json).done() + "\n";
}

// Objects that are read again for the tables that refused their rows: there may be very many.
std::string waiting_text(const std::vector<SourceStatus>& found, const ObjectsCommand& command) {
  std::string out;
  for (const SourceStatus& status : found) {
    if (status.objects_waiting == 0) continue;
    out += status.source + ": " + counted(status.objects_waiting, "object") +
           " will be read again for a table that refused their rows; see: dray status" +
           warehouse_flag(command.selection) + "\n";
  }
  return out;
}

// What to do about each kind, as commands: for the first object of a source's that is set aside,
// and for all that have changed.
Result<std::string> next_text(const std::vector<SourceStatus>& found, const ObjectsCommand& command,
                              const std::string& warehouse) {
  std::string set_aside;
  std::string changed;
  DRAY_ASSIGN(const auto configured, names_by_schema(command.selection));
  for (const SourceStatus& status : found) {
    if (!status.objects_set_aside.empty()) {
      set_aside += "  dray objects skip " + shell_word(status.objects_set_aside.front().key) +
                   " --source " + shell_word(status.source) + " --reason WHY" +
                   warehouse_flag(command.selection) + "\n";
    }
    if (!status.objects_changed.empty()) {
      changed += "  " + sync_command(status, warehouse, configured) + " --reload-changed\n";
    }
  }
  if (!set_aside.empty()) {
    set_aside = "\nevery sync tries again what is set aside; to put an object aside for good:\n" +
                set_aside;
  }
  if (!changed.empty()) changed = "\nto load what has changed:\n" + changed;
  return set_aside + changed;
}

Result<std::string> objects_text(const std::vector<SourceStatus>& found,
                                 const ObjectsCommand& command, const std::string& warehouse,
                                 const Terminal& terminal) {
  std::vector<std::vector<std::string>> rows;
  for (const SourceStatus& status : found) {
    for (const ObjectSetAside& object : status.objects_set_aside) {
      rows.push_back({status.source, "set aside", human_time(object.since), printable(object.key),
                      "", printable(object.reason)});
    }
    for (const ObjectChanged& object : status.objects_changed) {
      rows.push_back({status.source, "changed", human_time(object.since), printable(object.key), "",
                      changed_reason});
    }
    for (const ObjectSkipped& object : status.objects_skipped) {
      rows.push_back({status.source, "skipped", human_time(object.since), printable(object.key),
                      printable(object.skipped_by), printable(object.reason)});
    }
  }
  const std::string waiting = waiting_text(found, command);
  if (rows.empty()) return "no object is set aside, changed or skipped\n" + waiting;
  DRAY_ASSIGN(const std::string next, next_text(found, command, warehouse));
  return render_table({{"source"}, {"state"}, {"since (UTC)"}, {"object"}, {"by"}, {"reason"}},
                      rows, terminal.columns) +
         next + waiting;
}

Result<std::string> list_output(const ObjectsCommand& command, const Environment& environment) {
  DRAY_ASSIGN(const std::string address, select_warehouse(command.selection));
  DRAY_ASSIGN(const std::unique_ptr<Warehouse> warehouse,
              open_to_read(address, wait_of(command.selection, environment)));
  DRAY_TRY(check_sources(command.selection, address, *warehouse));
  DRAY_ASSIGN(const std::vector<SourceStatus> found, statuses_of(command, *warehouse));
  if (command.form == OutputForm::json) return objects_json(found);
  return objects_text(found, command, shown_address(address), environment.out_terminal);
}

// --- skip and unskip

// The one source that the command is about.
Result<std::string> source_of(const ObjectsCommand& command, Warehouse& warehouse) {
  const auto schemas = selected_schemas(command.selection);
  if (schemas.size() == 1) return schemas.front();
  DRAY_ASSIGN(const std::vector<std::string> known, source_names(warehouse));
  if (schemas.empty() && known.size() == 1) return known.front();
  if (known.empty()) return config_error("nothing was loaded yet; there is no source to skip of");
  return config_error("which source the objects are of, one of them, is not told", "--source NAME");
}

std::string action_text(const ObjectsCommand& command, const std::string& source,
                        const std::vector<std::string>& unknown) {
  const bool is_skip = command.action == ObjectsCommand::Action::skip;
  std::string out;
  for (const std::string& key : command.keys) {
    out += source + ": " + printable(key) +
           (is_skip ? " is skipped from now on" : " is read again by the next sync") + "\n";
  }
  for (const std::string& key : unknown) {
    out += "notice: no sync has seen " + printable(key) + " yet; is that its key?\n";
  }
  if (is_skip) {
    out += "to take back: dray objects unskip " + shell_word(command.keys.front()) + " --source " +
           source + warehouse_flag(command.selection) + "\n";
  }
  return out;
}

std::string action_json(const ObjectsCommand& command, const std::string& source,
                        const std::vector<std::string>& unknown) {
  JsonWriter json;
  json.begin_object().field("source", source);
  json.key(command.action == ObjectsCommand::Action::skip ? "skipped" : "unskipped").begin_array();
  for (const std::string& key : command.keys)
    json.value(key);
  json.end_array().key("not_seen_yet").begin_array();
  for (const std::string& key : unknown)
    json.value(key);
  json.end_array().end_object();
  return std::move(json).done() + "\n";
}

Result<std::string> act(ObjectsCommand command, const Environment& environment) {
  for (std::string& key : command.keys)
    key = typed_to_text(key);
  DRAY_ASSIGN(const std::string address, select_warehouse(command.selection));
  const FileWait wait = wait_of(command.selection, environment);
  {
    // A file that is not there yet would be made.
    DRAY_TRY(open_to_read(address, wait));
  }
  Config config;
  config.warehouse = address;
  DRAY_ASSIGN(const std::unique_ptr<Warehouse> warehouse,
              open_to_sync(config, SyncMode::load, wait));
  DRAY_TRY(check_sources(command.selection, address, *warehouse));
  DRAY_ASSIGN(const std::string source, source_of(command, *warehouse));
  std::vector<std::string> unknown;
  if (command.action == ObjectsCommand::Action::skip) {
    if (command.reason.find_first_not_of(' ') == std::string::npos) {
      return config_error("--reason is empty; whoever reads it later wants to know why");
    }
    DRAY_ASSIGN(unknown,
                skip_objects(*warehouse, {source, command.keys, to_valid_utf8(command.reason),
                                          who_runs_this()}));
  } else {
    DRAY_TRY(unskip_objects(*warehouse, source, command.keys));
  }
  return command.form == OutputForm::json ? action_json(command, source, unknown)
                                          : action_text(command, source, unknown);
}

}  // namespace

int run_command(const ObjectsCommand& command, const Environment& environment) {
  const auto output = command.action == ObjectsCommand::Action::list
                          ? list_output(command, environment)
                          : act(command, environment);
  if (!output.ok()) return tell_failure(environment, command.form, output.error());
  environment.out << *output << std::flush;
  return exit_success;
}

}  // namespace dray
