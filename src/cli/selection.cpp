#include "cli/selection.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "app/address.h"
#include "cli/format.h"
#include "config/nearest.h"
#include "run/records.h"
#include "transform/naming.h"

namespace dray {
namespace {

constexpr const char* standard_config = "dray.yaml";

// The name of a DuckDB file that is not also that of the schema in it: DuckDB's clients call an
// open file by its name, and could not tell the two apart.
std::string duckdb_for(const std::string& source) {
  return schema_name(source) == "warehouse" ? "duckdb:events.duckdb" : "duckdb:warehouse.duckdb";
}

constexpr const char* name_the_warehouse =
    "name the warehouse (--warehouse duckdb:FILE; dray query duckdb:FILE SQL)";

// Every source has a schema of its own, or the rows of two would mix.
Result<void> check_schemas(const Config& config) {
  std::map<std::string, std::string> name_of_schema;
  for (const SourceConfig& source : config.sources) {
    const std::string schema = schema_name(source.name);
    if (schema.empty()) {
      return config_error("\"" + source.name + "\" has no letter or digit that could name a schema",
                          "give it a name with --source NAME");
    }
    const auto [other, is_new] = name_of_schema.emplace(schema, source.name);
    if (!is_new) {
      return config_error("the sources \"" + other->second + "\" and \"" + source.name +
                          "\" would share the schema " + schema + "; rename one of them");
    }
  }
  return {};
}

// `remedy`: how the command at hand is told what to use.
Result<Config> read_selected_config(const Selection& selection, const char* remedy) {
  const std::string path = selection.config_path.value_or(standard_config);
  std::error_code ignored;
  if (!selection.config_path && !std::filesystem::exists(path, ignored)) {
    return config_error(
        "there is no dray.yaml here, and the command line does not say "
        "what to use",
        std::string(remedy) + ", or write a dray.yaml to start from (dray init)");
  }
  return read_config(
      path, {.schema_of = schema_name, .location = check_place, .warehouse = check_warehouse});
}

// The first of them: a configuration may have very many.
std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t named_max = 10;
  std::string out;
  for (std::size_t i = 0; i < names.size() && i < named_max; ++i)
    out += (i > 0 ? ", " : "") + names[i];
  return names.size() > named_max ? out + ", ..." : out;
}

Result<void> keep_selected(Config& config, const std::vector<std::string>& wanted) {
  if (wanted.empty()) return {};
  std::vector<std::string> names;
  for (const SourceConfig& source : config.sources) {
    names.push_back(source.name);
  }
  for (const std::string& name : wanted) {
    if (std::ranges::find(names, name) != names.end()) continue;
    // Only a slip of a name that is there may be repeated (base/quotable.h).
    const auto nearest = nearest_word(name, names);
    if (!nearest) {
      return config_error("the configuration has no source that --source names",
                          "one of its own: " + listed(names));
    }
    return config_error("the configuration has no source \"" + name + "\"; did you mean \"" +
                        *nearest + "\"?");
  }
  std::erase_if(config.sources, [&](const SourceConfig& source) {
    return std::ranges::find(wanted, source.name) == wanted.end();
  });
  return {};
}

Result<Config> config_of_arguments(const Selection& selection) {
  if (selection.config_path) {
    return config_error("give either SOURCE and WAREHOUSE or --config, not both");
  }
  if (selection.warehouse.empty()) {
    return config_error("WAREHOUSE is missing: where should the tables go?",
                        "dray sync SOURCE " + duckdb_for(name_of_place(selection.place)));
  }
  if (selection.place.empty()) return config_error("SOURCE must not be empty");
  if (selection.sources.size() > 1)
    return config_error("one SOURCE has one name: --source is there twice");
  Config config;
  config.warehouse = selection.warehouse;
  SourceConfig& source = config.sources.emplace_back();
  source.location = selection.place;
  source.name = selection.sources.empty() ? name_of_place(selection.place) : selection.sources[0];
  return config;
}

Result<Config> config_of_file(const Selection& selection) {
  DRAY_ASSIGN(
      Config config,
      read_selected_config(selection, "name them (dray sync ./logs duckdb:warehouse.duckdb)"));
  DRAY_TRY(keep_selected(config, selection.sources));
  return config;
}

}  // namespace

