#include "config/settings.h"

namespace dray {
namespace {

// Below it a batch has no room beside the engine; above it somebody mistyped a unit.
constexpr std::uint64_t memory_least = 256ULL << 20;
constexpr std::uint64_t memory_most = 64ULL << 40;
constexpr std::uint64_t line_least = 1ULL << 10;
// A line is one buffer with 32-bit positions in it.
constexpr std::uint64_t line_most = 1ULL << 29;
constexpr std::uint64_t threads_most = 1024;

std::vector<SettingOf<Config>> make_top_settings() {
  return {
      {{.key = "warehouse",
        .kind = SettingKind::warehouse,
        .required = true,
        .standard = "",
        .example = "duckdb:warehouse.duckdb",
        .doc = "Where the tables are: duckdb:FILE, postgres://USER@HOST/DATABASE or "
               "redshift://USER@HOST/DATABASE."},
       &Config::warehouse},
      {{.key = "sources",
        .kind = SettingKind::list,
        .required = true,
        .standard = "",
        .example = "",
        .doc = "Where the events are: one entry per source, each loaded into a schema of its own."},
       std::monostate{}},
      {{.key = "redshift_tables",
        .kind = SettingKind::list,
        .required = false,
        .standard = "",
        .example = "",
        .doc =
            "How Redshift makes tables and columns, where Dray's own choice will not do; the first "
            "entry that fits counts."},
       std::monostate{}},
      {{.key = "warehouse_id",
        .kind = SettingKind::text,
        .required = false,
        .standard = "",
        .example = "wh-1",
        .doc = "This warehouse's id in an event's integrations.Warehouses.warehouseIds; without it "
               "such lists are ignored."},
       &Config::warehouse_id},
      {{.key = "threads",
        .kind = SettingKind::count,
        .required = false,
        .standard = "0",
        .example = "0",
        .doc = "How many cores to use; 0 means all of them.",
        .least = 0,
        .most = threads_most},
       &Config::threads},
      {{.key = "memory",
        .kind = SettingKind::size,
        .required = false,
        .standard = "1 GiB",
        .example = "1 GiB",
        .doc = "How much memory the whole process may use, its mapped files and the embedded "
               "warehouse's share included.",
        .least = memory_least,
        .most = memory_most},
       &Config::memory_bytes},
      {{.key = "line_max",
        .kind = SettingKind::size,
        .required = false,
        .standard = "16 MiB",
        .example = "16 MiB",
        .doc = "The longest line that is read; a longer one is a reject.",
        .least = line_least,
        .most = line_most},
       &Config::line_bytes_max},
      {{.key = "temp_directory",
        .kind = SettingKind::place,
        .required = false,
        .standard = "",
        .example = "/var/tmp",
        .doc = "Where rows wait that do not fit into memory; without it, in the folder of a DuckDB "
               "file, and for a server in TMPDIR, or /var/tmp."},
       &Config::temp_directory},
      {{.key = "contract_columns",
        .kind = SettingKind::boolean,
        .required = false,
        .standard = "true",
        .example = "true",
        .doc = "Create the columns that dashboards and dbt packages read even before an event "
               "fills them."},
       &Config::contract_columns},
  };
}

// Those of S3Settings, for whichever kind of place has them.
template <typename Owner>
std::vector<SettingOf<Owner>> s3_settings() {
  const auto text = [](std::string_view key, std::string_view example, std::string_view doc,
                       std::string Owner::*field, SettingKind kind = SettingKind::text) {
    return SettingOf<Owner>{{.key = key,
                             .kind = kind,
                             .required = false,
                             .standard = "",
                             .example = example,
                             .doc = doc},
                            field};
  };
  return {
      text(
          "region", "eu-west-1",
          "Of S3: the bucket's region; without it AWS_REGION or the profile says it, or the bucket "
          "itself is asked.",
          &Owner::region),
      text("endpoint", "https://s3.example.com",
           "Of S3: the server, where it is not Amazon's; without it AWS_ENDPOINT_URL_S3, "
           "AWS_ENDPOINT_URL or the profile says it.",
           &Owner::endpoint),
      {{.key = "path_style",
        .kind = SettingKind::boolean,
        .required = false,
        .standard = "",
        .example = "true",
        .doc =
            "Of S3: whether the bucket is a part of the path instead of the host's name; without "
            "it, true with an endpoint of one's own."},
       &Owner::path_style},
      text("profile", "analytics",
           "Of S3: the profile in ~/.aws that has the credentials; without it AWS_PROFILE, or "
           "default.",
           &Owner::profile),
      text("role_arn", "arn:aws:iam::123456789012:role/dray",
           "Of S3: a role to assume with those credentials.", &Owner::role_arn),
      text("external_id", "shop", "Of S3: the external id that the role's owner asks for.",
           &Owner::external_id),
      {{.key = "requester_pays",
        .kind = SettingKind::boolean,
        .required = false,
        .standard = "false",
        .example = "true",
        .doc = "Of S3: agree to pay for the requests, where the bucket's owner does not."},
       &Owner::requester_pays},
      text("ca_file", "ca.pem",
           "Of S3: the certificates to trust, as PEM; without it AWS_CA_BUNDLE, or the system's.",
           &Owner::ca_file, SettingKind::file),
  };
}

std::vector<SettingOf<SourceConfig>> make_source_settings() {
  std::vector<SettingOf<SourceConfig>> settings = {
      {{.key = "name",
        .kind = SettingKind::text,
        .required = true,
        .standard = "",
        .example = "shop",
        .doc = "What the source is called; its schema has this name in snake case."},
       &SourceConfig::name},
      {{.key = "location",
        .kind = SettingKind::place,
        .required = true,
        .standard = "",
        .example = "./logs",
        .doc =
            "The directory with the raw event files, or s3://bucket/prefix; what is below is read "
            "too."},
       &SourceConfig::location},
      {{.key = "history",
        .kind = SettingKind::period,
        .required = false,
        .standard = "all",
        .example = "60 days",
        .doc = "How far back the first sync goes; what is older stays out "
               "of later ones too; all means everything there is."},
       &SourceConfig::history},
      {{.key = "types",
        .kind = SettingKind::types,
        .required = false,
        .standard = "",
        .example = "{order_completed.total: double}",
        .doc = "The types of new columns where their values are not to decide: table.column and "
               "boolean, bigint, double, timestamp or varchar; * stands for any text."},
       &SourceConfig::types},
      {{.key = "empty_ok",
        .kind = SettingKind::boolean,
        .required = false,
        .standard = "false",
        .example = "true",
        .doc = "Whether all files may be gone that were loaded: moved away afterwards, or expired; "
               "else a sync that finds none at all is partial."},
       &SourceConfig::empty_ok},
  };
  for (SettingOf<SourceConfig>& setting : s3_settings<SourceConfig>())
    settings.push_back(std::move(setting));
  return settings;
}

std::vector<SettingOf<RedshiftTableConfig>> make_redshift_table_settings() {
  const auto text = [](std::string_view key, std::string_view example, std::string_view doc,
                       auto field) {
    return SettingOf<RedshiftTableConfig>{{.key = key,
                                           .kind = SettingKind::text,
                                           .required = false,
                                           .standard = "",
                                           .example = example,
                                           .doc = doc},
                                          field};
  };
  SettingOf<RedshiftTableConfig> table =
      text("table", "shop.order_completed",
           "The table, as schema.table; * stands for any schema or any table.",
           &RedshiftTableConfig::table);
  table.required = true;
  return {
      table,
      text("column", "coupon", "The column that encoding and varchar are for.",
           &RedshiftTableConfig::column),
      text("dist_key", "user_id", "The table's distribution: a column, even, all or auto.",
           &RedshiftTableConfig::dist_key),
      text("sort_key", "user_id, received_at",
           "The table's sort key: columns separated by commas, or auto.",
           &RedshiftTableConfig::sort_key),
      text("encoding", "lzo", "The column's compression, such as zstd, az64, lzo, raw.",
           &RedshiftTableConfig::encoding),
      {{.key = "varchar",
        .kind = SettingKind::count,
        .required = false,
        .standard = "",
        .example = "4096",
        .doc = "The bytes of a text column when it is made.",
        .least = 1,
        .most = 65'535},
       &RedshiftTableConfig::varchar_bytes},
  };
}

}  // namespace

std::string_view to_string(SettingKind kind) {
  switch (kind) {
    case SettingKind::text:
      return "text";
    case SettingKind::place:
      return "a directory";
    case SettingKind::file:
      return "a file";
    case SettingKind::warehouse:
      return "an address";
    case SettingKind::count:
      return "a whole number";
    case SettingKind::size:
      return "a size";
    case SettingKind::period:
      return "a period";
    case SettingKind::boolean:
      return "true or false";
    case SettingKind::types:
      return "columns and types";
    case SettingKind::list:
      return "a list";
  }
  return "text";
}

const std::vector<SettingOf<Config>>& top_settings() {
  static const std::vector<SettingOf<Config>> table = make_top_settings();
  return table;
}

const std::vector<SettingOf<RedshiftTableConfig>>& redshift_table_settings() {
  static const std::vector<SettingOf<RedshiftTableConfig>> table = make_redshift_table_settings();
  return table;
}

const std::vector<SettingOf<SourceConfig>>& source_settings() {
  static const std::vector<SettingOf<SourceConfig>> table = make_source_settings();
  return table;
}

}  // namespace dray
