// A run's report as text for a person and as JSON for a script.
#pragma once

#include <string>

#include "base/json_writer.h"
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

// One object: every count is a number, at the top level where the run has it.
void write_report(JsonWriter& json, const RunReport& report);
std::string report_json(const RunReport& report);

// What must never happen, told so loudly that nobody trusts the tables: empty while the counts add
// up.
std::string conservation_bug(const RunReport& report);

}  // namespace dray
