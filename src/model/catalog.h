// What a warehouse's schema holds, and the changes that make it hold more.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/column_type.h"

namespace dray {

// What a varchar holds, in bytes, where a warehouse wants to be told (the specification, 3.8).
constexpr std::uint32_t varchar_bytes_default = 512;
// A text may be as long as it likes.
constexpr std::uint32_t varchar_bytes_unbounded = UINT32_MAX;

struct Column {
  std::string name;
  ColumnType type = ColumnType::varchar;
  std::uint32_t varchar_bytes = varchar_bytes_default;  // of a varchar; not for DuckDB, PostgreSQL
  bool required = false;                                // not null
  std::string comment{};                                // where its values come from; "" unknown
  bool operator==(const Column&) const = default;
};

// A column as it stands in the warehouse. A user may have changed it to a type that Dray does not
// create; then nothing is written to it.
struct LiveColumn {
  std::string name;
  std::string type_name;  // the warehouse's own word
  bool writable = true;
  ColumnType type = ColumnType::varchar;  // the nearest of ours, if writable
  // The bound of a varchar; nothing where strings have none.
  std::optional<std::uint32_t> varchar_bytes{};
  // The warehouse itself computes it, so that nobody can write it.
  bool computed = false;
  bool operator==(const LiveColumn&) const = default;
};

struct LiveTable {
  std::string name;
  bool is_view = false;
  std::vector<LiveColumn> columns;  // in the table's order
  std::size_t columns_dropped = 0;  // that still count against the limit (PostgreSQL)
};

struct Catalog {
  std::string schema;
  bool schema_exists = false;
  std::vector<LiveTable> tables;  // by name
  // Names that no new table may have, because something else than a table or view has it: an index,
  // a sequence, a type.
  std::vector<std::string> taken{};
};

struct CreateSchema {
  std::string schema;
  bool operator==(const CreateSchema&) const = default;
};

struct CreateTable {
  std::string schema;
  std::string table;
  std::vector<Column> columns;
  bool if_missing = false;  // no error if it is there already
  bool operator==(const CreateTable&) const = default;
};

struct AddColumn {
  std::string schema;
  std::string table;
  Column column;
  bool operator==(const AddColumn&) const = default;
};

// A column gets more bytes than it has. Redshift does that outside a transaction only, so it is
// done before one.
struct WidenColumn {
  std::string schema;
  std::string table;
  std::string column;
  std::uint32_t varchar_bytes = 0;
  std::uint32_t varchar_bytes_before = 0;
  bool operator==(const WidenColumn&) const = default;
};

// What a person reads of a table and its columns in the warehouse's own catalog: where they come
// from. Only of what this very plan makes, behind the change that makes it.
struct CommentOn {
  struct Named {
    std::string column;
    std::string text;
    bool operator==(const Named&) const = default;
  };
  std::string schema;
  std::string table;
  std::string text;            // of the table; "": none
  std::vector<Named> columns;  // those that get one
  bool operator==(const CommentOn&) const = default;
};

// Additive only: nothing here drops, renames or narrows.
using SchemaChange = std::variant<CreateSchema, CreateTable, AddColumn, WidenColumn, CommentOn>;

constexpr std::size_t comment_cost = 50;

// "" for a schema.
std::string_view table_of(const SchemaChange& change);

constexpr bool is_outside_transaction(const SchemaChange& change) {
  return std::holds_alternative<WidenColumn>(change);
}

enum class Comments { none, on_tables, on_all };

// What differs between warehouses and the plan must know. No field has a default: each warehouse
// says all of them, and a new one does not build until each has (-Wmissing-field-initializers).
struct CatalogLimits {
  // How long the name of a schema, table or column may be, in bytes. 127 is Redshift's limit, which
  // the others share where they can.
  std::size_t name_bytes_max;
  std::size_t columns_per_table_max;
  // How many columns one load may bring values for; a table that somebody else widened may have
  // more.
  std::size_t columns_per_load_max;
  // The longest string a column may be made or widened to hold; nothing: strings have no bound.
  std::optional<std::uint32_t> varchar_bytes_max;
  // Whether a bound that somebody gave a varchar counts characters instead of bytes (PostgreSQL).
  bool varchar_counts_characters;
  Comments comments;
  // What the comments of one plan may cost: each comment_cost and a 1 for every column of its
  // table, because a warehouse may write the table's whole description anew for each.
  std::size_t comments_cost_max;
};

}  // namespace dray
