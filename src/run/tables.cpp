#include "run/tables.h"

#include <algorithm>
#include <array>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "base/hash.h"
#include "base/utf8.h"
#include "model/record.h"
#include "model/standard_columns.h"
#include "transform/naming.h"

namespace dray {
namespace {

bool is_fixed_table(std::string_view table) {
  return table == "identifies" || table == "pages" || table == "screens" || table == "groups" ||
         table == "aliases";
}

// What somebody else wrote, for a terminal and in bounds.
std::string readable(std::string_view text) {
  constexpr std::size_t bytes_max = 500;
  std::string out(cut_utf8(text, bytes_max));
  std::ranges::replace_if(
      out, [](char c) { return (c >= 0 && c < ' ') || c == 0x7F; }, ' ');
  return out;
}

// What is in a table that is not an event's.
std::string comment_on(std::string_view table) {
  if (table == "tracks") return "track calls, without their properties";
  if (table == "users") return "the latest traits of each userId";
  if (table == "accounts") return "the latest traits of each groupId";
  if (table == "identifies") return "identify calls";
  if (table == "aliases") return "alias calls";
  return std::string(table.substr(0, table.size() - 1)) + " calls";
}

class TablesOfRegistry {
 public:
  TablesOfRegistry(const Registry& registry, const Catalog& catalog, LedgerState& ledger)
      : registry_(registry), seen_(registry.tables()), ledger_(ledger) {
    std::vector<Registry::TableSeen*> events;
    for (Registry::TableSeen& seen : seen_) {
      if (seen.type == EventType::track) events.push_back(&seen);
    }
    // The event that is called so keeps the name, whichever came first.
    std::ranges::sort(events, {}, [](const Registry::TableSeen* seen) {
      return std::pair(seen->name != seen->event, seen->event);
    });
    std::set<std::string, std::less<>> names;
    for (Registry::TableSeen* seen : events) {
      find_place(catalog, *seen, names);
      names.insert(seen->name);
    }
  }

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

  static void tell_moved(const RunContext& context, const std::string& table,
                         const std::string& other) {
    context.notice("table_name_taken",
                   "something else is called " + context.report.source + "." + table +
                       "; the rows of that event are in " + other,
                   1);
  }

  void tell_names(const RunContext& context) const {
    for (const auto& [table, other] : moved_)
      tell_moved(context, table, other);
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
  // Once it has another name it keeps that, also when its own is free again. A table that the
  // ledger knows is never left for another in silence.
  // Names that were cut end in a hash that somebody may have as a name.
  void find_place(const Catalog& catalog, Registry::TableSeen& seen,
                  const std::set<std::string, std::less<>>& names) {
    if (names.contains(seen.name)) {
      std::string apart = other_table('_' + seen.event, registry_.limits().name_bytes_max);
      moved_.emplace_back(seen.name, apart);
      seen.name = std::move(apart);
      return;
    }
    const std::string other = other_table(seen.name, registry_.limits().name_bytes_max);
    const bool has_moved = ledger_.tables.contains(other);
    const bool has_own = ledger_.tables.contains(seen.name);
    if (has_own || !(has_moved || is_taken(catalog, seen.name))) return;
    moved_.emplace_back(seen.name, other);
    seen.name = other;
  }

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
    wanted.is_known = !is_new(number);
    wanted.comment = seen.title.empty() ? comment_on(seen.name) : readable(seen.title);
    for (const Registry::ColumnSeen& column : seen.columns) {
      count_name(column.origin);
      wanted.columns.push_back(wanted_column(column, column.bits));
    }
  }

