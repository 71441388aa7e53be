#include "run/tables.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <map>
#include <set>
#include <utility>

#include "base/utf8.h"
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

// How many there are, and the first in their order, so that a message is the same however the run
// came by them.
struct NamesOfKind {
  static constexpr std::size_t named_max = 5;
  std::uint64_t count = 0;
  std::set<std::string> first;

  void add(std::string name) {
    ++count;
    first.insert(std::move(name));
    if (first.size() > named_max) first.erase(std::prev(first.end()));
  }
  std::string text() const {
    std::string out;
    for (const std::string& name : first)
      out += (out.empty() ? "" : ", ") + name;
    return count > first.size() ? out + ", ..." : out;
  }
};

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
      const NamesOfKind& names = names_[static_cast<std::size_t>(origin)];
      if (names.count == 0) return;
      context.notice(std::string(to_string(code)), std::string(explain(code)) + ": " + names.text(),
                     names.count);
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
    count_name(seen.origin, seen.name);
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
      count_name(column.origin, seen.name + '.' + column.name);
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
        ledger_.tables.try_emplace(seen.name, ledger_.mark.numbers.next_table);
    if (is_new) {
      ++ledger_.mark.numbers.next_table;
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

  void count_name(NameOrigin origin, std::string name) {
    if (origin != NameOrigin::plain) names_[static_cast<std::size_t>(origin)].add(std::move(name));
  }

  const Registry& registry_;
  std::vector<Registry::TableSeen> seen_;
  std::vector<std::pair<std::string, std::string>> moved_;  // own name, the one instead
  LedgerState& ledger_;
  Tables tables_;
  std::array<NamesOfKind, 4> names_{};  // by NameOrigin
};

// The columns that every row has, of which no cell tells.
bool is_added_by_plan(std::string_view column) {
  using enum StandardColumn;
  const auto standard = standard_column(column);
  return standard == received_at || standard == uuid || standard == uuid_ts || standard == event;
}

}  // namespace

const Profiles* Tables::profiles_of(const Target& target) const {
  const auto found = std::ranges::find(profiles, target.profile_table,
                                       [](const Profiles& made) { return made.plan.table; });
  return found == profiles.end() ? nullptr : &*found;
}

const Error* Tables::unusable(std::size_t target) const {
  if (plan.tables[target].unusable) return &*plan.tables[target].unusable;
  const Profiles* const made = profiles_of(targets[target]);
  return made != nullptr && made->plan.unusable ? &*made->plan.unusable : nullptr;
}

std::string comment_on(std::string_view table) {
  if (table == "tracks") return "track calls, without their properties";
  if (table == "users") return "the latest traits of each userId";
  if (table == "accounts") return "the latest traits of each groupId";
  if (table == "identifies") return "identify calls";
  if (table == "aliases") return "alias calls";
  return std::string(table.substr(0, table.size() - 1)) + " calls";
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

}  // namespace dray
