// Options that several commands have. Each function adds its own to `app`, which writes to the
// field while it parses: the field outlives it.
//
// Threads: any. Only cli/*.cpp that speak CLI11 include it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cli/app.h"
#include "cli/cli11.h"

namespace dray {

// `value` is what the help calls the value: "FILE".
void add_text(CLI::App& app, const char* name, std::optional<std::string>& field, const char* value,
              const char* doc);
// A whole number from `least` to `most`.
void add_count(CLI::App& app, const char* name, std::uint64_t least, std::uint64_t most,
               const std::function<void(std::uint64_t)>& store, const char* doc);
// A day, counted from `today` where it is relative.
void add_day(CLI::App& app, const char* name, std::chrono::sys_days today,
             std::optional<std::chrono::sys_days>& field, const char* doc);
// --json
void add_json(CLI::App& app, OutputForm& form);
// --source
void add_sources(CLI::App& app, Selection& selection, const char* doc);
// --warehouse and --config
void add_warehouse_or_config(CLI::App& app, Selection& selection);
// --wait; `standard` is what the help says of the time without it: "0s".
void add_wait(CLI::App& app, Selection& selection, const char* standard = "0s");
// An age: "90min".
void add_age(CLI::App& app, const char* name, std::optional<std::chrono::seconds>& field,
             const std::string& doc);
// --threads and --memory
void add_machine(CLI::App& app, Selection& selection);
void add_memory(CLI::App& app, Selection& selection);
// --strict, --json, --quiet, --verbose and --no-progress
void add_presentation(CLI::App& app, Presentation& presentation);

}  // namespace dray
