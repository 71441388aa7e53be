#include "cli/selection.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>

#include "aws/s3.h"
#include "base/quotable.h"
#include "cli/format.h"
#include "config/nearest.h"
#include "model/memory_shares.h"
#include "run/records.h"
#include "sql/duckdb_file.h"
#include "transform/naming.h"

namespace dray {
namespace {

constexpr const char* standard_config = "dray.yaml";
constexpr std::string_view duckdb_scheme = "duckdb:";

constexpr const char* kinds_of_warehouses =
    "duckdb:FILE, postgres://USER@HOST/DATABASE or redshift://USER@HOST/DATABASE";

// "s3" of "s3://bucket"; empty without one.
std::string scheme_of(const std::string& address) {
  const std::size_t at = address.find("://");
  return at == std::string::npos ? "" : address.substr(0, at);
}

// "sqlite" of "sqlite:f.db". Empty for what is no scheme, or may be a user's name before a
// password.
std::string word_before_colon(const std::string& address) {
  constexpr std::string_view letters =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+-.";
  const std::string word = address.substr(0, address.find(':'));
  const bool is_word = word.size() < address.size() && word.size() > 1 && word.size() <= 20 &&
                       word.find_first_not_of(letters) == std::string::npos;
  const bool is_url = address.find("://") == word.size();
  return is_word && (is_url || address.find('@') == std::string::npos) ? word : "";
}

std::string lower(std::string text) {
  for (char& c : text)
    c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  return text;
}

// What people have elsewhere, and write before a file's name.
constexpr std::array<std::string_view, 8> kinds_elsewhere = {
    "bigquery", "clickhouse", "file", "mysql", "redis", "s3", "snowflake", "sqlite"};

// That the address begins with none of the schemes there are. Of it nothing but the scheme is
// repeated: behind it may stand a password.
Error unknown_kind(const std::string& address) {
  const std::string scheme = word_before_colon(address);
  if (scheme.empty()) {
    return config_error(std::string("a WAREHOUSE begins with its kind: ") + kinds_of_warehouses,
                        "duckdb:warehouse.duckdb");
  }
  const bool is_url = scheme_of(address) == scheme;
  const std::vector<std::string> known = {"duckdb", "postgres", "postgresql", "redshift"};
  const auto nearest = nearest_word(lower(scheme), known);
  // Before a single colon may stand anything, a password too: only what is known is repeated, and
  // the slip of it.
  const bool is_kind =
      nearest || (is_url ? !quotable_scheme(address).empty()
                         : std::ranges::find(kinds_elsewhere, scheme) != kinds_elsewhere.end());
  std::string message = is_kind ? scheme + (is_url ? "://" : ":") + " is no warehouse"
                                : std::string("this is the address of no warehouse");
  message += " that Dray supports";
  if (nearest) message += "; did you mean " + *nearest + (*nearest == "duckdb" ? ":" : "://") + "?";
  return config_error(std::move(message), kinds_of_warehouses);
}

// What may follow the '?': libpq's, up to version 18, and of redshift:// Dray's own too.
std::vector<std::string> address_parameters(bool is_redshift) {
  std::vector<std::string> names = {"host",
                                    "hostaddr",
                                    "port",
                                    "dbname",
                                    "user",
                                    "password",
                                    "passfile",
                                    "require_auth",
                                    "channel_binding",
                                    "connect_timeout",
                                    "client_encoding",
                                    "options",
                                    "application_name",
                                    "fallback_application_name",
                                    "keepalives",
                                    "keepalives_idle",
                                    "keepalives_interval",
                                    "keepalives_count",
                                    "tcp_user_timeout",
                                    "replication",
                                    "gssencmode",
                                    "sslmode",
                                    "requiressl",
                                    "sslnegotiation",
                                    "sslcompression",
                                    "sslcert",
                                    "sslkey",
                                    "sslpassword",
                                    "sslcertmode",
                                    "sslrootcert",
                                    "sslcrl",
                                    "sslcrldir",
                                    "sslsni",
                                    "sslkeylogfile",
                                    "requirepeer",
                                    "ssl_min_protocol_version",
                                    "ssl_max_protocol_version",
                                    "min_protocol_version",
                                    "max_protocol_version",
                                    "krbsrvname",
                                    "gsslib",
                                    "gssdelegation",
                                    "service",
                                    "servicefile",
                                    "target_session_attrs",
                                    "load_balance_hosts",
                                    "scram_client_key",
                                    "scram_server_key",
                                    "oauth_issuer",
                                    "oauth_client_id",
                                    "oauth_client_secret",
                                    "oauth_scope",
                                    "ssl"};
  if (is_redshift) {
    for (const char* own : {"staging",
                            "staging_region",
                            "staging_endpoint",
                            "staging_profile",
                            "staging_role_arn",
                            "staging_external_id",
                            "staging_encryption",
                            "staging_kms_key_id",
                            "staging_compression",
                            "iam_role",
                            "query_group",
                            "connections",
                            "dedupe_window",
                            "cluster",
                            "workgroup",
                            "iam_region",
                            "db_groups",
                            "auto_create",
                            "let_sleep",
                            "tables_max"}) {
      names.emplace_back(own);
    }
  }
  return names;
}

// A slip in a parameter's name. An '@' behind the '?' belongs to a password that nobody escaped, so
// that nothing there is what it seems: libpq says so.
Result<void> check_parameters(const std::string& address, bool is_redshift) {
  std::size_t at = address.find('?');
  if (at == std::string::npos || address.find('@', at) != std::string::npos) return {};
  const std::vector<std::string> known = address_parameters(is_redshift);
  while (++at < address.size()) {
    const std::size_t end = std::min(address.find('&', at), address.size());
    const std::string name = address.substr(at, std::min(address.find('=', at), end) - at);
    at = end;
    const bool is_name =
        name.find_first_not_of("abcdefghijklmnopqrstuvwxyz_") == std::string::npos && !name.empty();
    if (!is_name || std::ranges::find(known, name) != known.end()) continue;
    const auto nearest = nearest_word(name, known);
    return config_error("the warehouse's address has an unknown parameter, " + name +
                        (nearest ? "; did you mean " + *nearest + "?" : ""));
  }
  return {};
}

// The name of a DuckDB file that is not also that of the schema in it: DuckDB's clients call an
// open file by its name, and could not tell the two apart.
std::string duckdb_for(const std::string& source) {
  return schema_name(source) == "warehouse" ? "duckdb:events.duckdb" : "duckdb:warehouse.duckdb";
}

Result<void> check_place(const std::string& place) {
  if (place.starts_with(duckdb_scheme)) {
    return config_error("SOURCE is the directory with the events, not the warehouse",
                        "dray sync ./logs duckdb:FILE");
  }
  const std::string scheme = scheme_of(place);
  if (scheme == "s3") {
    DRAY_TRY(parse_s3_url(place));
    return {};
  }
  if (!scheme.empty()) {
    const std::string kind = quotable_scheme(place);
    return config_error("SOURCE is a directory or s3://bucket/prefix; " +
                        (kind.empty() ? "this address" : kind + "://") +
                        " is nothing that Dray reads");
  }
  return {};
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
    if (!nearest) return config_error("the configuration has no source that --source names");
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
    return config_error("duckdb: needs the name of a file", "duckdb:warehouse.duckdb");
  }
  const std::string scheme = scheme_of(address);
  if (scheme == "postgres" || scheme == "postgresql" || scheme == "redshift") {
    return check_parameters(address, scheme == "redshift");
  }
  return unknown_kind(address);
}

// Without what stands behind the '?', too: a parameter that is misspelt may be the password.
bool is_made(const std::string& warehouse_address) {
  if (!warehouse_address.starts_with(duckdb_scheme)) return true;
  const auto state = duckdb_file_state(warehouse_address.substr(duckdb_scheme.size()));
  return state.ok() && *state == FileState::made;
}

std::string shown_address(const std::string& address) {
  const std::size_t scheme = address.find("://");
  if (scheme == std::string::npos) return address;
  const std::size_t begin = scheme + 3;
  // The last '@': a password may have some that nobody escaped, and '/' and '?' too.
  const std::size_t at = address.rfind('@');
  const std::size_t colon = address.find(':', begin);
  std::string shown = address;
  if (at != std::string::npos && colon < at) shown.erase(colon, at - colon);
  return shown.substr(0, shown.find('?', begin));
}

std::string warehouse_flag(const Selection& selection) {
  if (selection.warehouse.empty()) return {};
  return " --warehouse " + shell_word(shown_address(selection.warehouse));
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

Result<std::vector<std::string>> configured_schemas(const Selection& selection) {
  DRAY_ASSIGN(std::vector<std::string> schemas, configured_names(selection));
  for (std::string& name : schemas)
    name = schema_name(name);
  return schemas;
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
      return config_error("redshift_tables: " + table.table + "." + table.column + ": \"" +
                              *table.encoding + "\" is no encoding of Redshift's",
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

// Before anything is opened or read.
Result<void> check_memory(const Config& config) {
  const std::uint64_t least = least_memory(config.threads);
  if (config.memory_bytes >= least) return {};
  return config_error("memory is " + std::to_string(config.memory_bytes >> 20) + " MiB, and " +
                          std::to_string(config.threads) + " threads need " +
                          std::to_string(least >> 20) + " for their buffers and what they share",
                      "more memory, or fewer threads");
}

}  // namespace

Result<std::unique_ptr<Warehouse>> open_to_sync(const Config& config, SyncMode mode,
                                                const FileWait& wait, Trace trace) {
  WarehouseOptions options;
  DRAY_TRY(check_memory(config));
  options.threads = threads_for(config.threads, config.memory_bytes);
  const MemoryShares shares = share_memory(config.memory_bytes, options.threads);
  options.memory_bytes = shares.engine;
  options.notes_bytes = shares.engine_notes;
  options.duplicates_bytes = shares.settling;
  options.temp_directory = config.temp_directory;
  options.trace = std::move(trace);
  options.wait_max = wait.wait_max;
  options.on_wait = wait.tell;
  DRAY_ASSIGN(options.redshift_choices, redshift_choices(config));
  if (mode == SyncMode::load) {
    if (config.warehouse == "duckdb::memory:") {
      return config_error("a warehouse in memory is gone when the sync ends",
                          "duckdb:warehouse.duckdb");
    }
    return open_warehouse(config.warehouse, options);
  }
  if (config.warehouse.starts_with(duckdb_scheme)) {
    DRAY_ASSIGN(const FileState state,
                duckdb_file_state(config.warehouse.substr(duckdb_scheme.size())));
    if (state != FileState::made) return open_warehouse("duckdb::memory:", options);
  }
  options.access = Access::read_only;
  return open_warehouse(config.warehouse, options);
}

}  // namespace dray
