// The table of settings: what dray.yaml may hold. The parser, the template that `dray init` writes,
// the JSON Schema and the reference page are all made from it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/config.h"

namespace dray {

enum class SettingKind {
  text,
  place,      // a directory, relative to the file that names it, or s3://...
  file,       // relative likewise
  warehouse,  // duckdb:FILE, the file relative as above, or a URL
  count,      // a whole number
  size,       // parse_size
  period,     // parse_period, or "all"
  boolean,
  types,  // a map of columns to types
  list,   // of maps; the entries are a table of their own
};

// What a kind is called in messages and documents: "a whole number".
std::string_view to_string(SettingKind kind);

// What every setting has, whoever it belongs to.
struct Setting {
  std::string_view key;
  SettingKind kind = SettingKind::text;
  bool required = false;
  std::string_view standard;  // the default as dray.yaml would say it; "" for none
  std::string_view example;   // what the template shows
  std::string_view doc;       // one sentence
  std::uint64_t least = 0;    // bounds of counts and sizes
  std::uint64_t most = 0;
};

// A setting and the field of `Owner` that holds its value.
template <typename Owner>
struct SettingOf : Setting {
  std::variant<std::monostate, std::string Owner::*, std::optional<std::string> Owner::*,
               unsigned Owner::*, std::uint64_t Owner::*, bool Owner::*,
               std::optional<bool> Owner::*, std::optional<std::chrono::days> Owner::*,
               std::vector<TypeRule> Owner::*>
      field;
};

// In the order in which the template and the reference show them.
const std::vector<SettingOf<Config>>& top_settings();
const std::vector<SettingOf<SourceConfig>>& source_settings();
const std::vector<SettingOf<RedshiftTableConfig>>& redshift_table_settings();

}  // namespace dray
