// What a command is handed of the world: where to write, what is at the other end, what day it is.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>

namespace dray {

struct Terminal {
  bool is_terminal = false;
  bool colour = false;
  std::size_t columns = 0;  // 0: any width will do
};

// Asks the operating system about a file descriptor. Colour is off with NO_COLOR or TERM=dumb.
Terminal terminal_of(int file_descriptor);

enum class WatchSignals { no, yes };

struct Environment {
  std::ostream& out;
  std::ostream& err;
  Terminal out_terminal;
  Terminal err_terminal;
  std::chrono::sys_days today;
  // Whether a sync answers Ctrl-C and SIGTERM itself.
  WatchSignals watch_signals = WatchSignals::no;
  // errno of what could not be written to `out`, or 0: a stream does not keep it.
  std::function<int()> out_error = {};
};

enum class Colour { red, green, yellow, dim, bold };

// `text` in a colour, or as it is where colours are not wanted.
std::string painted(const Terminal& terminal, Colour colour, std::string_view text);

}  // namespace dray
