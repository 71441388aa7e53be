#include "cli/failure.h"

#include <algorithm>

#include "app/report_json.h"
#include "base/json_writer.h"
#include "cli/exit_code.h"
#include "cli/format.h"

namespace dray {
namespace {

constexpr std::string_view continued = "  ";

// A server's or an engine's message may be of several lines; its tabs only set words apart.
std::string shown(std::string_view line) {
  std::string text(line);
  std::ranges::replace(text, '\t', ' ');
  return printable(text);
}

// One "dray: error:" for each problem of a configuration file. A line that begins with two blanks
// belongs to the one before it.
std::string failure_text(const Terminal& terminal, std::string_view message,
                         std::string_view hint) {
  const std::string begin = "dray: " + painted(terminal, Colour::red, "error:") + " ";
  std::string out;
  while (!message.empty()) {
    const std::string_view line = message.substr(0, message.find('\n'));
    out.append(line.starts_with(continued) ? "" : begin).append(shown(line)).append("\n");
    message.remove_prefix(std::min(line.size() + 1, message.size()));
  }
  if (hint.empty()) return out;
  return out + "  " + painted(terminal, Colour::bold, "try:") + " " + shown(hint) + "\n";
}

// Where a person looks; with stderr closed or full that is stdout, unless a script reads it.
void print_text(const Environment& environment, OutputForm form, std::string_view message,
                std::string_view hint) {
  environment.out.flush();
  environment.err << failure_text(environment.err_terminal, message, hint) << std::flush;
  if (environment.err || form != OutputForm::text) return;
  environment.out << failure_text(Terminal(), message, hint) << std::flush;
}

}  // namespace

void print_failure(const Environment& environment, OutputForm form, const Error& error,
                   std::string_view source) {
  std::string text = error.message;
  if (!source.empty()) text = std::string(source) + ": " + text;
  print_text(environment, form, text, error.remedy);
}

int tell_failure(const Environment& environment, OutputForm form, const Error& error,
                 std::string_view source) {
  print_failure(environment, form, error, source);
  const int code = exit_code(error);
  if (form == OutputForm::json) {
    JsonWriter json;
    json.begin_object().field("status", "error").field("source", source);
    write_error_fields(json, error);
    json.field("exit_code", code).end_object();
    environment.out << std::move(json).done() << '\n';
  }
  return code;
}

}  // namespace dray
