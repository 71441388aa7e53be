// A run's report as JSON: what `--json` prints.
#pragma once

#include <string>

#include "base/json_writer.h"
#include "model/report.h"

namespace dray {

// Members of an object that is open: message, try, cause, code, actor and sqlstate.
void write_error_fields(JsonWriter& json, const Error& error);

// One object: every count is a number, at the top level where the run has it.
void write_report(JsonWriter& json, const RunReport& report);

// That object and a line break less.
std::string report_json(const RunReport& report);

}  // namespace dray
