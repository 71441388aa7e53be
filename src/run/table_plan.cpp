#include "run/table_plan.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/utf8.h"
#include "model/record.h"
#include "model/standard_columns.h"

namespace dray {
namespace {

const LiveTable* live_table(const Catalog& catalog, const std::string& name) {
  const auto found = std::ranges::find(catalog.tables, name, &LiveTable::name);
  return found == catalog.tables.end() ? nullptr : &*found;
}

// Well before the wall, while property names that hold ids can still be mended at their source.
void tell_full_tables(const Catalog& catalog, const Plan& plan, const RunContext& context) {
  const std::size_t most = context.warehouse.dialect().limits().columns_per_table_max;
  for (const TablePlan& table : plan.tables) {
    const LiveTable* live = live_table(catalog, table.table);
    const std::size_t columns =
        table.new_columns.size() +
        (live == nullptr ? 0 : live->columns.size() + live->columns_dropped);
    if (columns < most / 10 * 9 || table.new_columns.empty()) continue;
    context.notice("table_nearly_full",
                   table.table + " has " + std::to_string(columns) + " of at most " +
                       std::to_string(most) + " columns; values for more will be rejects",
                   1);
  }
}

bool has_column(const LiveTable& table, std::string_view name) {
  return std::ranges::find(table.columns, name, &LiveColumn::name) != table.columns.end();
}

void tell_old_name(const RunContext& context, const std::string& table, const std::string& column,
                   const std::string& old_name) {
  const std::string both =
      "coalesce(cast(" + column + " as varchar), cast(\"" + old_name + "\" as varchar))";
  context.notice("system_column_name",
                 table + ": new values of " + old_name + " are in " + column +
                     ", older ones stay where they are; select " + both + " reads both",
                 1);
}

// A column of a name that an engine keeps for itself, from before Dray gave such names a `_`.
void tell_old_names(const Catalog& catalog, const WantedTable& wanted, const RunContext& context) {
  const LiveTable* live = live_table(catalog, wanted.name);
  if (live == nullptr) return;
  const std::string table = catalog.schema + "." + wanted.name;
  for (const WantedColumn& column : wanted.columns) {
    const std::string old_name = column.name.substr(1);
    if (!column.name.starts_with('_') || !is_system_column(old_name)) continue;
    if (!has_column(*live, old_name)) continue;
    tell_old_name(context, table, column.name, old_name);
  }
}

// The profiles' columns are those that their source will have.
std::vector<WantedColumn> profile_columns(const Catalog& catalog, const TablePlan& from) {
  std::vector<WantedColumn> columns;
  // As wide as the source's column, once that is widened.
  const auto add = [&](const std::string& name, ColumnType type, std::uint32_t bytes,
                       const std::string& comment) {
    if (standard_column(name)) return;
    for (const LoadColumn& loaded : from.columns) {
      if (loaded.name != name || loaded.type != ColumnType::varchar) continue;
      bytes = std::max(bytes, loaded.varchar_bytes.value_or(varchar_bytes_unbounded));
    }
    columns.push_back({name, type, {}, 0, bytes, 0, comment});
  };
  if (const LiveTable* table = live_table(catalog, from.table)) {
    for (const LiveColumn& column : table->columns) {
      if (!column.writable) continue;
      add(column.name, column.type,
          column.type == ColumnType::varchar
              ? column.varchar_bytes.value_or(varchar_bytes_unbounded)
              : varchar_bytes_default,
          {});
    }
  }
  for (const Column& column : from.new_columns)
    add(column.name, column.type, column.varchar_bytes, column.comment);
  return columns;
}

// What stands in the profiles' table and is not computed from the source's rows.
void find_kept_columns(const Catalog& catalog, Profiles& profiles) {
  const LiveTable* table = live_table(catalog, profiles.plan.table);
  if (table == nullptr) return;
  for (const LiveColumn& column : table->columns) {
    if (standard_column(column.name) || column.computed) continue;
    const auto load = std::ranges::find(profiles.plan.columns, column.name, &LoadColumn::name);
    if (load != profiles.plan.columns.end() && !load->refused) continue;
    profiles.kept_columns.push_back(column.name);
  }
}

void keep_width(const WidenColumn& widen, TablePlan& table) {
  if (table.table != widen.table) return;
  for (LoadColumn& column : table.columns) {
    if (column.name == widen.column) column.varchar_bytes = widen.varchar_bytes_before;
  }
}

// The plan widens by what powers of two hold. Where somebody has set a bound, what counts is the
// longest value itself.
class Widenings {
 public:
  Widenings(const Catalog& catalog, const CatalogLimits& limits, WarehouseSession& session,
            Tables& tables)
      : catalog_(catalog), limits_(limits), session_(session), tables_(tables) {}

  Result<void> leave_out_needless() {
    std::vector<SchemaChange>& changes = tables_.plan.changes;
    for (std::size_t i = 0; i < changes.size();) {
      const auto* const widen = std::get_if<WidenColumn>(&changes[i]);
      bool needed = true;
      if (widen != nullptr) {
        DRAY_ASSIGN(needed, is_needed(*widen));
      }
      if (needed) {
        ++i;
        continue;
      }
      keep_width(*widen, tables_);
      changes.erase(changes.begin() + static_cast<std::ptrdiff_t>(i));
    }
    return {};
  }

