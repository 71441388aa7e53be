#include "config/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <set>
#include <utility>

#include "base/path_text.h"
#include "base/quotable.h"
#include "config/nearest.h"
#include "config/settings.h"
#include "config/substitute.h"
#include "config/values.h"
#include "config/yaml.h"

namespace dray {
namespace {

constexpr std::size_t config_bytes_max = 1 << 20;
// More only scroll the first, which is likely the cause of the rest, off the screen.
constexpr std::size_t problems_max = 10;

// Collects what is wrong, so that one run shows all of it.
class Problems {
 public:
  explicit Problems(const std::string& file_name) : file_name_(file_name) {}

  void add(int line, const std::string& path, const std::string& what) {
    found_.emplace_back(line, file_name_ + ":" + std::to_string(line) + ": " + path + ": " + what);
  }
  bool none() const { return found_.empty(); }

  Error error() && {
    std::stable_sort(found_.begin(), found_.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::string message;
    for (std::size_t i = 0; i < found_.size() && i < problems_max; ++i) {
      if (i > 0) message += '\n';
      message += found_[i].second;
    }
    if (found_.size() > problems_max) {
      message += "\nand " + std::to_string(found_.size() - problems_max) + " more";
    }
    return config_error(std::move(message));
  }

 private:
  const std::string& file_name_;
  std::vector<std::pair<int, std::string>> found_;
};

// What a whole reading needs; one value's own place comes beside it.
struct Reader {
  const std::string& base_directory;
  Problems& problems;
  const ConfigChecks& checks;
};

// One value: where it stands, as typed and with its ${...} replaced.
struct Value {
  int line;
  std::string path;  // "sources[0].history"
  std::string typed;
  std::string text;
};

std::string_view kind_name(const YAML::Node& node) {
  return node.IsMap() ? "a map" : node.IsSequence() ? "a list" : "a single value";
}

std::string bounds_text(const Setting& setting, std::uint64_t bound) {
  if (setting.kind == SettingKind::count) return std::to_string(bound);
  for (const auto& [unit, shift] :
       {std::pair{" TiB", 40}, {" GiB", 30}, {" MiB", 20}, {" KiB", 10}}) {
    if (bound >> shift != 0 && (bound >> shift) << shift == bound) {
      return std::to_string(bound >> shift) + unit;
    }
  }
  return std::to_string(bound) + " bytes";
}

// The number in `value`, or nothing after telling what is wrong with it. Messages show what was
// typed, never what an environment variable or a file put in its place.
std::optional<std::uint64_t> number_of(const Reader& reader, const Setting& setting,
                                       const Value& value) {
  std::optional<std::uint64_t> number;
  const std::string quoted = "\"" + value.typed + "\"";
  if (setting.kind == SettingKind::size) {
    number = parse_size(value.text);
    if (!number) {
      reader.problems.add(value.line, value.path,
                          quoted + " is not a size; write it like 512 MB or 1 GiB");
    }
  } else {
    std::uint64_t parsed = 0;
    const char* end = value.text.data() + value.text.size();
    const auto done = std::from_chars(value.text.data(), end, parsed);
    if (done.ec == std::errc{} && done.ptr == end) {
      number = parsed;
    } else {
      reader.problems.add(value.line, value.path, quoted + " is not a whole number");
    }
  }
  if (number && (*number < setting.least || *number > setting.most)) {
    const bool below = *number < setting.least;
    reader.problems.add(value.line, value.path,
                        quoted + (below ? " is below the least, " : " is above the most, ") +
                            bounds_text(setting, below ? setting.least : setting.most));
    return std::nullopt;
  }
  return number;
}

std::string address_of(const std::string& text, const std::string& base_directory) {
  constexpr std::string_view scheme = "duckdb:";
  // duckdb::memory: is no file.
  if (!text.starts_with(scheme) || text.starts_with("duckdb::")) return text;
  return std::string(scheme) + resolve_path(text.substr(scheme.size()), base_directory);
}

std::string text_of(const Reader& reader, const Setting& setting, const Value& value) {
  if (setting.kind == SettingKind::warehouse) return address_of(value.text, reader.base_directory);
  const bool is_path =
      setting.kind == SettingKind::file ||
      (setting.kind == SettingKind::place && value.text.find("://") == std::string::npos);
  return is_path ? resolve_path(value.text, reader.base_directory) : value.text;
}

// One overload per type of field; each tells what is wrong with the text, if it is.
void store(const Reader& reader, const Setting& setting, const Value& value, std::string& field) {
  if (setting.required && value.text.empty()) {
    reader.problems.add(value.line, value.path, "must not be empty");
    return;
  }
  field = text_of(reader, setting, value);
}

void store(const Reader& reader, const Setting& setting, const Value& value,
           std::optional<std::string>& field) {
  store(reader, setting, value, field.emplace());
}

void store(const Reader& reader, const Setting& setting, const Value& value, unsigned& field) {
  if (const auto number = number_of(reader, setting, value)) {
    field = static_cast<unsigned>(*number);
  }
}

void store(const Reader& reader, const Setting& setting, const Value& value, std::uint64_t& field) {
  if (const auto number = number_of(reader, setting, value)) field = *number;
}

void store(const Reader& reader, const Setting&, const Value& value, bool& field) {
  if (value.text == "true" || value.text == "True" || value.text == "TRUE") {
    field = true;
  } else if (value.text == "false" || value.text == "False" || value.text == "FALSE") {
    field = false;
  } else {
    reader.problems.add(value.line, value.path,
                        "\"" + value.typed + "\" is neither true nor false");
  }
}

void store(const Reader& reader, const Setting& setting, const Value& value,
           std::optional<bool>& field) {
  store(reader, setting, value, field.emplace());
}

void store(const Reader& reader, const Setting&, const Value& value,
           std::optional<std::chrono::days>& field) {
  if (value.text == "all") {
    field.reset();
    return;
  }
  field = parse_period(value.text);
  if (!field) {
    reader.problems.add(
        value.line, value.path,
        "\"" + value.typed + "\" is not a period; write it like 60 days, 8 weeks or all");
  }
}

// Such a setting has values of its own.
void store(const Reader&, const Setting&, const Value&, std::vector<TypeRule>&) {}

// As a message may call a source's location where nothing is.
std::string called(const Value& value, const std::string& location) {
  if (value.text != value.typed) return "location";
  std::error_code ignored;
  return "location " + path_to_text(std::filesystem::absolute(location, ignored).string());
}

template <typename Owner>
void read_value(const Reader& reader, const SettingOf<Owner>& setting, const YAML::Node& node,
                int line, const std::string& path, Owner& owner) {
  if (!node.IsScalar()) {
    reader.problems.add(line, path,
                        "should be " + std::string(to_string(setting.kind)) + ", not " +
                            std::string(kind_name(node)));
    return;
  }
  Value value{line, path, node.Scalar(), {}};
  auto text = substitute(value.typed, reader.base_directory);
  if (!text.ok()) {
    reader.problems.add(line, path, text.error().message);
    return;
  }
  value.text = std::move(text).value();
  std::visit(
      [&](auto field) {
        if constexpr (!std::is_same_v<decltype(field), std::monostate>) {
          store(reader, setting, value, owner.*field);
        }
      },
      setting.field);
  if constexpr (std::is_same_v<Owner, SourceConfig>) {
    if (setting.key == "location") owner.called = called(value, owner.location);
  }
}

template <typename Owner>
const SettingOf<Owner>* find_setting(const std::vector<SettingOf<Owner>>& table,
                                     const std::string& key) {
  const auto found = std::ranges::find(table, key, &Setting::key);
  return found == table.end() ? nullptr : &*found;
}

template <typename Owner>
std::string unknown_key(const std::vector<SettingOf<Owner>>& table, const std::string& key) {
  std::vector<std::string> keys;
  keys.reserve(table.size());
  for (const Setting& setting : table) {
    keys.emplace_back(setting.key);
  }
  const auto nearest = nearest_word(key, keys);
  return nearest ? "unknown key; did you mean \"" + *nearest + "\"?" : "unknown key";
}

std::optional<ColumnType> type_named(std::string_view name) {
  for (const ColumnType type :
       {ColumnType::boolean, ColumnType::bigint, ColumnType::double_precision,
        ColumnType::timestamp, ColumnType::varchar}) {
    if (name == to_string(type)) return type;
  }
  return name == "double" ? std::optional(ColumnType::double_precision) : std::nullopt;
}

// What other systems call them.
std::string unknown_type(const std::string& typed) {
  constexpr std::array others = std::to_array<std::pair<std::string_view, std::string_view>>({
      {"bool", "boolean"},
      {"int", "bigint"},
      {"integer", "bigint"},
      {"int8", "bigint"},
      {"long", "bigint"},
      {"float", "double"},
      {"float8", "double"},
      {"real", "double"},
      {"number", "double"},
      {"numeric", "double"},
      {"decimal", "double"},
      {"date", "timestamp"},
      {"datetime", "timestamp"},
      {"string", "varchar"},
      {"text", "varchar"},
  });
  std::optional<std::string> meant =
      nearest_word(typed, {"boolean", "bigint", "double", "timestamp", "varchar"});
  for (const auto& [other, ours] : others) {
    if (typed == other) meant = ours;
  }
  return "\"" + typed + "\" is none of boolean, bigint, double, timestamp and varchar" +
         (meant ? "; did you mean " + *meant + "?" : "");
}

// One `table.column: type`.
void read_type(const Reader& reader, const std::string& column, const YAML::Node& node, int line,
               const std::string& path, std::vector<TypeRule>& rules) {
  if (auto why = refuse_type_rule(column)) {
    reader.problems.add(line, path, *why);
    return;
  }
  if (!node.IsScalar()) {
    reader.problems.add(
        line, path,
        node.IsNull() ? "has no type" : "should be a type, not " + std::string(kind_name(node)));
    return;
  }
  const auto text = substitute(node.Scalar(), reader.base_directory);
  if (!text.ok()) {
    reader.problems.add(line, path, text.error().message);
  } else if (const auto type = type_named(*text)) {
    rules.push_back({column, *type});
  } else {
    reader.problems.add(line, path, unknown_type(node.Scalar()));
  }
}

void read_types(const Reader& reader, const YAML::Node& node, int line, const std::string& path,
                std::vector<TypeRule>& rules) {
  if (!node.IsMap()) {
    reader.problems.add(line, path,
                        "should be a map such as `order_completed.total: double`, not " +
                            std::string(kind_name(node)));
    return;
  }
  std::set<std::string> seen;
  for (const auto& entry : node) {
    const int entry_line = line_of(entry.first);
    if (!entry.first.IsScalar()) {
      reader.problems.add(entry_line, path, "should name its columns as table.column");
      continue;
    }
    const std::string column = entry.first.Scalar();
    std::string entry_path = path;
    entry_path.append(".").append(column);
    if (!seen.insert(column).second) {
      reader.problems.add(entry_line, entry_path, "is there twice");
      continue;
    }
    read_type(reader, column, entry.second, entry_line, entry_path, rules);
  }
}

template <typename Owner>
void read_types_of(const Reader& reader, const SettingOf<Owner>& setting, const YAML::Node& node,
                   int line, const std::string& path, Owner& owner) {
  std::visit(
      [&](auto field) {
        if constexpr (std::is_same_v<decltype(field), std::vector<TypeRule> Owner::*>) {
          read_types(reader, node, line, path, owner.*field);
        }
      },
      setting.field);
}

void read_list(const Reader& reader, const Setting& setting, const YAML::Node& node, int line,
               Config& config);
// The entries of lists have none themselves.
template <typename Entry>
void read_list(const Reader&, const Setting&, const YAML::Node&, int, Entry&) {}

// One map of the file: every key known, at most once, each with a fitting value.
template <typename Owner>
void read_map(const Reader& reader, const std::vector<SettingOf<Owner>>& table,
              const YAML::Node& map, int map_line, const std::string& prefix, Owner& owner) {
  std::set<std::string> seen;
  std::set<std::string_view> given;
  for (const auto& entry : map) {
    const int line = line_of(entry.first);
    if (!entry.first.IsScalar()) {
      reader.problems.add(line, prefix.empty() ? "key" : prefix + "key", "should be a single word");
      continue;
    }
    const std::string key = entry.first.Scalar();
    if (!seen.insert(key).second) {
      reader.problems.add(line, prefix + key, "is there twice");
      continue;
    }
    const SettingOf<Owner>* setting = find_setting(table, key);
    if (setting == nullptr) {
      reader.problems.add(line, prefix + key, unknown_key(table, key));
      continue;
    }
    if (entry.second.IsNull()) continue;  // "key:" with nothing behind it: as if it were not there
    given.insert(setting->key);
    if (setting->kind == SettingKind::list) {
      read_list(reader, *setting, entry.second, line, owner);
    } else if (setting->kind == SettingKind::types) {
      read_types_of(reader, *setting, entry.second, line, prefix + key, owner);
    } else {
      read_value(reader, *setting, entry.second, line, prefix + key, owner);
    }
  }
  for (const Setting& setting : table) {
    if (setting.required && !given.contains(setting.key)) {
      reader.problems.add(map_line, prefix + std::string(setting.key), "is missing");
    }
  }
}

// The entries of a list, each a map of its own table of settings; `check` sees each with its line
// and path.
template <typename Entry, typename Check>
void read_entries(const Reader& reader, const Setting& setting, const YAML::Node& node, int line,
                  const std::vector<SettingOf<Entry>>& table, const char* keys,
                  std::vector<Entry>& entries, Check check) {
  const std::string name(setting.key);
  if (!node.IsSequence()) {
    reader.problems.add(line, name, "should be a list, not " + std::string(kind_name(node)));
    return;
  }
  if (node.size() == 0) reader.problems.add(line, name, "has no entry");
  std::size_t index = 0;
  for (const YAML::Node& entry : node) {
    const std::string path = name + "[" + std::to_string(index++) + "]";
    const int entry_line = line_of(entry);
    if (!entry.IsMap()) {
      reader.problems.add(entry_line > 0 ? entry_line : line, path,
                          std::string("should be a map with ") + keys);
      continue;
    }
    Entry& read = entries.emplace_back();
    read_map(reader, table, entry, entry_line, path + ".", read);
    check(read, entry_line, path);
  }
}

void check_value(const Reader& reader, const std::function<Result<void>(const std::string&)>& check,
                 const std::string& value, int line, const std::string& path) {
  if (!check || value.empty()) return;
  const auto checked = check(value);
  if (checked) return;
  const std::string& remedy = checked.error().remedy;
  reader.problems.add(line, path,
                      checked.error().message + (remedy.empty() ? "" : "; try: " + remedy));
}

void read_list(const Reader& reader, const Setting& setting, const YAML::Node& node, int line,
               Config& config) {
  if (setting.key == "redshift_tables") {
    const auto check = [&](const RedshiftTableConfig& table, int entry_line,
                           const std::string& path) {
      const bool of_column = table.encoding || table.varchar_bytes > 0;
      if (of_column == table.column.empty()) {
        reader.problems.add(entry_line, path,
                            of_column ? "encoding and varchar are a column's: name it"
                                      : "says nothing of the column: encoding or varchar");
      }
    };
    read_entries(reader, setting, node, line, redshift_table_settings(), "table and what to choose",
                 config.redshift_tables, check);
    return;
  }
  std::map<std::string, std::string> names;  // by schema
  const auto check = [&](const SourceConfig& source, int entry_line, const std::string& path) {
    check_value(reader, reader.checks.location, source.location, entry_line, path + ".location");
    if (source.name.empty()) return;
    const auto& schema_of = reader.checks.schema_of;
    const std::string schema = schema_of ? schema_of(source.name) : source.name;
    if (schema.empty()) {
      reader.problems.add(entry_line, path + ".name",
                          "has no letter or digit that could name a schema");
      return;
    }
    const auto [other, is_new] = names.emplace(schema, source.name);
    if (is_new) return;
    reader.problems.add(entry_line, path + ".name",
                        other->second == source.name
                            ? "is the name of another source"
                            : "\"" + source.name + "\" would share the schema " + schema +
                                  " with \"" + other->second + "\"; rename one of them");
  };
  read_entries(reader, setting, node, line, source_settings(), "name and location", config.sources,
               check);
}

}  // namespace

Result<Config> parse_config(std::string_view text, const std::string& file_name,
                            const std::string& base_directory, const ConfigChecks& checks) {
  if (text.size() > config_bytes_max) {
    return config_error(file_name + ": is larger than 1024 KiB");
  }
  DRAY_ASSIGN(const YAML::Node root, parse_yaml(std::string(text), file_name));
  if (!root.IsMap()) {
    if (auto tab = tab_error(std::string(text), file_name)) return std::move(*tab);
    return config_error(file_name + ":" + std::to_string(line_of(root)) +
                        ": should be settings, one `key: value` to a line, not " +
                        std::string(kind_name(root)));
  }
  Config config;
  Problems problems(file_name);
  // What is missing from the file as a whole is told of its first line.
  const Reader reader{base_directory, problems, checks};
  read_map(reader, top_settings(), root, 1, "", config);
  if (!config.warehouse.empty()) {
    check_value(reader, checks.warehouse, config.warehouse, line_of(root["warehouse"]),
                "warehouse");
  }
  if (!problems.none()) {
    if (auto tab = tab_error(std::string(text), file_name)) return std::move(*tab);
    return std::move(problems).error();
  }
  return config;
}

Result<Config> read_config(const std::string& path, const ConfigChecks& checks) {
  auto text = read_small_file(path, config_bytes_max);
  if (!text.ok()) return std::move(text).error().within(quotable_path(path, "--config"));
  return parse_config(*text, path, std::filesystem::path(path).parent_path().string(), checks);
}

}  // namespace dray