  // `tracks` has the rows of all event tables, without their properties.
  void add_tracks(Target tracks) {
    std::map<Slot, Observed> bits;
    std::map<Slot, const Registry::ColumnSeen*> columns;
    for (const Registry::TableSeen& seen : seen_) {
      if (seen.type != EventType::track) continue;
      tracks.rival_tables.push_back(ledger_.tables.at(seen.name));
      for (const Registry::ColumnSeen& column : seen.columns) {
        if (column.slot >= property_slot_first && column.slot < context_slot_first) continue;
        bits[column.slot] |= column.bits;
        columns[column.slot] = &column;
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
    wanted.comment = comment_on(tracks.table);
    wanted.is_known = std::ranges::any_of(ledger_.tables, [&](const auto& entry) {
      return !is_fixed_table(entry.first) && !is_new(entry.second);
    });
    for (const auto& [slot, column] : columns)
      wanted.columns.push_back(wanted_column(*column, bits[slot]));
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

  // Since the ledger was read.
  bool is_new(std::int64_t number) const {
    return std::ranges::find(tables_.new_tables, number, &TableEntry::number) !=
           tables_.new_tables.end();
  }

  static WantedColumn wanted_column(const Registry::ColumnSeen& column, Observed bits) {
    WantedColumn wanted{column.name, narrowest_type(bits), {}, column.slot, varchar_bytes_for(bits),
                        bits,        readable(column.path)};
    if (column.slot < property_slot_first) {
      wanted.standard = static_cast<StandardColumn>(column.slot);
    }
    return wanted;
  }

  void count_name(NameOrigin origin) { ++names_[static_cast<std::size_t>(origin)]; }

  const Registry& registry_;
  std::vector<Registry::TableSeen> seen_;
  std::vector<std::pair<std::string, std::string>> moved_;  // own name, the one instead
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

// By its number, which rise in the list.
bool is_refused(const Target& target, std::uint64_t row) {
  return std::ranges::binary_search(target.rows_refused, row);
}

// What became of a row; of a line, of both of its rows.
struct RowOutcome {
  bool loaded = false;
  bool refused = false;
  bool waits = false;
  bool is_read_again = false;

  friend RowOutcome operator+(RowOutcome a, RowOutcome b) {
    return {a.loaded || b.loaded, a.refused || b.refused, a.waits || b.waits,
            a.is_read_again || b.is_read_again};
  }
  std::uint64_t& count_in(LineCounts& counts) const {
    if (loaded) return counts.loaded;
    if (refused) return counts.rejected;
    return waits ? counts.waiting : counts.duplicate;
  }
};

RowOutcome outcome_of(const Target& target, std::uint64_t row) {
  const bool lost = target.rows->is_dropped(row);
  // One that lost to a row that waits is needed should that row never come: its object may be
  // replaced, or left out by a person.
  return {!lost && !target.waits, is_refused(target, row), !lost && target.waits, target.waits};
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

Tables tables_of(const Registry& registry, const BlockStore& staged, const Catalog& catalog,
                 LedgerState& ledger, const RunContext& context) {
  TablesOfRegistry of_registry(registry, catalog, ledger);
  Tables tables = of_registry.make();
  of_registry.tell_names(context);
  for (Target& target : tables.targets)
    target.rows = staged.view(target.parts);
  return tables;
}

void add_table_in_files(const FilesToLoad& load, Tables& tables) {
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
  const CatalogLimits limits = context.warehouse.dialect().limits();
  DRAY_ASSIGN(tables.plan,
              make_plan(catalog, tables.wanted, contract, limits, context.request.types));
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

Result<CountedLines> count_lines(const Tables& tables, ObjectSet& objects) {
  for (ReadObject& object : objects.objects)
    object.counts.loaded = object.counts.duplicate = object.counts.waiting = 0;
  const auto tracks = std::ranges::find(tables.targets, true, &Target::is_tracks);
  std::uint64_t tracks_row = 0;
  CountedLines sum;
  constexpr Micros none = std::numeric_limits<Micros>::min();
  Micros newest = none;
  BlockScratch scratch;
  for (auto target = tables.targets.begin(); target != tables.targets.end(); ++target) {
    if (target == tracks) continue;
    const bool is_event = !target->parts.front().event.empty();
    for (std::size_t number = 0; number < target->rows->block_count(); ++number) {
      DRAY_ASSIGN(const RowBlock block, target->rows->keys(number, scratch));
      for (std::size_t i = 0; i < block.keys.size(); ++i) {
        RowOutcome line = outcome_of(*target, block.first_row + i);
        if (is_event) line = line + outcome_of(*tracks, tracks_row++);
        const RowKey& key = block.keys[i];
        ReadObject& object = objects.objects[key.object];
        object.waits |= line.is_read_again;
        ++line.count_in(object.counts);
        if (line.loaded) newest = std::max(newest, key.received_at);
      }
    }
  }
  for (const ReadObject& object : objects.objects) {
    if (object.set_aside_reason.empty()) sum.counts += object.counts;
  }
  if (newest != none) sum.newest = from_micros(newest);
  return sum;
}

Result<std::optional<std::uint64_t>> count_profiles(const Target& target, std::size_t bytes_max) {
  const auto column = standard_column(target.profile_id_column);
  DRAY_ASSERT(column.has_value());
  const auto slot = static_cast<Slot>(*column);
  std::vector<std::uint64_t> ids;  // hashed
  std::size_t settled = 0;         // of them, sorted and different
  const auto settle = [&] {
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    settled = ids.size();
  };
  BlockScratch scratch;
  for (std::size_t number = 0; number < target.rows->block_count(); ++number) {
    DRAY_ASSIGN(const RowBlock block, target.rows->rows(number, scratch));
    const char* record = block.records.data();
    for (std::size_t i = 0; i < block.keys.size(); ++i) {
      CellReader cells(record);
      record = cells.end();
      if (target.rows->is_dropped(block.first_row + i)) continue;
      for (Cell cell; cells.next(cell);) {
        if (cell.slot == slot) ids.push_back(xxh3(cell.bytes));
      }
    }
    // Twice as many as are known to be different: what sorting costs stays in proportion.
    if (ids.size() > 2 * settled + 65'536) settle();
    if (settled * sizeof(std::uint64_t) * 2 > bytes_max) return std::optional<std::uint64_t>();
  }
  settle();
  return std::optional<std::uint64_t>(ids.size());
}

Result<std::uint64_t> duplicates_of(const Target& target, const ObjectSet& objects) {
  std::uint64_t dropped = 0;
  BlockScratch scratch;
  for (std::size_t number = 0; number < target.rows->block_count(); ++number) {
    DRAY_ASSIGN(const RowBlock block, target.rows->keys(number, scratch));
    for (std::size_t i = 0; i < block.keys.size(); ++i) {
      if (objects.unusable[block.keys[i].object]) continue;
      const std::uint64_t row = block.first_row + i;
      if (target.rows->is_dropped(row) && !is_refused(target, row)) ++dropped;
    }
  }
  return dropped;
}

}  // namespace dray
