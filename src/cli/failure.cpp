#include "cli/failure.h"

#include <algorithm>

#include "base/json_writer.h"
#include "cli/exit_code.h"
#include "cli/format.h"

namespace dray {
namespace {

constexpr std::string_view hint_mark = "\ntry: ";

void print_text(const Environment& environment, std::string_view message, std::string_view hint) {
  const Terminal& terminal = environment.err_terminal;
  // One line for each problem of a configuration file.
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    environment.err << "dray: " << painted(terminal, Colour::red, "error:") << ' '
                    << printable(message.substr(0, end)) << '\n';
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  if (!hint.empty()) {
    environment.err << "  " << painted(terminal, Colour::bold, "try:") << ' ' << printable(hint)
                    << '\n';
  }
  environment.err.flush();
}

}  // namespace

Error with_hint(Error error, std::string_view hint) {
  error.message.append(hint_mark).append(hint);
  return error;
}

int tell_failure(const Environment& environment, OutputForm form, const Error& error,
                 std::string_view source) {
  std::string_view message = error.message;
  std::string_view hint;
  if (const std::size_t at = message.rfind(hint_mark); at != std::string_view::npos) {
    hint = message.substr(at + hint_mark.size());
    message = message.substr(0, at);
  }
  std::string text(message);
  if (!source.empty()) text = std::string(source) + ": " + text;
  print_text(environment, text, hint);
  const int code = exit_code(error);
  if (form == OutputForm::json) {
    JsonWriter json;
    json.begin_object().field("status", "error").field("source", source);
    json.field("message", message).field("try", hint).field("cause", to_string(error.cause));
    json.field("exit_code", code).end_object();
    environment.out << std::move(json).done() << '\n';
  }
  return code;
}

}  // namespace dray
