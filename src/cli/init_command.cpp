// init, settings, completion and version: what needs no warehouse.
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "base/json_writer.h"
#include "base/quotable.h"
#include "cli/build_info.h"
#include "cli/commands.h"
#include "cli/completion.h"
#include "config/config.h"
#include "load/versions.h"

namespace dray {
namespace {

Result<void> write_template(const InitCommand& command) {
  std::error_code ignored;
  if (!command.force && std::filesystem::exists(command.path, ignored)) {
    return config_error(command.path + " is there already", "dray init --force overwrites it");
  }
  errno = 0;
  std::ofstream file(command.path, std::ios::binary | std::ios::trunc);
  file << config_template();
  file.close();
  if (!file)
    return config_error(quotable_path(command.path, "--config") + ": " + std::strerror(errno));
  return {};
}

}  // namespace

int run_command(const InitCommand& command, const Environment& environment) {
  const auto written = write_template(command);
  if (!written.ok()) return tell_failure(environment, OutputForm::text, written.error());
  environment.out << "wrote " << command.path
                  << "; set warehouse and sources there, then: dray plan\n";
  return exit_success;
}

int run_command(const CompletionCommand& command, const Environment& environment) {
  environment.out << completion_script(command.shell, command_tree());
  return exit_success;
}

int run_command(const SettingsCommand& command, const Environment& environment) {
  environment.out << (command.document == "schema"      ? config_json_schema()
                      : command.document == "reference" ? config_reference()
                                                        : config_template());
  return exit_success;
}

int run_command(const VersionCommand& command, const Environment& environment) {
  const EngineVersions engines = engine_versions();
  if (command.form == OutputForm::json) {
    JsonWriter json;
    json.begin_object().field("version", DRAY_VERSION).field("commit", DRAY_COMMIT);
    json.field("build", DRAY_BUILD).field("duckdb", engines.duckdb).field("libpq", engines.libpq);
    json.end_object();
    environment.out << std::move(json).done() << '\n';
  } else {
    environment.out << "dray " << DRAY_VERSION << '\n'
                    << "commit " << DRAY_COMMIT << '\n'
                    << "build  " << DRAY_BUILD << '\n'
                    << "DuckDB " << engines.duckdb << '\n'
                    << "libpq  " << engines.libpq << '\n';
  }
  return exit_success;
}

}  // namespace dray