 private:
  Result<bool> is_needed(const WidenColumn& widen) {
    for (std::size_t i = 0; i < tables_.targets.size(); ++i) {
      const Target& target = tables_.targets[i];
      const bool is_profile = target.profile_table == widen.table;
      if (target.table != widen.table && !is_profile) continue;
      if (target.rows == nullptr) return true;
      DRAY_ASSIGN(const std::size_t longest, longest_staged(i, widen.column));
      if (longest > widen.varchar_bytes_before) return true;
      return is_profile ? is_stored_longer(target.table, widen) : Result<bool>(false);
    }
    return true;
  }

  // A profile takes what is stored too.
  Result<bool> is_stored_longer(const std::string& source, const WidenColumn& widen) {
    if (!limits_.varchar_counts_characters) return true;
    const LiveTable* table = live_table(catalog_, source);
    if (table == nullptr) return false;
    const auto column = std::ranges::find(table->columns, widen.column, &LiveColumn::name);
    if (column == table->columns.end() || column->type != ColumnType::varchar) return false;
    SqlBuilder sql("select 1 from ");
    sql.table(widen.schema, source).code(" where char_length(").name(widen.column);
    sql.code(") > ").number(std::uint64_t{widen.varchar_bytes_before}).code(" limit 1");
    DRAY_ASSIGN(const QueryResult found, session_.query(std::move(sql).done()));
    return !found.rows.empty();
  }

  Result<std::size_t> longest_staged(std::size_t target, const std::string& column) const {
    const auto& columns = tables_.wanted[target].columns;
    const auto wanted = std::ranges::find(columns, column, &WantedColumn::name);
    const bool is_event = standard_column(column) == StandardColumn::event;
    std::size_t longest = 0;
    if (wanted == columns.end() && !is_event) return longest;
    const StagedRows& rows = *tables_.targets[target].rows;
    BlockScratch scratch;
    for (std::size_t number = 0; number < rows.block_count(); ++number) {
      DRAY_ASSIGN(const RowBlock block, rows.rows(number, scratch));
      if (is_event) longest = std::max(longest, length_of(block.event));
      if (is_event) continue;
      const char* record = block.records.data();
      for (std::size_t i = 0; i < block.keys.size(); ++i) {
        CellReader cells(record);
        record = cells.end();
        for (Cell cell; cells.next(cell);) {
          if (cell.slot == wanted->slot) longest = std::max(longest, length_of(cell));
        }
      }
    }
    return longest;
  }

  std::size_t length_of(const Cell& cell) const {
    return cell.kind == CellKind::micros ? timestamp_text_bytes_max : length_of(cell.bytes);
  }
  std::size_t length_of(std::string_view text) const {
    return limits_.varchar_counts_characters ? utf8_characters(text) : text.size();
  }

  const Catalog& catalog_;
  const CatalogLimits& limits_;
  WarehouseSession& session_;
  Tables& tables_;
};

}  // namespace

Result<void> plan_tables(const Catalog& catalog, const RunContext& context,
                         WarehouseSession& session, Tables& tables) {
  const ContractColumns contract =
      context.request.contract_columns ? ContractColumns::create : ContractColumns::leave_out;
  const CatalogLimits limits = context.warehouse.dialect().limits();
  tables.plan = make_plan(catalog, tables.wanted, contract, limits, context.request.types);
  tell_full_tables(catalog, tables.plan, context);
  std::vector<WantedTable> profiles;
  for (std::size_t i = 0; i < tables.targets.size(); ++i) {
    if (tables.targets[i].profile_table.empty()) continue;
    profiles.push_back({tables.targets[i].profile_table,
                        profile_columns(catalog, tables.plan.tables[i]),
                        comment_on(tables.targets[i].profile_table), tables.wanted[i].is_known});
  }
  for (const auto* tables_wanted : {&tables.wanted, &profiles}) {
    for (const WantedTable& wanted : *tables_wanted)
      tell_old_names(catalog, wanted, context);
  }
  Plan profile_plan = make_plan(catalog, profiles, contract, limits);
  for (SchemaChange& change : profile_plan.changes) {
    if (std::holds_alternative<CreateSchema>(change)) continue;
    tables.plan.changes.push_back(std::move(change));
  }
  for (std::size_t i = 0; i < profiles.size(); ++i) {
    Profiles& made = tables.profiles.emplace_back();
    made.plan = std::move(profile_plan.tables[i]);
    made.sources = std::move(profiles[i].columns);
    find_kept_columns(catalog, made);
  }
  for (std::size_t i = 0; i < tables.targets.size(); ++i) {
    Target& target = tables.targets[i];
    target.waits = target.files.empty() && tables.unusable(i) != nullptr;
  }
  return Widenings(catalog, limits, session, tables).leave_out_needless();
}

void keep_width(const WidenColumn& widen, Tables& tables) {
  for (TablePlan& table : tables.plan.tables)
    keep_width(widen, table);
  for (Profiles& profiles : tables.profiles)
    keep_width(widen, profiles.plan);
}

}  // namespace dray
