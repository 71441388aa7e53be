#include "cli/cli.h"

#include <algorithm>
#include <exception>
#include <new>

#include "cli/app.h"
#include "cli/commands.h"

namespace dray {
namespace {

// A command line that cannot be understood may still say how it wants to be answered.
OutputForm wanted_form(const std::vector<std::string>& arguments) {
  const auto end = std::ranges::find(arguments, "--");
  const bool json = std::find(arguments.begin(), end, "--json") != end;
  return json ? OutputForm::json : OutputForm::text;
}

int run(const std::vector<std::string>& arguments, const Environment& environment) {
  const auto parsed = parse_command_line(arguments, environment.today);
  if (!parsed.ok()) return tell_failure(environment, wanted_form(arguments), parsed.error());
  if (const auto* help = std::get_if<HelpText>(&*parsed)) {
    // Asked for, it is the answer; else it is a complaint.
    (help->exit_code == exit_success ? environment.out : environment.err) << help->text;
    return help->exit_code;
  }
  return std::visit([&](const auto& command) { return run_command(command, environment); },
                    std::get<Command>(*parsed));
}

}  // namespace

int run_cli(const std::vector<std::string>& arguments, const Environment& environment) {
  try {
    const int code = run(arguments, environment);
    environment.out.flush();
    // A full disk behind "dray query ... > file" is no success.
    if (environment.out) return code;
    return tell_failure(environment, OutputForm::text,
                        internal_error("cannot write to standard output"));
  } catch (const std::bad_alloc&) {
    return tell_failure(environment, wanted_form(arguments),
                        with_hint(internal_error("out of memory"), "a smaller --memory"));
  } catch (const std::exception& problem) {
    return tell_failure(environment, wanted_form(arguments),
                        internal_error(std::string("unexpected: ") + problem.what()));
  }
}

}  // namespace dray
