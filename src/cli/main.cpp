#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX, not the C library
#include <unistd.h>

#include <chrono>
#include <iostream>

#include "cli/cli.h"

int main(int argc, char** argv) {
  // A file that may not grow any more is an error of the write, like a full disk, not the end.
  ::signal(SIGXFSZ, SIG_IGN);
  const dray::Environment environment{
      .out = std::cout,
      .err = std::cerr,
      .out_terminal = dray::terminal_of(STDOUT_FILENO),
      .err_terminal = dray::terminal_of(STDERR_FILENO),
      .today = std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()),
      .watch_signals = dray::WatchSignals::yes,
  };
  return dray::run_cli({argv + (argc > 0 ? 1 : 0), argv + argc}, environment);
}
