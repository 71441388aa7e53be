#include "cli/common_options.h"

#include <CLI/CLI.hpp>
#include <charconv>

#include "cli/selection.h"
#include "config/values.h"

namespace dray {

void add_text(CLI::App& app, const char* name, std::optional<std::string>& field, const char* value,
              const char* doc) {
  app.add_option_function<std::string>(
         name, [&field](const std::string& given) { field = given; }, doc)
      ->type_name(value);
}

void add_count(CLI::App& app, const char* name, std::uint64_t least, std::uint64_t most,
               const std::function<void(std::uint64_t)>& store, const char* doc) {
  const std::string option = name;
  app.add_option_function<std::string>(
         name,
         [=](const std::string& given) {
           std::uint64_t value = 0;
           const char* end = given.data() + given.size();
           const auto parsed = std::from_chars(given.data(), end, value);
           if (parsed.ec != std::errc{} || parsed.ptr != end || value < least || value > most) {
             throw CLI::ValidationError(option, "is not a whole number from " +
                                                    std::to_string(least) + " to " +
                                                    std::to_string(most));
           }
           store(value);
         },
         doc)
      ->type_name("N");
}

void add_day(CLI::App& app, const char* name, std::chrono::sys_days today,
             std::optional<std::chrono::sys_days>& field, const char* doc) {
  const std::string option = name;
  app.add_option_function<std::string>(
         name,
         [today, option, &field](const std::string& given) {
           field = parse_day(given, today);
           if (!field) {
             throw CLI::ValidationError(option,
                                        "is not a day; write it like 2026-01-31, yesterday or 7d");
           }
         },
         doc)
      ->type_name("DAY");
}

void add_json(CLI::App& app, OutputForm& form) {
  app.add_flag_callback(
      "--json", [&form] { form = OutputForm::json; }, "Print JSON.");
}

void add_sources(CLI::App& app, Selection& selection, const char* doc) {
  app.add_option("--source", selection.sources, doc)->type_name("NAME")->allow_extra_args(false);
}

void add_warehouse_or_config(CLI::App& app, Selection& selection) {
  app.add_option("--warehouse", selection.warehouse,
                 "The warehouse, if it is not that of the "
                 "configuration: duckdb:FILE, postgres://... or redshift://...")
      ->type_name("ADDRESS");
  add_text(app, "--config", selection.config_path, "FILE",
           "The configuration, if it is not ./dray.yaml.");
}

void add_wait(CLI::App& app, Selection& selection, const char* standard) {
  add_age(app, "--wait", selection.wait_max,
          std::string("How long to wait for a DuckDB file that another program has open (") +
              standard + ").");
}

void add_age(CLI::App& app, const char* name, std::optional<std::chrono::seconds>& field,
             const std::string& doc) {
  const std::string option = name;
  app.add_option_function<std::string>(
         name,
         [option, &field](const std::string& given) {
           field = parse_age(given);
           if (!field) {
             throw CLI::ValidationError(option, "is not a time; write it like 30s, 10m, 2h or 3d");
           }
         },
         doc)
      ->type_name("TIME");
}

void add_machine(CLI::App& app, Selection& selection) {
  add_count(
      app, "--threads", 0, 1024,
      [&selection](std::uint64_t value) { selection.threads = static_cast<unsigned>(value); },
      "How many cores to use; 0 means all of them.");
  add_memory(app, selection);
}

void add_memory(CLI::App& app, Selection& selection) {
  app.add_option_function<std::string>(
         "--memory",
         [&selection](const std::string& given) {
           constexpr std::uint64_t least = 256ULL << 20;
           selection.memory_bytes = parse_size(given);
           if (!selection.memory_bytes || *selection.memory_bytes < least) {
             throw CLI::ValidationError(
                 "--memory", "is not a size of 256 MiB or more; write it like 512MB or 2GiB");
           }
         },
         "How much memory the process may use, 256MiB or more (1GiB).")
      ->type_name("SIZE");
}

void add_presentation(CLI::App& app, Presentation& presentation) {
  app.add_flag_callback(
      "--strict", [&presentation] { presentation.strict = Strict::yes; },
      "Exit with 3 when there are rejects.");
  add_json(app, presentation.form);
  app.add_flag("-q,--quiet", presentation.quiet, "Print nothing but errors.");
  app.add_flag("-v,--verbose", presentation.verbose,
               "Say on standard error what is being done: each statement and request.")
      ->excludes("--quiet");
  app.add_flag_callback(
      "--no-progress", [&presentation] { presentation.progress = false; },
      "Do not show how far it is.");
}

}  // namespace dray
