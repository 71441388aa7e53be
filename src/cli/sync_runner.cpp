#include "cli/sync_runner.h"

#include <optional>
#include <stop_token>

#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/report_output.h"
#include "source/directory.h"

namespace dray {
namespace {

// What is the same for all jobs of one command.
class Runner {
 public:
  Runner(Warehouse& warehouse, const std::string& warehouse_name, const Presentation& presentation,
         const Environment& environment)
      : warehouse_(warehouse),
        warehouse_name_(warehouse_name),
        presentation_(presentation),
        environment_(environment) {}

  int run(const SyncJob& job);
  bool stopped() const { return stop_.stop_requested(); }

 private:
  Result<RunReport> sync_one(const SyncJob& job);
  ProgressForm progress_form() const;
  void show(const RunReport& report, SyncMode mode);
  void tell_stopped(const std::string& source);
  void tell_too_late(const RunReport& report, SyncMode mode);

  Warehouse& warehouse_;
  const std::string& warehouse_name_;
  const Presentation& presentation_;
  const Environment& environment_;
  std::stop_source stop_;
};

ProgressForm Runner::progress_form() const {
  if (presentation_.quiet || !presentation_.progress) return ProgressForm::none;
  return environment_.err_terminal.is_terminal ? ProgressForm::bar : ProgressForm::lines;
}

Result<RunReport> Runner::sync_one(const SyncJob& job) {
  DRAY_ASSIGN(const std::unique_ptr<ObjectStore> store, open_directory(job.location));
  SyncProgress progress;
  ProgressDisplay display(environment_, progress_form(), job.request.source, progress);
  std::optional<Interrupts> interrupts;
  if (environment_.watch_signals == WatchSignals::yes) {
    interrupts.emplace([&] {
      stop_.request_stop();
      display.say("dray: stopping; nothing half-done stays (once more: at once)");
    });
  }
  return sync(job.request, *store, warehouse_, progress, stop_.get_token());
}

void Runner::show(const RunReport& report, SyncMode mode) {
  if (presentation_.form == OutputForm::json) {
    environment_.out << report_json(report) << std::endl;
  } else if (!presentation_.quiet) {
    environment_.out << report_text(report, mode, environment_.out_terminal) << std::flush;
  } else if (!report.error.empty()) {
    environment_.err << "dray: " << report.source << ": " << report.error << std::endl;
  }
  environment_.err << conservation_bug(report) << std::flush;
}

void Runner::tell_stopped(const std::string& source) {
  environment_.err << "dray: stopped: " << source
                   << " is as it was before this sync; the next one begins again" << std::endl;
}

void Runner::tell_too_late(const RunReport& report, SyncMode mode) {
  if (mode == SyncMode::plan) return;
  environment_.err << "dray: it was too late to stop: " << report.source << " is loaded"
                   << std::endl;
}

int Runner::run(const SyncJob& job) {
  Result<RunReport> result = sync_one(job);
  if (!result.ok()) {
    const int code =
        tell_failure(environment_, presentation_.form, result.error(), job.request.source);
    if (result.error().cause == Cause::cancelled) tell_stopped(job.request.source);
    return code;
  }
  RunReport report = std::move(result).value();
  report.warehouse = warehouse_name_;
  show(report, job.request.mode);
  if (stopped() && report.status != RunStatus::failure) tell_too_late(report, job.request.mode);
  return exit_code(report, presentation_.strict);
}

}  // namespace

SyncRequest request_of(const Config& config) {
  SyncRequest request;
  request.warehouse_id = config.warehouse_id;
  request.contract_columns = config.contract_columns;
  request.threads = config.threads;
  request.memory_bytes = config.memory_bytes;
  request.line_bytes_max = config.line_bytes_max;
  request.temp_directory = config.temp_directory;
  return request;
}

int run_syncs(const std::vector<SyncJob>& jobs, Warehouse& warehouse,
              const std::string& warehouse_name, const Presentation& presentation,
              const Environment& environment) {
  Runner runner(warehouse, warehouse_name, presentation, environment);
  int worst = exit_success;
  bool first = true;
  for (const SyncJob& job : jobs) {
    if (runner.stopped()) {
      environment.err << "dray: not begun: " << job.request.source << std::endl;
      worst = worse_exit_code(worst, exit_failure);
      continue;
    }
    const bool text = presentation.form == OutputForm::text && !presentation.quiet;
    if (!first && text) environment.out << '\n';
    first = false;
    worst = worse_exit_code(worst, runner.run(job));
  }
  return worst;
}

}  // namespace dray
