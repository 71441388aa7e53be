// What a warehouse's schema holds, and the changes that make it hold more.
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "model/column_type.h"

namespace dray {

struct Column {
  std::string name;
  ColumnType type = ColumnType::varchar;
  bool operator==(const Column&) const = default;
};

// A column as it stands in the warehouse. A user may have changed it to a type that Dray does not
// create; then nothing is written to it.
struct LiveColumn {
  std::string name;
  std::string type_name;  // the warehouse's own word
  bool writable = true;
  ColumnType type = ColumnType::varchar;  // the nearest of ours, if writable
  bool operator==(const LiveColumn&) const = default;
};

struct LiveTable {
  std::string name;
  bool is_view = false;
  std::vector<LiveColumn> columns;  // in the table's order
};

struct Catalog {
  std::string schema;
  bool schema_exists = false;
  std::vector<LiveTable> tables;  // by name
};

struct CreateSchema {
  std::string schema;
  bool operator==(const CreateSchema&) const = default;
};

struct CreateTable {
  std::string schema;
  std::string table;
  std::vector<Column> columns;
  bool operator==(const CreateTable&) const = default;
};

struct AddColumn {
  std::string schema;
  std::string table;
  Column column;
  bool operator==(const AddColumn&) const = default;
};

// Additive only: nothing here drops, renames or narrows.
using SchemaChange = std::variant<CreateSchema, CreateTable, AddColumn>;

}  // namespace dray
