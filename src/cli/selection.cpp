#include "cli/selection.h"

#include <algorithm>
#include <filesystem>
#include <map>

#include "aws/s3.h"
#include "cli/format.h"
#include "config/nearest.h"
#include "run/records.h"
#include "transform/naming.h"

namespace dray {
namespace {

constexpr const char* standard_config = "dray.yaml";
constexpr std::string_view duckdb_scheme = "duckdb:";

// "s3" of "s3://bucket"; empty without one.
std::string scheme_of(const std::string& address) {
  const std::size_t at = address.find("://");
  return at == std::string::npos ? "" : address.substr(0, at);
}

Result<void> check_place(const std::string& place) {
  if (place.starts_with(duckdb_scheme)) {
    return with_hint(config_error("SOURCE is the directory with the events, not the warehouse"),
                     "dray sync ./logs " + shell_word(place));
  }
  const std::string scheme = scheme_of(place);
  if (scheme == "s3") {
    DRAY_TRY(parse_s3_url(place));
    return {};
  }
  if (!scheme.empty()) {
    return config_error("SOURCE is a directory or s3://bucket/prefix; " + scheme +
                        ":// is nothing that Dray reads");
  }
  return {};
}

// Every source has a schema of its own, or the rows of two would mix.
Result<void> check_schemas(const Config& config) {
  std::map<std::string, std::string> name_of_schema;
  for (const SourceConfig& source : config.sources) {
    const std::string schema = schema_name(source.name);
    if (schema.empty()) {
      return with_hint(
          config_error("\"" + source.name + "\" has no letter or digit that could name a schema"),
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

Result<Config> read_selected_config(const Selection& selection) {
  const std::string path = selection.config_path.value_or(standard_config);
  std::error_code ignored;
  if (!selection.config_path && !std::filesystem::exists(path, ignored)) {
    return with_hint(config_error("there is no dray.yaml here, and the command line does not say "
                                  "what to use"),
                     "name them (dray sync ./logs duckdb:shop.duckdb), or write a dray.yaml to "
                     "start from (dray init)");
  }
  return read_config(path);
}

Result<void> keep_selected(Config& config, const std::vector<std::string>& wanted) {
  if (wanted.empty()) return {};
  std::vector<std::string> names;
  for (const SourceConfig& source : config.sources) {
    names.push_back(source.name);
  }
  for (const std::string& name : wanted) {
    if (std::ranges::find(names, name) != names.end()) continue;
    const auto nearest = nearest_word(name, names);
    return config_error("the configuration has no source \"" + name + "\"" +
                        (nearest ? "; did you mean \"" + *nearest + "\"?" : ""));
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
    return with_hint(config_error("WAREHOUSE is missing: where should the tables go?"),
                     "dray sync " + shell_word(selection.place) + " " +
                         shell_word("duckdb:" + name_of_place(selection.place) + ".duckdb"));
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
  DRAY_ASSIGN(Config config, read_selected_config(selection));
  DRAY_TRY(check_schemas(config));
  DRAY_TRY(keep_selected(config, selection.sources));
  return config;
}

}  // namespace

std::string name_of_place(const std::string& place) {
  std::error_code failed;
  const auto absolute = std::filesystem::absolute(place, failed);
  if (failed) return "";
  std::string path = absolute.lexically_normal().string();
  while (path.ends_with('/'))
    path.pop_back();
  return path.substr(path.rfind('/') + 1);
}

Result<void> check_warehouse(const std::string& address) {
  if (address.starts_with(duckdb_scheme)) {
    if (address.size() > duckdb_scheme.size()) return {};
    return with_hint(config_error("duckdb: needs the name of a file"), "duckdb:shop.duckdb");
  }
  const std::string scheme = scheme_of(address);
  if (scheme == "postgres" || scheme == "postgresql" || scheme == "redshift") return {};
  if (!scheme.empty()) {
    return with_hint(config_error(scheme + ":// is no warehouse that Dray knows"),
                     "duckdb:shop.duckdb");
  }
  return with_hint(config_error("a WAREHOUSE begins with its kind, such as duckdb:FILE"),
                   "duckdb:" + (address.empty() ? "shop.duckdb" : address));
}

std::string shown_address(const std::string& address) {
  const std::size_t scheme = address.find("://");
  if (scheme == std::string::npos) return address;
  std::string shown = address;
  const std::size_t begin = scheme + 3;
  // The last '@': a password may have some that nobody escaped.
  const std::size_t at = shown.rfind('@');
  const std::size_t colon = shown.find(':', begin);
  if (at != std::string::npos && colon < at) shown.erase(colon, at - colon);
  constexpr std::string_view parameter = "password=";
  for (std::size_t found = 0; (found = shown.find(parameter, found)) != std::string::npos;) {
    found += parameter.size();
    shown.replace(found, std::min(shown.find('&', found), shown.size()) - found, "***");
  }
  return shown;
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
    DRAY_ASSIGN(const Config config, read_selected_config(selection));
    address = config.warehouse;
  }
  DRAY_TRY(check_warehouse(address));
  return address;
}

std::vector<std::string> selected_schemas(const Selection& selection) {
  std::vector<std::string> schemas;
  for (const std::string& name : selection.sources) {
    schemas.push_back(schema_name(name));
  }
  return schemas;
}

Result<void> check_sources(const Selection& selection, const std::string& address,
                           Warehouse& warehouse) {
  if (selection.sources.empty()) return {};
  DRAY_ASSIGN(const std::vector<std::string> known, source_names(warehouse));
  for (const std::string& schema : selected_schemas(selection)) {
    if (std::ranges::find(known, schema) != known.end()) continue;
    const auto nearest = nearest_word(schema, known);
    std::string message = shown_address(address);
    message.append(" has no source \"").append(schema).append("\"");
    if (nearest) message.append("; did you mean \"").append(*nearest).append("\"?");
    return with_hint(config_error(std::move(message)),
                     "dray status --warehouse " + shell_word(shown_address(address)));
  }
  return {};
}

Result<std::unique_ptr<Warehouse>> open_to_read(const std::string& address) {
  WarehouseOptions options;
  options.access = Access::read_only;
  return open_warehouse(address, options);
}

namespace {

Result<std::vector<RedshiftChoice>> redshift_choices(const Config& config) {
  std::vector<RedshiftChoice> choices;
  for (const RedshiftTableConfig& table : config.redshift_tables) {
    if (table.encoding && !is_redshift_encoding(*table.encoding)) {
      return with_hint(config_error("redshift_tables: " + table.table + "." + table.column +
                                    ": \"" + *table.encoding + "\" is no encoding of Redshift's"),
                       "zstd, az64, lzo or raw");
    }
    RedshiftChoice& choice = choices.emplace_back();
    choice = {table.table, table.column, table.dist_key, table.sort_key, table.encoding, {}};
    if (table.varchar_bytes > 0) {
      choice.varchar_bytes = static_cast<std::uint32_t>(table.varchar_bytes);
    }
  }
  return choices;
}

}  // namespace

Result<std::unique_ptr<Warehouse>> open_to_sync(const Config& config, SyncMode mode) {
  WarehouseOptions options;
  // The rest is for what is read and staged, and for what DuckDB does not count.
  options.memory_bytes = config.memory_bytes / 8 * 3;
  // What the search for duplicates within the sync had, which is over by then.
  options.duplicates_bytes = config.memory_bytes / 8;
  options.threads = config.threads;
  options.temp_directory = config.temp_directory;
  DRAY_ASSIGN(options.redshift_choices, redshift_choices(config));
  if (mode == SyncMode::load) return open_warehouse(config.warehouse, options);
  std::error_code ignored;
  if (config.warehouse.starts_with(duckdb_scheme) &&
      !std::filesystem::exists(config.warehouse.substr(duckdb_scheme.size()), ignored)) {
    return open_warehouse("duckdb::memory:", options);
  }
  options.access = Access::read_only;
  return open_warehouse(config.warehouse, options);
}

}  // namespace dray
