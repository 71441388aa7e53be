// dray.yaml: where the events are and where they go.
//
// Every error names file, line and key, and for an unknown key the nearest right one.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/type_rules.h"

namespace dray {

// How to reach a place in S3, a source's or one that the warehouse loads from. What is not said
// here is found out as AWS's own tools do, docs/s3.md.
struct S3Settings {
  std::string region;
  std::string endpoint;
  std::optional<bool> path_style;
  std::string profile;
  std::string role_arn;
  std::string external_id;
  bool requester_pays = false;
  std::string ca_file;
};

struct SourceConfig : S3Settings {
  std::string name;                          // the schema is its safe name
  std::string location;                      // a directory, or s3://bucket/prefix
  std::optional<std::chrono::days> history;  // how far back a first sync goes; nothing: everything
  std::vector<TypeRule> types;               // of new columns, in the order of the file
  bool empty_ok = false;                     // all that was loaded may be gone from there
  // The location in a message, where nothing is there: the path if it stands in dray.yaml in plain
  // letters (base/quotable.h).
  std::string called = "SOURCE";
};

// How Redshift is to make a table, or one of its columns, where Dray's own choice will not do.
struct RedshiftTableConfig {
  std::string table;                    // schema.table, * for any of the two
  std::string column;                   // "": the table
  std::optional<std::string> dist_key;  // a column, even, all or auto
  std::optional<std::string> sort_key;  // columns, separated by commas, or auto
  std::optional<std::string> encoding;  // of the column
  std::uint64_t varchar_bytes = 0;      // of the column; 0: as the values need
};

struct Config {
  std::string warehouse;  // duckdb:FILE, postgres://..., redshift://...
  std::optional<std::string> warehouse_id;
  std::vector<SourceConfig> sources;
  std::vector<RedshiftTableConfig> redshift_tables;  // the first that fits counts
  unsigned threads = 0;                              // 0: as many as the machine has
  std::uint64_t memory_bytes = 1ULL << 30;           // for the whole process
  std::uint64_t line_bytes_max = 16ULL << 20;        // longer lines are rejects
  std::string temp_directory;                        // "": app/request.h says where
  bool contract_columns = true;
};

// What the caller knows of values and the table of settings does not, so that it is told with all
// other errors of the file. Each may be empty.
struct ConfigChecks {
  // The schema of a source's name, which no other source may have; "": there is none.
  std::function<std::string(const std::string& name)> schema_of{};
  std::function<Result<void>(const std::string& location)> location{};
  std::function<Result<void>(const std::string& address)> warehouse{};
};

// Reads `text` as the configuration file called `file_name`. Relative paths in it are relative to
// `base_directory`. ${ENV} and ${file:PATH} are replaced in values; a missing one is an error that
// names it and never shows a value.
Result<Config> parse_config(std::string_view text, const std::string& file_name,
                            const std::string& base_directory, const ConfigChecks& checks = {});

Result<Config> read_config(const std::string& path, const ConfigChecks& checks = {});

// The commented file that `dray init` writes, and the JSON Schema that editors use: both made from
// the same table of settings as the parser.
std::string config_template();
std::string config_json_schema();
// The same as the rows of a Markdown table, for docs/configuration.md.
std::string config_reference();

}  // namespace dray
