// A run's report as text for a person; as JSON: app/report_json.h.
#pragma once

#include <string>

#include "cli/environment.h"
#include "model/report.h"
#include "run/sync.h"

namespace dray {

// How much of a long report is shown.
enum class Detail {
  summary,  // a screen's worth: the largest tables, the first notices of a kind, and how many more
  all,
};

// Ends with a line break. `mode` says whether this happened or would happen.
std::string report_text(const RunReport& report, SyncMode mode, const Terminal& terminal,
                        Detail detail = Detail::summary);

// The rejects of the run and the command that shows them, without a line break; empty without any.
// A plan records none to show.
std::string rejects_text(const RunReport& report, SyncMode mode);

// What must never happen, told so loudly that nobody trusts the tables: empty while the counts add
// up.
std::string conservation_bug(const RunReport& report);

}  // namespace dray
