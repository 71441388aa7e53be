// Names: from what people call things to identifiers that every warehouse takes (the specification,
// 3.3, 3.6 and 7.1 to 7.5).
//
// Pure functions. A name that is too long is never cut without a hash, and a name made of nothing
// but separators gets one too, so that different names stay different.
#pragma once

#include <string>
#include <string_view>

namespace dray {

// Redshift's limit, which all warehouses but PostgreSQL share. Bytes.
constexpr std::size_t name_bytes_max = 127;

// Words at [A-Z0-9]*[a-z0-9]*, in lower case, joined by '_'. Works on bytes: every byte that is no
// ASCII letter or digit separates. May be empty.
std::string snake_case(std::string_view text);

// A reserved word of Redshift (the list of 2023, less those that need no quoting as names).
bool is_reserved_word(std::string_view word);

// A name that PostgreSQL, DuckDB or Redshift has for a column of its own.
bool is_system_column(std::string_view name);

// The slug of an event name: what the column `event` holds. "event_<hash>" for a name without a
// letter or digit. Uncut.
std::string event_slug(std::string_view event_name);

// The table of an event: its slug, made safe. An event that is called like one of the fixed tables
// gets a '_'.
std::string event_table(std::string_view slug, std::size_t bytes_max = name_bytes_max);

// Where the rows of an event go whose table's name something else has in the warehouse: the name,
// '_' and eight digits of its hash.
std::string other_table(std::string_view table, std::size_t bytes_max = name_bytes_max);

// One step of a property's path: snake_case, or "key_<hash>" for a key without a letter or digit.
std::string key_segment(std::string_view key);

// The column of a property or trait whose path segments, joined by '_', are `path`.
std::string property_column(std::string_view path, std::size_t bytes_max = name_bytes_max);

// The column of a context value: "context_" and the path.
std::string context_column(std::string_view path, std::size_t bytes_max = name_bytes_max);

// The schema of a source. Empty when the name has no letter or digit. A schema's name is its own
// schema's.
std::string schema_name(std::string_view source_name);

// How the names above differ from plain snake case, for notices.
bool is_too_long(std::string_view name);

}  // namespace dray
