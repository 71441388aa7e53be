#include "model/type_rules.h"

#include <algorithm>
#include <utility>

#include "model/standard_columns.h"

namespace dray {
namespace {

// Whether `pattern` stands for all of `text`.
bool matches(std::string_view pattern, std::string_view text) {
  std::size_t star = std::string_view::npos;  // the last one met
  std::size_t behind_star = 0;                // where in the text what follows it is tried
  std::size_t p = 0;
  std::size_t t = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      behind_star = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++behind_star;
    } else {
      return false;
    }
  }
  return pattern.substr(p).find_first_not_of('*') == std::string_view::npos;
}

}  // namespace

bool is_for_table(const TypeRule& rule, std::string_view table) {
  return matches(std::string_view(rule.column).substr(0, rule.column.find('.')), table);
}

bool is_for(const TypeRule& rule, std::string_view table, std::string_view column) {
  return is_for_table(rule, table) &&
         matches(std::string_view(rule.column).substr(rule.column.find('.') + 1), column);
}

bool is_pattern(const TypeRule& rule) { return rule.column.find('*') != std::string::npos; }

TypeRules::TypeRules(std::vector<TypeRule> rules) {
  for (TypeRule& rule : rules)
    (is_pattern(rule) ? patterns_ : exact_).push_back(std::move(rule));
  std::ranges::sort(exact_, {}, &TypeRule::column);
  std::ranges::stable_sort(patterns_, std::ranges::greater(),
                           [](const TypeRule& rule) { return rule.column.size(); });
}

std::optional<ColumnType> TypeRules::find(std::string_view table, std::string_view column) const {
  if (empty()) return std::nullopt;
  const std::string name = std::string(table) + '.' + std::string(column);
  const auto exact = std::ranges::lower_bound(exact_, name, {}, &TypeRule::column);
  if (exact != exact_.end() && exact->column == name) return exact->type;
  for (const TypeRule& rule : patterns_) {
    if (is_for(rule, table, column)) return rule.type;
  }
  return std::nullopt;
}

std::vector<TypeRule> TypeRules::all() const {
  std::vector<TypeRule> rules = exact_;
  rules.insert(rules.end(), patterns_.begin(), patterns_.end());
  return rules;
}

std::optional<std::string> refuse_type_rule(std::string_view column) {
  const std::size_t dot = column.find('.');
  const std::string_view known = "abcdefghijklmnopqrstuvwxyz0123456789_*";
  const bool is_name = dot != std::string_view::npos && dot > 0 && dot + 1 < column.size() &&
                       column.substr(0, dot).find_first_not_of(known) == std::string_view::npos &&
                       column.substr(dot + 1).find_first_not_of(known) == std::string_view::npos;
  if (!is_name) {
    return "should be a table and a column as the warehouse has them, such as "
           "order_completed.total; * stands for any text";
  }
  const std::string_view table = column.substr(0, dot);
  const std::string of_source(column.substr(dot + 1));
  if (table == "users") return "users follows identifies: name identifies." + of_source;
  if (table == "accounts") return "accounts follows groups: name groups." + of_source;
  if (standard_column(of_source)) return of_source + " is a standard column, and its type is fixed";
  return std::nullopt;
}

}  // namespace dray
