#include "cli/sync_runner.h"

#include <mutex>
#include <optional>
#include <stop_token>

#include "app/address.h"
#include "app/report_json.h"
#include "app/source.h"
#include "base/quotable.h"
#include "cli/interrupt.h"
#include "cli/progress.h"
#include "cli/report_output.h"
#include "cli/selection.h"
#include "transform/naming.h"

namespace dray {
namespace {

// The error is all there is to say: a table of what was done would have nothing in it.
bool ended_early(const RunReport& report) {
  if (!report.failure) return false;
  const Cause cause = report.failure->cause;
  return cause == Cause::config || cause == Cause::cancelled || report.objects_listed == 0;
}

bool is_stopped(const RunReport& report) {
  return report.failure && report.failure->cause == Cause::cancelled &&
         !report.failure->is_partly_loaded;
}

// What is the same for all jobs of one command.
class Runner {
 public:
  Runner(Warehouse& warehouse, const std::string& warehouse_name, const Presentation& presentation,
         const Environment& environment)
      : warehouse_(warehouse),
        warehouse_name_(warehouse_name),
        presentation_(presentation),
        environment_(environment),
        trace_(trace_of(presentation, environment)) {
    if (environment_.watch_signals == WatchSignals::yes) interrupts_.emplace([this] { stop(); });
  }

  int run(const SyncJob& job);
  bool stopped() const { return stop_.stop_requested(); }

 private:
  Result<RunReport> sync_one(const SyncJob& job);
  void stop();
  ProgressForm progress_form() const;
  void show(const RunReport& report, const SyncJob& job);
  void tell_stopped(const std::string& source);
  void tell_too_late(const RunReport& report, SyncMode mode);

  Warehouse& warehouse_;
  const std::string& warehouse_name_;
  const Presentation& presentation_;
  const Environment& environment_;
  const Trace trace_;
  std::stop_source stop_;
  std::mutex display_mutex_;
  ProgressDisplay* display_ = nullptr;  // while there is one
  std::optional<Interrupts> interrupts_;
};

void Runner::stop() {
  stop_.request_stop();
  const std::scoped_lock lock(display_mutex_);
  if (display_ != nullptr) {
    display_->say("dray: stopping; nothing half-done stays (once more: at once)");
  }
}

ProgressForm Runner::progress_form() const {
  if (presentation_.quiet || !presentation_.progress || trace_) return ProgressForm::none;
  return environment_.err_terminal.is_terminal ? ProgressForm::bar : ProgressForm::lines;
}

Result<RunReport> Runner::sync_one(const SyncJob& job) {
  DRAY_ASSIGN(const std::unique_ptr<ObjectStore> store,
              open_source(job.place, stop_.get_token(), trace_));
  if (trace_) {
    trace_((job.request.mode == SyncMode::plan ? "plan " : "sync ") + job.request.source + ": " +
           store->location() + " to " + warehouse_name_);
  }
  SyncProgress progress;
  ProgressDisplay display(environment_, progress_form(), job.request.source, progress);
  const auto show_on = [this](ProgressDisplay* on) {
    const std::scoped_lock lock(display_mutex_);
    display_ = on;
  };
  show_on(&display);
  SyncRequest request = job.request;
  request.on_step = trace_;
  RunReport report = sync(request, *store, warehouse_, progress, stop_.get_token());
  report.warehouse = warehouse_name_;
  show_on(nullptr);
  return report;
}

void Runner::show(const RunReport& report, const SyncJob& job) {
  const bool is_json = presentation_.form == OutputForm::json;
  if (is_json) environment_.out << report_json(report) << std::endl;
  if (ended_early(report)) {
    print_failure(environment_, presentation_.form, *report.failure, quotable_name(job));
  } else if (!is_json && !presentation_.quiet) {
    environment_.out << report_text(report, job.request.mode, environment_.out_terminal)
                     << std::flush;
  } else if (!is_json && !report.error.empty()) {
    environment_.err << "dray: " << report.source << ": " << report.error << std::endl;
  }
  const bool is_strict = presentation_.strict == Strict::yes && presentation_.quiet;
  if (const std::string rejects = rejects_text(report, job.request.mode);
      is_strict && !is_json && !rejects.empty()) {
    environment_.err << "dray: " << report.source << ": " << rejects << std::endl;
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
  const Result<RunReport> result = sync_one(job);
  if (!result) {
    return tell_failure(environment_, presentation_.form, result.error(), quotable_name(job));
  }
  const RunReport& report = *result;
  show(report, job);
  if (is_stopped(report)) {
    tell_stopped(job.request.source);
  } else if (stopped() && report.status != RunStatus::failure) {
    tell_too_late(report, job.request.mode);
  }
  return exit_code(report, presentation_.strict);
}

}  // namespace

std::string quotable_name(const SyncJob& job) {
  const std::string& place = job.place.location;
  const std::string name = name_of_place(place);
  const bool is_place = job.request.source == name || job.request.source == schema_name(name);
  const bool is_path = place.find("://") == std::string::npos;
  return is_place && is_path && quotable_path(place, "").empty() ? "" : job.request.source;
}

Trace trace_of(const Presentation& presentation, const Environment& environment) {
  return presentation.verbose ? verbose_trace(environment) : Trace();
}

int run_syncs(const std::vector<SyncJob>& jobs, std::unique_ptr<Warehouse> warehouse,
              const std::string& warehouse_name, const Presentation& presentation,
              const Environment& environment) {
  Runner runner(*warehouse, warehouse_name, presentation, environment);
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
  warehouse.reset();
  return worst;
}

}  // namespace dray
