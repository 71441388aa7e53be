#include "model/report.h"

namespace dray {

std::string_view to_string(RunStatus status) {
  switch (status) {
    case RunStatus::success:
      return "success";
    case RunStatus::partial:
      return "partial";
    case RunStatus::failure:
      return "failure";
  }
  return "failure";
}

LineCounts& LineCounts::operator+=(const LineCounts& other) {
  lines += other.lines;
  loaded += other.loaded;
  duplicate += other.duplicate;
  filtered += other.filtered;
  rejected += other.rejected;
  waiting += other.waiting;
  return *this;
}

}  // namespace dray
