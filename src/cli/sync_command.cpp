#include <optional>

#include "app/address.h"
#include "app/open_warehouse.h"
#include "app/request.h"
#include "app/source.h"
#include "cli/commands.h"
#include "cli/selection.h"
#include "cli/sync_runner.h"

namespace dray {
namespace {

std::vector<SyncJob> jobs_of(const SyncCommand& command, const Config& config) {
  std::vector<SyncJob> jobs;
  for (const SourceConfig& source : config.sources) {
    SyncJob& job = jobs.emplace_back(SyncJob{request_of(config), source});
    job.request.source = source.name;
    job.request.mode = command.mode;
    if (command.since || command.until) {
      job.request.read = ReceivedDays{command.since, command.until};
    } else {
      job.request.read = NewObjects{source.history};
    }
    job.request.types = TypeRules(source.types);
    job.request.reload_changed = command.reload_changed;
    job.request.moved = command.moved;
    job.request.empty_ok = command.empty_ok || source.empty_ok;
  }
  return jobs;
}

// The failures, when not one of the sources can be read: then there is no reason to create a
// warehouse. One that is there learns of it from the sync itself.
std::optional<int> tell_if_none_is_there(const std::vector<SyncJob>& jobs, OutputForm form,
                                         const Environment& environment) {
  std::vector<Error> errors;
  for (const SyncJob& job : jobs) {
    auto checked = check_source(job.place);
    if (checked.ok()) return std::nullopt;
    errors.push_back(std::move(checked).error());
  }
  int worst = exit_success;
  for (std::size_t i = 0; i < jobs.size(); ++i) {
    const int code = tell_failure(environment, form, errors[i], quotable_name(jobs[i]));
    worst = worse_exit_code(worst, code);
  }
  return worst;
}

}  // namespace

int run_command(const SyncCommand& command, const Environment& environment) {
  const OutputForm form = command.presentation.form;
  if (command.since && command.until && *command.since > *command.until) {
    return tell_failure(environment, form, config_error("--since is later than --until"));
  }
  const auto config = select_sources(command.selection);
  if (!config.ok()) return tell_failure(environment, form, config.error());
  const std::vector<SyncJob> jobs = jobs_of(command, *config);
  if (command.mode == SyncMode::plan || !is_made(config->warehouse)) {
    if (const auto code = tell_if_none_is_there(jobs, form, environment)) return *code;
  }
  const FileWait wait = wait_of(command.selection, environment,
                                command.presentation.quiet ? TellWait::no : TellWait::yes);
  auto warehouse =
      open_to_sync(*config, command.mode, wait, trace_of(command.presentation, environment));
  if (!warehouse.ok()) return tell_failure(environment, form, warehouse.error());
  return run_syncs(jobs, std::move(warehouse).value(), shown_address(config->warehouse),
                   command.presentation, environment);
}

}  // namespace dray
