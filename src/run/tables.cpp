#include "run/tables.h"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "base/utf8.h"

namespace dray {
namespace {

bool is_fixed_table(std::string_view table) {
  return table == "identifies" || table == "pages" || table == "screens" || table == "groups" ||
         table == "aliases";
}

class TablesOfRegistry {
 public:
  TablesOfRegistry(const Registry& registry, LedgerState& ledger)
      : registry_(registry), seen_(registry.tables()), ledger_(ledger) {}

  Tables make() {
    Target tracks;
    tracks.table = "tracks";
    tracks.is_tracks = true;
    for (const Registry::TableSeen& seen : seen_) {
      add(seen);
      if (seen.type == EventType::track) tracks.parts.push_back(part_of(seen));
    }
    if (!tracks.parts.empty()) add_tracks(std::move(tracks));
    return std::move(tables_);
  }

  void tell_names(const RunContext& context) const {
    const auto tell = [&](NameOrigin origin, NoticeCode code) {
      const std::uint64_t count = names_[static_cast<std::size_t>(origin)];
      if (count == 0) return;
      context.notice(std::string(to_string(code)), std::string(explain(code)), count);
    };
    tell(NameOrigin::prefixed, NoticeCode::reserved_name);
    tell(NameOrigin::hashed, NoticeCode::hashed_name);
    tell(NameOrigin::cut, NoticeCode::long_name);
  }

 private:
  void add(const Registry::TableSeen& seen) {
    count_name(seen.origin);
    Target& target = tables_.targets.emplace_back();
    target.table = seen.name;
    target.parts = {part_of(seen)};
    const std::int64_t number = number_of(seen);
    target.lineage_table = number;
    target.rival_tables = {number};
    if (seen.type == EventType::identify) {
      target.profile_id_column = "user_id";
      target.profile_table = "users";
    }
    if (seen.type == EventType::group) {
      target.profile_id_column = "group_id";
      target.profile_table = "accounts";
    }
    WantedTable& wanted = tables_.wanted.emplace_back();
    wanted.name = seen.name;
    for (const Registry::ColumnSeen& column : seen.columns) {
      count_name(column.origin);
      wanted.columns.push_back(wanted_column(column.name, column.slot, column.bits));
    }
  }

  // `tracks` has the rows of all event tables, without their properties.
  void add_tracks(Target tracks) {
    std::map<Slot, Observed> bits;
    std::map<Slot, std::string_view> names;
    for (const Registry::TableSeen& seen : seen_) {
      if (seen.type != EventType::track) continue;
      tracks.rival_tables.push_back(ledger_.tables.at(seen.name));
      for (const Registry::ColumnSeen& column : seen.columns) {
        if (column.slot >= property_slot_first && column.slot < context_slot_first) continue;
        bits[column.slot] |= column.bits;
        names[column.slot] = column.name;
      }
    }
    // A stored row of any event may be the rival of a tie.
    for (const auto& [table, number] : ledger_.tables) {
      if (is_fixed_table(table)) continue;
      if (std::ranges::find(tracks.rival_tables, number) == tracks.rival_tables.end()) {
        tracks.rival_tables.push_back(number);
      }
    }
    WantedTable& wanted = tables_.wanted.emplace_back();
    wanted.name = tracks.table;
    for (const auto& [slot, name] : names)
      wanted.columns.push_back(wanted_column(std::string(name), slot, bits[slot]));
    tables_.targets.push_back(std::move(tracks));
  }

  BlockStore::Part part_of(const Registry::TableSeen& seen) const {
    return {seen.number, registry_.event_of(seen.number)};
  }

  std::int64_t number_of(const Registry::TableSeen& seen) {
    const auto [entry, is_new] =
        ledger_.tables.try_emplace(seen.name, ledger_.mark.next_table_number);
    if (is_new) {
      ++ledger_.mark.next_table_number;
      tables_.new_tables.push_back({seen.name, seen.event, entry->second});
    }
    return entry->second;
  }

  static WantedColumn wanted_column(std::string name, Slot slot, Observed bits) {
    WantedColumn wanted{
        std::move(name), narrowest_type(bits), {}, slot, varchar_bytes_for(bits), bits};
    if (slot < property_slot_first) wanted.standard = static_cast<StandardColumn>(slot);
    return wanted;
  }

  void count_name(NameOrigin origin) { ++names_[static_cast<std::size_t>(origin)]; }

