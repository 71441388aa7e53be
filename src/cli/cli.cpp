#include "cli/cli.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/guarded.h"
#include "cli/app.h"
#include "cli/commands.h"
#include "cli/interrupt.h"

namespace dray {
namespace {

// A command line that cannot be understood may still say how it wants to be answered.
OutputForm wanted_form(const std::vector<std::string>& arguments) {
  const auto end = std::ranges::find(arguments, "--");
  const bool json = std::find(arguments.begin(), end, "--json") != end;
  return json ? OutputForm::json : OutputForm::text;
}

// A full disk behind "dray query ... > file" is no success. What was done stays so: the code of a
// command that failed, too, says more than that nobody could read of it.
int tell_unreported(const Environment& environment, int code) {
  std::string message = "cannot write to standard output";
  const int why = environment.out_error ? environment.out_error() : 0;
  if (why != 0) message.append(": ").append(std::strerror(why));
  if (code == exit_success) message += "; nothing else failed";
  (void)tell_failure(environment, OutputForm::text, internal_error(std::move(message)));
  return code == exit_success ? exit_unreported : code;
}

int run(const std::vector<std::string>& arguments, const Environment& environment) {
  const auto parsed = parse_command_line(arguments, environment.today);
  if (!parsed.ok()) return tell_failure(environment, wanted_form(arguments), parsed.error());
  if (const auto* help = std::get_if<HelpText>(&*parsed)) {
    // Asked for, it is the answer; else it is a complaint.
    (help->exit_code == exit_success ? environment.out : environment.err) << help->text;
    return help->exit_code;
  }
  const auto& command = std::get<Command>(*parsed);
  const auto* const rejects = std::get_if<RejectsCommand>(&command);
  const bool is_run = std::holds_alternative<SyncCommand>(command) ||
                      (rejects != nullptr && rejects->action == RejectsCommand::Action::retry);
  // The others change nothing, or all at once, and end as the signals have it.
  if (!is_run && environment.watch_signals == WatchSignals::yes) release_early_stops();
  return std::visit([&](const auto& each) { return run_command(each, environment); }, command);
}

}  // namespace

int run_cli(const std::vector<std::string>& arguments, const Environment& environment) {
  auto code = guarded([&] { return Result<int>(run(arguments, environment)); });
  if (!code) return tell_failure(environment, wanted_form(arguments), std::move(code).error());
  environment.out.flush();
  return environment.out ? *code : tell_unreported(environment, *code);
}

}  // namespace dray
