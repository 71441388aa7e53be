#include "run/type_notices.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "model/observed.h"
#include "run/notice_list.h"
#include "sql/sql.h"

namespace dray {
namespace {

// The kinds of values as a person sees them in the events.
enum class ValueKind : std::uint8_t { number, huge_number, boolean, string, array };
constexpr std::size_t value_kind_count = 5;

ValueKind value_kind(CellKind kind) {
  switch (kind) {
    case CellKind::integer:
    case CellKind::real:
      return ValueKind::number;
    case CellKind::huge:
      return ValueKind::huge_number;
    case CellKind::boolean:
      return ValueKind::boolean;
    case CellKind::array:
      return ValueKind::array;
    case CellKind::text:
    case CellKind::time_text:
    case CellKind::micros:
      break;
  }
  return ValueKind::string;
}

constexpr std::array<std::pair<std::string_view, std::string_view>, value_kind_count> kind_words = {
    {
        {"number", "numbers"},
        {"number too large for a double", "numbers too large for a double"},
        {"boolean", "booleans"},
        {"string", "strings"},
        {"array", "arrays"},
    }};

std::string_view singular(ValueKind kind) {
  return kind_words[static_cast<std::size_t>(kind)].first;
}

std::string counted(std::uint64_t count, ValueKind kind) {
  const auto& [one, more] = kind_words[static_cast<std::size_t>(kind)];
  return std::to_string(count) + ' ' + std::string(count == 1 ? one : more);
}

bool is_mixed(Observed observed) {
  std::array<bool, value_kind_count> seen{};
  for (unsigned kind = 0; kind < 8; ++kind) {
    if ((observed >> kind & 1U) == 0) continue;
    seen[static_cast<std::size_t>(value_kind(static_cast<CellKind>(kind)))] = true;
  }
  return std::ranges::count(seen, true) > 1;
}

struct Place {
  std::uint32_t object = UINT32_MAX;
  std::uint32_t line = UINT32_MAX;

  bool operator<(const Place& other) const {
    return std::tie(object, line) < std::tie(other.object, other.line);
  }
};

struct KindCount {
  ValueKind kind = ValueKind::number;
  std::uint64_t count = 0;
  Place first;
};

// A new column with values of several kinds.
struct MixedColumn {
  std::string name;  // table.column
  ColumnType type = ColumnType::varchar;
  Observed observed = 0;
  Slot slot = 0;
  std::array<KindCount, value_kind_count> kinds{};