  const Registry& registry_;
  const std::vector<Registry::TableSeen> seen_;
  LedgerState& ledger_;
  Tables tables_;
  std::array<std::uint64_t, 4> names_{};  // by NameOrigin
};

// The columns that every row has, of which no cell tells.
bool is_added_by_plan(std::string_view column) {
  using enum StandardColumn;
  const auto standard = standard_column(column);
  return standard == received_at || standard == uuid || standard == uuid_ts || standard == event;
}

const LiveTable* live_table(const Catalog& catalog, const std::string& name) {
  const auto found = std::ranges::find(catalog.tables, name, &LiveTable::name);
  return found == catalog.tables.end() ? nullptr : &*found;
}

// Well before the wall, while property names that hold ids can still be mended at their source.
void tell_full_tables(const Catalog& catalog, const Plan& plan, const RunContext& context) {
  const std::size_t most = context.warehouse.limits().columns_per_table_max;
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

// The profiles' columns are those that their source will have.
std::vector<WantedColumn> profile_columns(const Catalog& catalog, const TablePlan& from) {
  std::vector<WantedColumn> columns;
  // As wide as the source's column, once that is widened.
  const auto add = [&](const std::string& name, ColumnType type, std::uint32_t bytes) {
    if (standard_column(name)) return;
    for (const LoadColumn& loaded : from.columns) {
      if (loaded.name != name || loaded.type != ColumnType::varchar) continue;
      bytes = std::max(bytes, loaded.varchar_bytes.value_or(varchar_bytes_unbounded));
    }
    columns.push_back({name, type, {}, 0, bytes});
  };
  if (const LiveTable* table = live_table(catalog, from.table)) {
    for (const LiveColumn& column : table->columns) {
      if (!column.writable) continue;
      add(column.name, column.type,
          column.type == ColumnType::varchar
              ? column.varchar_bytes.value_or(varchar_bytes_unbounded)
              : varchar_bytes_default);
    }
  }
  for (const Column& column : from.new_columns)
    add(column.name, column.type, column.varchar_bytes);
  return columns;
}

// What stands in the profiles' table and is not computed from the source's rows.
void find_kept_columns(const Catalog& catalog, Profiles& profiles) {
  const LiveTable* table = live_table(catalog, profiles.plan.table);
  if (table == nullptr) return;
  for (const LiveColumn& column : table->columns) {
    if (standard_column(column.name)) continue;
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

const Profiles* Tables::profiles_of(const Target& target) const {
  const auto found = std::ranges::find(profiles, target.profile_table,
                                       [](const Profiles& made) { return made.plan.table; });
  return found == profiles.end() ? nullptr : &*found;
}

Tables tables_of(const Registry& registry, const BlockStore& staged, LedgerState& ledger,
                 const RunContext& context) {
  TablesOfRegistry of_registry(registry, ledger);
  Tables tables = of_registry.make();
  of_registry.tell_names(context);
  for (Target& target : tables.targets)
    target.rows = staged.view(target.parts);
  return tables;
}

void add_table_in_files(const TableLoad& load, Tables& tables) {
  Target& target = tables.targets.emplace_back();
  target.table = load.table;
  target.lineage_table = load.lineage_table;
  target.rival_tables = load.rival_tables;
  target.profile_id_column = load.profile_id_column;
  target.profile_table = load.profile_table;
  target.files = load.files;
  WantedTable& wanted = tables.wanted.emplace_back();
  wanted.name = load.table;
  for (const LoadColumn& column : load.columns) {
    if (is_added_by_plan(column.name)) continue;
    wanted.columns.push_back({column.name, column.type, standard_column(column.name), column.slot,
                              column.varchar_bytes.value_or(varchar_bytes_default)});
  }
}

Result<void> plan_tables(const Catalog& catalog, const RunContext& context,
                         WarehouseSession& session, Tables& tables) {
  const ContractColumns contract =
      context.request.contract_columns ? ContractColumns::create : ContractColumns::leave_out;
  const CatalogLimits limits = context.warehouse.limits();
  DRAY_ASSIGN(tables.plan,
              make_plan(catalog, tables.wanted, contract, limits, context.request.types));
  tell_full_tables(catalog, tables.plan, context);
  std::vector<WantedTable> profiles;
  for (std::size_t i = 0; i < tables.targets.size(); ++i) {
    if (tables.targets[i].profile_table.empty()) continue;
    profiles.push_back(
        {tables.targets[i].profile_table, profile_columns(catalog, tables.plan.tables[i])});
  }
  DRAY_ASSIGN(Plan profile_plan, make_plan(catalog, profiles, contract, limits));
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
  return Widenings(catalog, limits, session, tables).leave_out_needless();
}

void keep_width(const WidenColumn& widen, Tables& tables) {
  for (TablePlan& table : tables.plan.tables)
    keep_width(widen, table);
  for (Profiles& profiles : tables.profiles)
    keep_width(widen, profiles.plan);
}

Result<LineCounts> count_lines(const Tables& tables, ObjectSet& objects) {
  for (ReadObject& object : objects.objects)
    object.counts.loaded = object.counts.duplicate = 0;
  const auto tracks = std::ranges::find(tables.targets, true, &Target::is_tracks);
  std::uint64_t tracks_row = 0;
  BlockScratch scratch;
  for (auto target = tables.targets.begin(); target != tables.targets.end(); ++target) {
    if (target == tracks) continue;
    const bool is_event = !target->parts.front().event.empty();
    for (std::size_t number = 0; number < target->rows->block_count(); ++number) {
      DRAY_ASSIGN(const RowBlock block, target->rows->keys(number, scratch));
      for (std::size_t i = 0; i < block.keys.size(); ++i) {
        bool lost = target->rows->is_dropped(block.first_row + i);
        if (is_event) lost = tracks->rows->is_dropped(tracks_row++) && lost;
        LineCounts& counts = objects.objects[block.keys[i].object].counts;
        ++(lost ? counts.duplicate : counts.loaded);
      }
    }
  }
  LineCounts sum;
  for (const ReadObject& object : objects.objects) {
    if (object.set_aside_reason.empty()) sum += object.counts;
  }
  return sum;
}

Result<std::uint64_t> duplicates_of(const Target& target, const ObjectSet& objects) {
  std::uint64_t dropped = 0;
  BlockScratch scratch;
  for (std::size_t number = 0; number < target.rows->block_count(); ++number) {
    DRAY_ASSIGN(const RowBlock block, target.rows->keys(number, scratch));
    for (std::size_t i = 0; i < block.keys.size(); ++i) {
      if (objects.unusable[block.keys[i].object]) continue;
      if (target.rows->is_dropped(block.first_row + i)) ++dropped;
    }
  }
  return dropped;
}

}  // namespace dray
