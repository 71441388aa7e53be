#include "run/context.h"

#include <utility>

#include "base/message.h"

namespace dray {

void RunContext::step(const std::string& sentence) const {
  if (request.on_step) request.on_step(sentence);
}

void RunContext::notice(std::string code, std::string message, std::uint64_t count) const {
  report.notices.push_back({std::move(code), std::move(message), count});
}

void RunContext::fell_short(const std::string& why) const {
  if (report.status == RunStatus::success) report.status = RunStatus::partial;
  if (!report.error.empty()) report.error += "; ";
  report.error += why;
}

std::string skip_command(const std::string& source, const std::string& key) {
  std::string quoted = key;
  for (std::size_t at = 0; (at = quoted.find('\'', at)) != std::string::npos; at += 4)
    quoted.replace(at, 1, "'\\''");
  return "dray objects skip '" + quoted + "' --source " + source + " --reason TEXT";
}

std::string one_line(const Error& error) {
  std::string out = in_one_line(error.message);
  if (error.remedy.empty()) return out;
  return out + " (try: " + in_one_line(error.remedy) + ")";
}

}  // namespace dray