  // The most frequent first.
  std::vector<KindCount> by_count() const {
    std::vector<KindCount> found;
    for (std::size_t i = 0; i < value_kind_count; ++i) {
      if (kinds[i].count == 0) continue;
      found.push_back(kinds[i]);
      found.back().kind = static_cast<ValueKind>(i);
    }
    std::ranges::stable_sort(found, std::ranges::greater(), &KindCount::count);
    return found;
  }
};

std::vector<MixedColumn> mixed_columns(const WantedTable& wanted, const TablePlan& plan) {
  std::vector<MixedColumn> mixed;
  for (const WantedColumn& column : wanted.columns) {
    if (column.standard || !is_mixed(column.observed)) continue;
    const auto load = std::ranges::find(plan.columns, column.name, &LoadColumn::name);
    if (load == plan.columns.end() || !load->created || load->refused) continue;
    mixed.push_back(
        {wanted.name + '.' + column.name, load->type, column.observed, column.slot, {}});
  }
  std::ranges::sort(mixed, {}, &MixedColumn::name);
  return mixed;
}

void count_cells(const char*& record, Place place, const std::vector<std::int32_t>& column_of_slot,
                 std::vector<MixedColumn>& columns) {
  CellReader cells(record);
  for (Cell cell; cells.next(cell);) {
    const std::int32_t column = column_of_slot[cell.slot];
    if (column < 0) continue;
    KindCount& kind = columns[static_cast<std::size_t>(column)]
                          .kinds[static_cast<std::size_t>(value_kind(cell.kind))];
    ++kind.count;
    kind.first = std::min(kind.first, place);
  }
  record = cells.end();
}

Result<void> count_kinds(const RunContext& context, const StagedRows& rows,
                         const ObjectSet& objects, std::vector<MixedColumn>& columns) {
  std::vector<std::int32_t> column_of_slot(slot_end, -1);
  for (std::size_t i = 0; i < columns.size(); ++i)
    column_of_slot[columns[i].slot] = static_cast<std::int32_t>(i);
  BlockScratch scratch;
  for (std::size_t number = 0; number < rows.block_count(); ++number) {
    if (context.stop.stop_requested()) return cancelled_error();
    DRAY_ASSIGN(const RowBlock block, rows.rows(number, scratch));
    const char* record = block.records.data();
    for (const RowKey& key : block.keys) {
      if (objects.unusable[key.object]) {
        record = CellReader(record).end();
      } else {
        count_cells(record, {key.object, key.line}, column_of_slot, columns);
      }
    }
  }
  return {};
}

std::string at(const Place& place, const ObjectSet& objects) {
  return objects.keys[place.object] + ":" + std::to_string(place.line);
}

// What the column would be without its rarer values.
std::string_view type_without_others(Observed observed, ValueKind most) {
  if (most == ValueKind::boolean) return "boolean";
  const bool fractions = (observed & observed_kind(CellKind::real)) != 0;
  return fractions ? "double" : "bigint";
}

// The column is there, with the values that it has.
std::string made_again(const RunContext& context, const MixedColumn& column) {
  const std::size_t dot = column.name.find('.');
  const std::string table = column.name.substr(0, dot);
  const auto drop = [&](const std::string& from) {
    SqlBuilder sql("alter table ");
    sql.table(context.report.source, from).code(" drop column ").name(column.name.substr(dot + 1));
    return std::move(sql).done().text();
  };
  std::string statements = drop(table);
  if (table == "identifies") statements += "; " + drop("users");
  if (table == "groups") statements += "; " + drop("accounts");
  return "drop the column (" + statements +
         ") and load its objects again (docs/cli.md, Loading an object again)";
}

std::string mixed_message(const RunContext& context, const MixedColumn& column,
                          const ObjectSet& objects) {
  const std::vector<KindCount> kinds = column.by_count();
  std::string text = column.name + " is varchar, because its values are ";
  for (std::size_t i = 0; i < kinds.size(); ++i) {
    if (i > 0) text += i + 1 == kinds.size() ? " and " : ", ";
    text += counted(kinds[i].count, kinds[i].kind);
  }
  text += "; the first " + std::string(singular(kinds.back().kind)) + " is in " +
          at(kinds.back().first, objects) + "; mend its sender";
  // Where most are strings, a type for the others would lose more than it gains.
  const KindCount& most = kinds.front();
  if (most.kind != ValueKind::number && most.kind != ValueKind::boolean) return text;
  const std::string entry = "types: {" + column.name + ": " +
                            std::string(type_without_others(column.observed, most.kind)) + "}";
  if (context.request.mode == SyncMode::plan) {
    return text + ", or let dray.yaml say " + entry +
           " before a sync makes the column: then what is no " + std::string(singular(most.kind)) +
           " is a reject";
  }
  return text + "; to have it without them, let dray.yaml say " + entry + ", " +
         made_again(context, column);
}

std::string converted_message(const RunContext& context, const MixedColumn& column,
                              const ObjectSet& objects) {
  const KindCount& strings = column.kinds[static_cast<std::size_t>(ValueKind::string)];
  return column.name + " is " + std::string(to_string(column.type)) + ", and " +
         (strings.count == 1 ? "a string was" : std::to_string(strings.count) + " strings were") +
         " read as such, the first in " + at(strings.first, objects) +
         "; if it is to be text, let dray.yaml say types: {" + column.name + ": varchar}" +
         (context.request.mode == SyncMode::plan ? " before a sync makes the column"
                                                 : ", " + made_again(context, column));
}

// In the order of their names, which is the same however the run came by them.
std::vector<std::size_t> by_table_name(const Tables& tables) {
  std::vector<std::size_t> order(tables.targets.size());
  for (std::size_t i = 0; i < order.size(); ++i)
    order[i] = i;
  std::ranges::sort(order, {}, [&](std::size_t i) { return tables.targets[i].table; });
  return order;
}

Result<void> tell_mixtures(const RunContext& context, const Tables& tables,
                           const ObjectSet& objects) {
  NoticeList mixed(context, "mixed_types", "of mixed kinds are varchar");
  NoticeList converted(context, "strings_converted", "took strings for what they spell");
  for (const std::size_t i : by_table_name(tables)) {
    std::vector<MixedColumn> columns = mixed_columns(tables.wanted[i], tables.plan.tables[i]);
    if (columns.empty()) continue;
    DRAY_TRY(count_kinds(context, *tables.targets[i].rows, objects, columns));
    for (const MixedColumn& column : columns) {
      const std::vector<KindCount> kinds = column.by_count();
      if (kinds.size() < 2) continue;
      if (column.type == ColumnType::varchar) {
        std::uint64_t rarer = 0;
        for (std::size_t k = 1; k < kinds.size(); ++k)
          rarer += kinds[k].count;
        mixed.add(column.name, mixed_message(context, column, objects), rarer);
      } else {
        converted.add(column.name, converted_message(context, column, objects),
                      column.kinds[static_cast<std::size_t>(ValueKind::string)].count);
      }
    }
  }
  mixed.tell_others();
  converted.tell_others();
  return {};
}

void tell_other_types(const RunContext& context, const Tables& tables) {
  NoticeList other(context, "type_differs", "are not of the type that dray.yaml says");
  for (const std::size_t i : by_table_name(tables)) {
    std::vector<std::pair<std::string, std::string>> messages;
    for (const WantedColumn& wanted : tables.wanted[i].columns) {
      if (wanted.standard) continue;
      const auto chosen = context.request.types.find(tables.wanted[i].name, wanted.name);
      if (!chosen) continue;
      const auto& columns = tables.plan.tables[i].columns;
      const auto load = std::ranges::find(columns, wanted.name, &LoadColumn::name);
      if (load == columns.end() || (!load->refused && load->type == *chosen)) continue;
      if (load->refused && load->refused != RejectReason::unknown_column_type) continue;
      const std::string name = tables.wanted[i].name + '.' + wanted.name;
      messages.emplace_back(
          name, name + " is " +
                    (load->refused ? "of a type that Dray does not write"
                                   : std::string(to_string(load->type))) +
                    " in the warehouse and keeps that type, though dray.yaml says " +
                    std::string(to_string(*chosen)) + "; change the column's type, or the setting");
    }
    std::ranges::sort(messages);
    for (const auto& [name, message] : messages)
      other.add(name, message, 1);
  }
  other.tell_others();
}

}  // namespace

Result<void> tell_types(const RunContext& context, const Tables& tables, const ObjectSet& objects) {
  DRAY_TRY(tell_mixtures(context, tables, objects));
  tell_other_types(context, tables);
  return {};
}

}  // namespace dray
