#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX, not the C library
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "cli/cli.h"
#include "cli/interrupt.h"
#include "cli/standard_files.h"

int main(int argc, char** argv) {
  dray::catch_early_stops();
  dray::hold_standard_files();
  // A file that may not grow any more, and a reader that has gone, are errors of the write, like a
  // full disk, and not the end: least of all in the middle of a load.
  ::signal(SIGXFSZ, SIG_IGN);
  ::signal(SIGPIPE, SIG_IGN);
  dray::FileBuffer out_file(STDOUT_FILENO);
  std::ostream out(&out_file);
  const dray::Environment environment{
      .out = out,
      .err = std::cerr,
      .out_terminal = dray::terminal_of(STDOUT_FILENO),
      .err_terminal = dray::terminal_of(STDERR_FILENO),
      .today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()),
      .watch_signals = dray::WatchSignals::yes,
      .out_error = [&out_file] { return out_file.error(); },
  };
  return dray::run_cli({argv + (argc > 0 ? 1 : 0), argv + argc}, environment);
}
