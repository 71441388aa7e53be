#include "run/context.h"

#include <utility>

#include "base/message.h"

namespace dray {

namespace {

// As a shell takes it.
std::string quoted(std::string text) {
  for (std::size_t at = 0; (at = text.find('\'', at)) != std::string::npos; at += 4)
    text.replace(at, 1, "'\\''");
  return "'" + text + "'";
}

}  // namespace

void RunContext::step(const std::string& sentence) const {
  if (request.on_step) request.on_step(sentence);
}

void RunContext::notice(std::string code, std::string message, std::uint64_t count) const {
  report.notices.push_back({std::move(code), std::move(message), count});
}

void RunContext::forget_notices(std::size_t count) const {
  DRAY_ASSERT(count <= report.notices.size());
  report.notices.resize(count);
}

void RunContext::fell_short(const std::string& why) const {
  if (report.status == RunStatus::success) report.status = RunStatus::partial;
  if (!report.error.empty()) report.error += "; ";
  report.error += why;
}

std::string skip_command(const RunContext& context, const std::string& key) {
  std::string command =
      "dray objects skip " + quoted(key) + " --source " + context.report.source + " --reason TEXT";
  // A plan's may be one that is not there yet.
  if (context.request.mode == SyncMode::plan) return command;
  return command + " --warehouse " + quoted(context.warehouse.location());
}

std::string one_line(const Error& error) {
  std::string out = in_one_line(error.message);
  if (error.remedy.empty()) return out;
  return out + " (try: " + in_one_line(error.remedy) + ")";
}

}  // namespace dray
