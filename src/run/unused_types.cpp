#include "run/unused_types.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/nearest.h"
#include "model/standard_columns.h"
#include "model/type_rules.h"
#include "run/notice_list.h"

namespace dray {
namespace {

struct KnownTable {
  std::map<std::string, std::string> columns;  // that an entry may name, and their types
  bool is_made = false;                        // by this run
};

using KnownTables = std::map<std::string, KnownTable, std::less<>>;

KnownTables known_tables(const Catalog& catalog, const Tables& tables) {
  KnownTables known;
  const auto add = [&](const std::string& table, const std::string& column, std::string_view type) {
    if (!standard_column(column)) known[table].columns.emplace(column, type);
  };
  for (const LiveTable& table : catalog.tables) {
    // Their columns follow from other tables', and no entry may name them.
    if (table.name == "users" || table.name == "accounts") continue;
    known[table.name];
    for (const LiveColumn& column : table.columns)
      add(table.name, column.name,
          column.writable ? to_string(column.type) : std::string_view(column.type_name));
  }
  for (std::size_t i = 0; i < tables.plan.tables.size(); ++i) {
    const TablePlan& plan = tables.plan.tables[i];
    known[plan.table].is_made = plan.created;
    for (const Column& column : plan.new_columns)
      add(plan.table, column.name, to_string(column.type));
    for (const WantedColumn& column : tables.wanted[i].columns)
      add(plan.table, column.name, to_string(column.type));
  }
  return known;
}

bool is_used(const TypeRule& rule, const KnownTables& known) {
  return std::ranges::any_of(known, [&](const auto& entry) {
    return std::ranges::any_of(entry.second.columns, [&](const auto& column) {
      return is_for(rule, entry.first, column.first);
    });
  });
}

// The table.column that was probably meant, and its type.
std::optional<std::string> nearest_column(const TypeRule& rule, const KnownTables& known) {
  if (is_pattern(rule)) return std::nullopt;
  const std::size_t dot = rule.column.find('.');
  const std::string table = rule.column.substr(0, dot);
  auto near = known.find(table);
  if (near == known.end()) {
    std::vector<std::string> names;
    for (const auto& [name, columns] : known)
      names.push_back(name);
    if (const auto name = nearest_word(table, names)) near = known.find(*name);
  }
  if (near == known.end()) return std::nullopt;
  std::vector<std::string> names;
  for (const auto& [name, type] : near->second.columns)
    names.push_back(name);
  const auto column = nearest_word(rule.column.substr(dot + 1), names);
  if (!column) return std::nullopt;
  return near->first + "." + *column + " (" + near->second.columns.at(*column) + ")";
}

// Whether the moment that an entry is for is now, as far as that can be known.
bool is_of_a_known_table(const TypeRule& rule, const KnownTables& known) {
  return std::ranges::any_of(known, [&](const auto& entry) {
    // A pattern is for whatever comes: it is missed where a table is made without it.
    return (entry.second.is_made || !is_pattern(rule)) && is_for_table(rule, entry.first);
  });
}

}  // namespace

void tell_unused_types(const RunContext& context, const Catalog& catalog, const Tables& tables) {
  const TypeRules& rules = context.request.types;
  if (rules.empty() || context.is_retry()) return;
  const KnownTables known = known_tables(catalog, tables);
  const bool tells_all = context.request.mode == SyncMode::plan || !catalog.schema_exists;
  NoticeList unused(context, "type_unused", "of types in dray.yaml are no column", "name");
  for (const TypeRule& rule : rules.all()) {
    if (is_used(rule, known)) continue;
    const auto near = nearest_column(rule, known);
    const bool is_of_table = is_of_a_known_table(rule, known);
    if (!tells_all && !near && !is_of_table) continue;
    std::string message = "types in dray.yaml: no column is " + rule.column;
    message +=
        near ? "; is it " + *near + "? A column keeps the type with which it is made" : " yet";
    unused.add(rule.column, message, 1);
  }
  unused.tell_others();
}

}  // namespace dray
