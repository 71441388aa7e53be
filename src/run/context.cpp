#include "run/context.h"

#include <chrono>
#include <utility>

namespace dray {

void RunContext::notice(std::string code, std::string message, std::uint64_t count) const {
  report.notices.push_back({std::move(code), std::move(message), count});
}

void RunContext::fell_short(const std::string& why) const {
  if (report.status == RunStatus::success) report.status = RunStatus::partial;
  if (!report.error.empty()) report.error += "; ";
  report.error += why;
}

Timestamp now() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

std::string one_line(std::string text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string::npos;)
    text.replace(at, 1, "; ");
  return text;
}

}  // namespace dray
