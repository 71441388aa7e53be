#include "transform/registry.h"

#include <algorithm>
#include <memory>

#include "base/result.h"

namespace dray {
namespace {

// Which of several spellings is kept must not depend on which was seen first.
void keep_least(std::string& kept, std::string_view other) {
  if (!other.empty() && (kept.empty() || other < kept)) kept = other;
}

}  // namespace

Registry::Registry(const RegistryLimits& limits) : limits_(limits) {
  struct Fixed {
    EventType type;
    const char* name;
  };
  tables_.push_back(nullptr);
  for (const Fixed& fixed :
       {Fixed{EventType::identify, "identifies"}, Fixed{EventType::page, "pages"},
        Fixed{EventType::screen, "screens"}, Fixed{EventType::group, "groups"},
        Fixed{EventType::alias, "aliases"}}) {
    tables_.push_back(std::make_unique<Table>());
    tables_.back()->type = fixed.type;
    tables_.back()->name = fixed.name;
  }
}

TableNumber Registry::fixed_table(EventType type) {
  DRAY_ASSERT(type != EventType::track);
  return static_cast<TableNumber>(type);
}

std::optional<TableNumber> Registry::event_table(std::string_view slug, std::string_view title) {
  const std::scoped_lock lock(mutex_);
  if (const auto found = event_tables_.find(slug); found != event_tables_.end()) {
    keep_least(tables_[found->second]->title, title);
    return found->second;
  }
  if (event_tables_.size() >= limits_.tables_max) return std::nullopt;
  auto table = std::make_unique<Table>();
  table->event = slug;
  table->title = title;
  table->name = dray::event_table(slug, limits_.name_bytes_max);
  const bool is_hashed = !title.empty() && snake_case(title).empty();
  table->origin = table->name == slug ? (is_hashed ? NameOrigin::hashed : NameOrigin::plain)
                  : table->name == '_' + table->event ? NameOrigin::prefixed
                                                      : NameOrigin::cut;
  const auto number = static_cast<TableNumber>(tables_.size());
  tables_.push_back(std::move(table));
  event_tables_.emplace(slug, number);
  return number;
}

std::optional<Slot> Registry::slot_of(NamedSlots& slots, const NamedSlot& wanted, Slot first,
                                      std::size_t count_max) {
  if (const auto found = slots.by_name.find(wanted.name); found != slots.by_name.end()) {
    keep_least(slots.names[found->second - first].path, wanted.path);
    return found->second;
  }
  if (slots.names.size() >= count_max) return std::nullopt;
  const auto slot = static_cast<Slot>(first + slots.names.size());
  slots.by_name.emplace(wanted.name, slot);
  slots.names.push_back(wanted);
  return slot;
}

std::optional<Slot> Registry::property_slot(TableNumber table, std::string_view column,
                                            NameOrigin origin, std::string_view path) {
  const NamedSlot wanted{std::string(column), origin, std::string(path)};
  const std::scoped_lock lock(mutex_);
  return slot_of(tables_[table]->properties, wanted, property_slot_first, limits_.properties_max);
}

std::optional<Slot> Registry::context_slot(std::string_view column, NameOrigin origin,
                                           std::string_view path) {
  const NamedSlot wanted{std::string(column), origin, std::string(path)};
  const std::scoped_lock lock(mutex_);
  return slot_of(context_, wanted, context_slot_first, limits_.context_columns_max);
}

void Registry::observe(const std::vector<Observation>& observations) {
  const std::scoped_lock lock(mutex_);
  for (const Observation& observation : observations) {
    Table& table = *tables_[observation.table];
    const bool is_context = observation.slot >= context_slot_first;
    auto& observed = is_context ? table.observed_context : table.observed;
    const std::size_t at = is_context ? observation.slot - context_slot_first : observation.slot;
    if (at >= observed.size()) observed.resize(at + 1);
    observed[at] |= observation.bits;
  }
}

Registry::ColumnSeen Registry::column_seen(const Table& table, Slot slot, Observed bits) const {
  if (slot >= context_slot_first) {
    const NamedSlot& named = context_.names[slot - context_slot_first];
    return {named.name, slot, bits, named.origin, named.path};
  }
  if (slot >= property_slot_first) {
    const NamedSlot& named = table.properties.names[slot - property_slot_first];
    return {named.name, slot, bits, named.origin, named.path};
  }
  return {std::string(facts(static_cast<StandardColumn>(slot)).name),
          slot,
          bits,
          NameOrigin::plain,
          {}};
}

Registry::Seen Registry::seen() const {
  const std::scoped_lock lock(mutex_);
  Seen seen;
  const auto is_seen = [](Observed bits) { return bits != 0; };
  for (std::size_t number = 1; number < tables_.size(); ++number) {
    const Table& table = *tables_[number];
    if (!table.observed.empty() || !table.observed_context.empty()) ++seen.tables;
    for (const auto* observed : {&table.observed, &table.observed_context})
      seen.columns += static_cast<std::size_t>(std::ranges::count_if(*observed, is_seen));
  }
  return seen;
}

std::vector<Registry::TableSeen> Registry::tables() const {
  const std::scoped_lock lock(mutex_);
  std::vector<TableSeen> seen;
  for (std::size_t number = 1; number < tables_.size(); ++number) {
    const Table& table = *tables_[number];
    if (table.observed.empty() && table.observed_context.empty()) continue;
    TableSeen& out = seen.emplace_back();
    out.number = static_cast<TableNumber>(number);
    out.type = table.type;
    out.name = table.name;
    out.event = table.event;
    out.title = table.title;
    out.origin = table.origin;
    const auto add = [&](const std::vector<Observed>& observed, Slot first) {
      for (std::size_t i = 0; i < observed.size(); ++i) {
        if (observed[i] == 0) continue;
        out.columns.push_back(column_seen(table, static_cast<Slot>(first + i), observed[i]));
      }
    };
    add(table.observed, 0);
    add(table.observed_context, context_slot_first);
  }
  return seen;
}

std::string_view Registry::event_of(TableNumber table) const {
  const std::scoped_lock lock(mutex_);
  return tables_[table] ? std::string_view(tables_[table]->event) : std::string_view();
}

std::string_view Registry::name_of(TableNumber table) const {
  const std::scoped_lock lock(mutex_);
  return tables_[table] ? std::string_view(tables_[table]->name) : std::string_view();
}

std::string Registry::column_name(ColumnNumber column) const {
  const std::scoped_lock lock(mutex_);
  const Table& table = *tables_[column.table];
  return table.name + '.' + column_seen(table, column.slot, 0).name;
}

}  // namespace dray
