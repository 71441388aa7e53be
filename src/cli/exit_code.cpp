#include "cli/exit_code.h"

#include <algorithm>
#include <array>

namespace dray {

int exit_code(const Error& error) {
  if (error.cause != Cause::config) return exit_failure;
  return error.code == ErrorCode::in_use ? exit_busy : exit_usage;
}

int exit_code(const RunReport& report, Strict strict) {
  if (report.failure) return exit_code(*report.failure);
  if (!report.counts.conserved() || report.status == RunStatus::failure) return exit_failure;
  const bool rejects = report.counts.rejected > 0 || report.values_rejected > 0;
  const bool too_little = report.status == RunStatus::partial;
  return too_little || (rejects && strict == Strict::yes) ? exit_partial : exit_success;
}

int worse_exit_code(int a, int b) {
  constexpr std::array order = {exit_success, exit_partial, exit_busy,
                                exit_usage,   exit_failure, exit_interrupted};
  const auto rank = [&](int code) { return std::find(order.begin(), order.end(), code); };
  return rank(a) < rank(b) ? b : a;
}

}  // namespace dray
