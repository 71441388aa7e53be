// What is written from the table of settings: a file to start from, a schema for editors, a page
// for people.
#include <cstddef>

#include "base/json_writer.h"
#include "config/settings.h"

namespace dray {
namespace {

constexpr std::size_t comment_columns_max = 96;

// `text` as comment lines, broken between words.
std::string comment(std::string_view text, const std::string& indent) {
  std::string out;
  std::string line = indent + "#";
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (line.size() + 1 + end > comment_columns_max) {
      out += line + "\n";
      line = indent + "#";
    }
    line += ' ';
    line += text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + line + "\n";
}

std::string template_entry(const Setting& setting, const std::string& indent,
                           std::string_view first_prefix) {
  std::string out = comment(setting.doc, indent);
  // What is optional stands there to be uncommented.
  out += indent;
  out += setting.required ? first_prefix : std::string_view("# ");
  out.append(setting.key).append(": ").append(setting.example).append("\n");
  return out;
}

std::string template_sources() {
  std::string out;
  bool first = true;
  for (const Setting& setting : source_settings()) {
    const std::string indent = first ? "  " : "    ";
    out += template_entry(setting, indent, first ? "- " : "");
    first = false;
  }
  return out;
}

// All of it is there to be uncommented.
std::string template_redshift_tables() {
  std::string out = "# redshift_tables:\n";
  bool first = true;
  for (const Setting& setting : redshift_table_settings()) {
    out += first ? "#   - " : "#     ";
    out.append(setting.key).append(": ").append(setting.example).append("\n");
    first = false;
  }
  return out;
}

// Besides its own type every value may be text with ${...} in it.
void write_substitutable(JsonWriter& json, std::string_view type, std::string_view pattern) {
  json.key("anyOf").begin_array();
  if (type != "string") json.begin_object().field("type", type).end_object();
  json.begin_object().field("type", "string").field("pattern", pattern).end_object();
  json.end_array();
}

void write_type(JsonWriter& json, const Setting& setting) {
  switch (setting.kind) {
    case SettingKind::count:
      write_substitutable(json, "integer", "^[0-9]+$|\\$\\{");
      return;
    case SettingKind::size:
      write_substitutable(json, "integer", "^[0-9.]+ *([kKmMgGtT][iI]?)?[bB]?$|\\$\\{");
      return;
    case SettingKind::period:
      write_substitutable(json, "string", "^[0-9]+ *(d|day|days|w|week|weeks)$|^all$|\\$\\{");
      return;
    case SettingKind::boolean:
      write_substitutable(json, "boolean", "\\$\\{");
      return;
    case SettingKind::types:
      json.field("type", "object");
      json.key("propertyNames").begin_object();
      json.field("pattern", "^[a-z0-9_*]+\\.[a-z0-9_*]+$").end_object();
      json.key("additionalProperties").begin_object().field("type", "string");
      json.field("pattern", "^(boolean|bigint|double|double precision|timestamp|varchar)$|\\$\\{");
      json.end_object();
      return;
    default:
      json.field("type", "string");
      if (setting.required) json.field("minLength", 1);
  }
}

template <typename Owner>
void write_object(JsonWriter& json, const std::vector<SettingOf<Owner>>& table) {
  json.field("type", "object").field("additionalProperties", false);
  json.key("required").begin_array();
  for (const Setting& setting : table) {
    if (setting.required) json.value(setting.key);
  }
  json.end_array();
  json.key("properties").begin_object();
  for (const Setting& setting : table) {
    json.key(setting.key).begin_object().field("description", setting.doc);
    if (!setting.standard.empty()) json.field("default", setting.standard);
    if (setting.kind == SettingKind::list) {
      json.field("type", "array").field("minItems", 1);
      json.key("items").begin_object();
      if (setting.key == "sources") {
        write_object(json, source_settings());
      } else {
        write_object(json, redshift_table_settings());
      }
      json.end_object();
    } else {
      write_type(json, setting);
    }
    json.end_object();
  }
  json.end_object();
}

std::string reference_row(const Setting& setting, std::string_view prefix) {
  std::string standard = "none";
  if (setting.required) standard = "required";
  if (!setting.standard.empty()) standard = "`" + std::string(setting.standard) + "`";
  std::string row = "| `";
  row.append(prefix).append(setting.key).append("` | ").append(to_string(setting.kind));
  row.append(" | ").append(standard).append(" | ").append(setting.doc).append(" |\n");
  return row;
}

}  // namespace

std::string config_template() {
  std::string out =
      "# Dray's settings. A relative path begins at this file's directory; ${NAME} stands for an\n"
      "# environment variable and ${file:PATH} for a file's content.\n"
      "# `dray plan` shows what a sync would do, `dray sync` does it.\n";
  for (const Setting& setting : top_settings()) {
    out += "\n";
    if (setting.kind == SettingKind::list) {
      out += comment(setting.doc, "");
      if (setting.key == "sources") {
        out.append(setting.key).append(":\n").append(template_sources());
      } else {
        out += template_redshift_tables();
      }
    } else {
      out += template_entry(setting, "", "");
    }
  }
  return out;
}

std::string config_json_schema() {
  JsonWriter json(2);
  json.begin_object();
  json.field("$schema", "http://json-schema.org/draft-07/schema#");
  json.field("title", "dray.yaml");
  write_object(json, top_settings());
  json.end_object();
  return std::move(json).done() + "\n";
}

std::string config_reference() {
  std::string out = "| Setting | Value | Default | Meaning |\n| --- | --- | --- | --- |\n";
  for (const Setting& setting : top_settings()) {
    out += reference_row(setting, "");
    if (setting.kind != SettingKind::list) continue;
    if (setting.key == "sources") {
      for (const Setting& entry : source_settings())
        out += reference_row(entry, "sources[].");
    } else {
      for (const Setting& entry : redshift_table_settings())
        out += reference_row(entry, "redshift_tables[].");
    }
  }
  return out;
}

}  // namespace dray
