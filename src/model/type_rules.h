// The types that a person has chosen for columns (dray.yaml, `types`).
//
// A value; pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/column_type.h"

namespace dray {

struct TypeRule {
  std::string column;  // table.column as the warehouse has them; * stands for any text
  ColumnType type = ColumnType::varchar;
  bool operator==(const TypeRule&) const = default;
};

// Whether the rule is for this column; for a column of this table.
bool is_for(const TypeRule& rule, std::string_view table, std::string_view column);
bool is_for_table(const TypeRule& rule, std::string_view table);
bool is_pattern(const TypeRule& rule);

class TypeRules {
 public:
  TypeRules() = default;
  // In the order of the file.
  explicit TypeRules(std::vector<TypeRule> rules);

  // Exact names come before patterns and longer patterns before shorter ones; of equally long ones
  // the first of the file counts.
  std::optional<ColumnType> find(std::string_view table, std::string_view column) const;

  // Exact names by name, then patterns as they count.
  std::vector<TypeRule> all() const;
  bool empty() const { return exact_.empty() && patterns_.empty(); }
  bool operator==(const TypeRules&) const = default;

 private:
  std::vector<TypeRule> exact_;     // by name
  std::vector<TypeRule> patterns_;  // as they count
};

// Why `column` names no column that could have a type of its own; nothing if it does.
std::optional<std::string> refuse_type_rule(std::string_view column);

}  // namespace dray
