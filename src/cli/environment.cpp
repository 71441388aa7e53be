#include "cli/environment.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>

namespace dray {
namespace {

std::string_view code_of(Colour colour) {
  switch (colour) {
    case Colour::red:
      return "31";
    case Colour::green:
      return "32";
    case Colour::yellow:
      return "33";
    case Colour::dim:
      return "2";
    case Colour::bold:
      return "1";
  }
  return "0";
}

bool colour_wanted() {
  const char* no_colour = std::getenv("NO_COLOR");
  const char* term = std::getenv("TERM");
  const bool refused = no_colour != nullptr && *no_colour != '\0';
  return !refused && term != nullptr && std::string_view(term) != "dumb";
}

}  // namespace

Terminal terminal_of(int file_descriptor) {
  Terminal terminal;
  terminal.is_terminal = ::isatty(file_descriptor) == 1;
  if (!terminal.is_terminal) return terminal;
  terminal.colour = colour_wanted();
  winsize size{};
  const bool known = ::ioctl(file_descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  terminal.columns = known ? size.ws_col : 80;
  return terminal;
}

std::string painted(const Terminal& terminal, Colour colour, std::string_view text) {
  std::string out;
  if (!terminal.colour) return out.append(text);
  return out.append("\033[").append(code_of(colour)).append("m").append(text).append("\033[0m");
}

}  // namespace dray