std::string warehouse_flag(const Selection& selection) {
  if (selection.warehouse.empty()) return {};
  return " --warehouse " + path_word(shown_address(selection.warehouse));
}

Result<Config> select_sources(const Selection& selection) {
  const bool by_arguments = !selection.place.empty() || !selection.warehouse.empty();
  DRAY_ASSIGN(Config config,
              by_arguments ? config_of_arguments(selection) : config_of_file(selection));
  if (selection.threads) config.threads = *selection.threads;
  if (selection.memory_bytes) config.memory_bytes = *selection.memory_bytes;
  for (const SourceConfig& source : config.sources) {
    DRAY_TRY(check_place(source.location));
  }
  DRAY_TRY(check_warehouse(config.warehouse));
  DRAY_TRY(check_schemas(config));
  return config;
}

Result<std::string> select_warehouse(const Selection& selection) {
  std::string address = selection.warehouse;
  if (address.empty()) {
    DRAY_ASSIGN(const Config config, read_selected_config(selection, name_the_warehouse));
    address = config.warehouse;
  }
  DRAY_TRY(check_warehouse(address));
  return address;
}

FileWait wait_of(const Selection& selection, const Environment& environment, TellWait tell,
                 std::chrono::seconds standard) {
  FileWait wait{selection.wait_max.value_or(standard)};
  if (tell == TellWait::no) return wait;
  wait.tell = [&environment](const std::string& file, const std::string& program) {
    environment.err << "dray: waiting for " << file << ", which "
                    << (program.empty() ? "another program" : program) << " has open" << std::endl;
  };
  return wait;
}

Result<std::uint64_t> select_memory(const Selection& selection) {
  if (selection.memory_bytes) return *selection.memory_bytes;
  if (!selection.warehouse.empty()) return Config().memory_bytes;
  DRAY_ASSIGN(const Config config, read_selected_config(selection, name_the_warehouse));
  return config.memory_bytes;
}

Result<std::vector<std::string>> configured_names(const Selection& selection) {
  std::vector<std::string> names;
  if (!selection.warehouse.empty()) return names;
  DRAY_ASSIGN(const Config config, read_selected_config(selection, name_the_warehouse));
  for (const SourceConfig& source : config.sources)
    names.push_back(source.name);
  return names;
}

Result<std::map<std::string, std::string>> names_by_schema(const Selection& selection) {
  DRAY_ASSIGN(const std::vector<std::string> names, configured_names(selection));
  std::map<std::string, std::string> by_schema;
  for (const std::string& name : names)
    by_schema.emplace(schema_name(name), name);
  return by_schema;
}

std::vector<std::string> selected_schemas(const Selection& selection) {
  std::vector<std::string> schemas;
  for (const std::string& name : selection.sources) {
    schemas.push_back(schema_name(name));
  }
  return schemas;
}

Result<void> check_sources(const Selection& selection, const std::string& address,
                           Warehouse& warehouse, const std::vector<std::string>& configured) {
  if (selection.sources.empty()) return {};
  DRAY_ASSIGN(std::vector<std::string> known, source_names(warehouse));
  known.insert(known.end(), configured.begin(), configured.end());
  for (const std::string& schema : selected_schemas(selection)) {
    if (std::ranges::find(known, schema) != known.end()) continue;
    const auto nearest = nearest_word(schema, known);
    std::string message = shown_address(address);
    message.append(" has no source ");
    if (nearest) {
      message.append("\"")
          .append(schema)
          .append("\"; did you mean \"")
          .append(*nearest)
          .append("\"?");
    } else {
      message.append("that --source names");
    }
    return config_error(std::move(message),
                        "dray status --warehouse " + path_word(shown_address(address)));
  }
  return {};
}

}  // namespace dray
