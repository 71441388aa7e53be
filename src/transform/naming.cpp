#include "transform/naming.h"

#include <algorithm>
#include <array>

#include "base/hash.h"
#include "model/standard_columns.h"

namespace dray {
namespace {

enum class ByteClass : unsigned char { separator, lower, upper, digit };

constexpr std::array<ByteClass, 256> make_classes() {
  std::array<ByteClass, 256> classes{};
  for (unsigned c = 'a'; c <= 'z'; ++c)
    classes[c] = ByteClass::lower;
  for (unsigned c = 'A'; c <= 'Z'; ++c)
    classes[c] = ByteClass::upper;
  for (unsigned c = '0'; c <= '9'; ++c)
    classes[c] = ByteClass::digit;
  return classes;
}
constexpr auto byte_classes = make_classes();

ByteClass class_of(char c) { return byte_classes[static_cast<unsigned char>(c)]; }

// Sorted. The Amazon Redshift Database Developer Guide, "Reserved words" (2023), less START,
// CONNECT, LANGUAGE (no longer listed) and TIMESTAMP (a standard column).
constexpr std::array reserved_words = std::to_array<std::string_view>({
    "aes128",
    "aes256",
    "all",
    "allowoverwrite",
    "analyse",
    "analyze",
    "and",
    "any",
    "array",
    "as",
    "asc",
    "authorization",
    "az64",
    "backup",
    "between",
    "binary",
    "blanksasnull",
    "both",
    "bytedict",
    "bzip2",
    "case",
    "cast",
    "check",
    "collate",
    "column",
    "constraint",
    "create",
    "credentials",
    "cross",
    "current_date",
    "current_time",
    "current_timestamp",
    "current_user",
    "current_user_id",
    "default",
    "deferrable",
    "deflate",
    "defrag",
    "delta",
    "delta32k",
    "desc",
    "disable",
    "distinct",
    "do",
    "else",
    "emptyasnull",
    "enable",
    "encode",
    "encrypt",
    "encryption",
    "end",
    "except",
    "explicit",
    "false",
    "for",
    "foreign",
    "freeze",
    "from",
    "full",
    "globaldict256",
    "globaldict64k",
    "grant",
    "group",
    "gzip",
    "having",
    "identity",
    "ignore",
    "ilike",
    "in",
    "initially",
    "inner",
    "intersect",
    "interval",
    "into",
    "is",
    "isnull",
    "join",
    "leading",
    "left",
    "like",
    "limit",
    "localtime",
    "localtimestamp",
    "lun",
    "luns",
    "lzo",
    "lzop",
    "minus",
    "mostly16",
    "mostly32",
    "mostly8",
    "natural",
    "new",
    "not",
    "notnull",
    "null",
    "nulls",
    "off",
    "offline",
    "offset",
    "oid",
    "old",
    "on",
    "only",
    "open",
    "or",
    "order",
    "outer",
    "overlaps",
    "parallel",
    "partition",
    "percent",
    "permissions",
    "pivot",
    "placing",
    "primary",
    "raw",
    "readratio",
    "recover",
    "references",
    "rejectlog",
    "resort",
    "respect",
    "restore",
    "right",
    "select",
    "session_user",
    "similar",
    "snapshot",
    "some",
    "sysdate",
    "system",
    "table",
    "tag",
    "tdes",
    "text255",
    "text32k",
    "then",
    "to",
    "top",
    "trailing",
    "true",
    "truncatecolumns",
    "union",
    "unique",
    "unnest",
    "unpivot",
    "user",
    "using",
    "verbose",
    "wallet",
    "when",
    "where",
    "with",
    "without",
});
static_assert(std::ranges::is_sorted(reserved_words));

constexpr std::array fixed_tables = std::to_array<std::string_view>(
    {"accounts", "aliases", "groups", "identifies", "pages", "screens", "tracks", "users"});

// Sorted. Names that an engine has for columns of its own (`oid` is a reserved word besides): six
// of PostgreSQL's, which Redshift refuses too; four by which Redshift's hidden columns are known;
// DuckDB's `rowid`, which a user's column would hide. A column called `row_id` hides nothing.
constexpr std::array system_columns = std::to_array<std::string_view>({
    "cmax",
    "cmin",
    "ctid",
    "delete_xid",
    "deletexid",
    "insert_xid",
    "insertxid",
    "rowid",
    "tableoid",
    "xmax",
    "xmin",
});
static_assert(std::ranges::is_sorted(system_columns));

// What there is room for, '_' and eight digits of the hash of the whole name.
std::string cut(std::string name, std::size_t bytes_max = name_bytes_max) {
  if (name.size() <= bytes_max) return name;
  const std::string hash = sha256_hex8(name);
  name.resize(bytes_max - 1 - hash.size());
  return name + '_' + hash;
}

bool needs_prefix(std::string_view name) {
  return class_of(name.front()) == ByteClass::digit || is_reserved_word(name);
}

}  // namespace

std::string snake_case(std::string_view text) {
  std::string out;
  out.reserve(text.size() + 8);
  std::size_t i = 0;
  const auto at = [&](ByteClass a, ByteClass b) {
    return i < text.size() && (class_of(text[i]) == a || class_of(text[i]) == b);
  };
  while (true) {
    while (i < text.size() && class_of(text[i]) == ByteClass::separator)
      ++i;
    if (i == text.size()) return out;
    if (!out.empty()) out += '_';
    for (; at(ByteClass::upper, ByteClass::digit); ++i) {
      out +=
          class_of(text[i]) == ByteClass::upper ? static_cast<char>(text[i] - 'A' + 'a') : text[i];
    }
    for (; at(ByteClass::lower, ByteClass::digit); ++i)
      out += text[i];
  }
}

bool is_reserved_word(std::string_view word) {
  return std::ranges::binary_search(reserved_words, word);
}

bool is_system_column(std::string_view name) {
  return std::ranges::binary_search(system_columns, name);
}

std::string event_slug(std::string_view event_name) {
  std::string slug = snake_case(event_name);
  return slug.empty() ? "event_" + sha256_hex8(event_name) : slug;
}

std::string event_table(std::string_view slug, std::size_t bytes_max) {
  const bool prefix = needs_prefix(slug) || std::ranges::binary_search(fixed_tables, slug);
  return cut((prefix ? "_" : "") + std::string(slug), bytes_max);
}

std::string other_table(std::string_view table, std::size_t bytes_max) {
  const std::string hash = sha256_hex8(table);
  return std::string(table.substr(0, bytes_max - 1 - hash.size())) + '_' + hash;
}

std::string key_segment(std::string_view key) {
  std::string segment = snake_case(key);
  return segment.empty() ? "key_" + sha256_hex8(key) : segment;
}

std::string property_column(std::string_view path, std::size_t bytes_max) {
  const bool prefix = needs_prefix(path) || standard_column(path) || is_system_column(path) ||
                      path.starts_with("context_");
  return cut((prefix ? "_" : "") + std::string(path), bytes_max);
}

std::string context_column(std::string_view path, std::size_t bytes_max) {
  return cut("context_" + std::string(path), bytes_max);
}

std::string schema_name(std::string_view source_name) {
  const std::string slug = snake_case(source_name);
  if (slug.empty()) return {};
  std::string name = cut((needs_prefix(slug) ? "_" : "") + slug);
  // Cut behind a word: "__" would not come out of a second schema_name() again.
  if (const std::size_t twice = name.find("__"); twice != std::string::npos) name.erase(twice, 1);
  return name;
}

bool is_too_long(std::string_view name) { return name.size() > name_bytes_max; }

}  // namespace dray
