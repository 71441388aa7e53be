// The tables and columns that a run has met: which number each has, and what its values were.
//
// Append-only and shared by all workers: a number, once given, means the same column for the whole
// run, so that rows written early merely lack later columns. Types are not decided here; the kinds
// of values are collected and schema/plan.h decides.
//
// Threads: all members may be called from several threads at once. Workers keep what they learned
// in caches of their own and come here only for what is new to them.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/text_hash.h"
#include "model/event.h"
#include "model/observed.h"
#include "model/record.h"
#include "model/row_batch.h"
#include "model/standard_columns.h"
#include "transform/naming.h"

namespace dray {

struct Observation {
  TableNumber table = 0;
  Slot slot = 0;
  Observed bits = 0;
};

// How a column's or table's name came about, for notices.
enum class NameOrigin : std::uint8_t { plain, prefixed, hashed, cut };

struct RegistryLimits {
  // Redshift's quota is 9,900 to 200,000 tables a cluster by node type; a source that makes more
  // than this puts ids into its event names.
  std::size_t tables_max = 10'000;
  // Redshift takes 1,600 columns a table. More are numbered, because not every column seen is one
  // the warehouse will get; the plan keeps the bound.
  std::size_t properties_max = context_slot_first - property_slot_first;
  std::size_t context_columns_max = slot_end - context_slot_first;
  // Of a table's or column's name.
  std::size_t name_bytes_max = dray::name_bytes_max;
};

class Registry {
 public:
  explicit Registry(const RegistryLimits& limits = {});

  const RegistryLimits& limits() const { return limits_; }

  static constexpr TableNumber first_event_table = 6;
  // The table of a type that is not track.
  static TableNumber fixed_table(EventType type);

  // The number of an event's table, a new one if need be. Nothing when there would be too many.
  // `title` is what the event was called.
  std::optional<TableNumber> event_table(std::string_view slug, std::string_view title = {});

  // The slot of a column, a new one if need be. Nothing when there would be too many. `path` is
  // where its values stand in an event.
  std::optional<Slot> property_slot(TableNumber table, std::string_view column, NameOrigin origin,
                                    std::string_view path = {});
  std::optional<Slot> context_slot(std::string_view column, NameOrigin origin,
                                   std::string_view path = {});

  // What the values of an object that was read to its end were.
  void observe(const std::vector<Observation>& observations);

  struct ColumnSeen {
    std::string name;
    Slot slot = 0;
    Observed bits = 0;
    NameOrigin origin = NameOrigin::plain;
    std::string path;  // of several the bytewise least
  };
  struct TableSeen {
    TableNumber number = 0;
    EventType type = EventType::track;
    std::string name;   // the table's
    std::string event;  // the slug, for events
    NameOrigin origin = NameOrigin::plain;
    std::string title;  // what events are called; of several names the bytewise least
    // Columns with at least one value, standard and context columns included, by slot.
    std::vector<ColumnSeen> columns;
  };
  // How much tables() will tell of.
  struct Seen {
    std::size_t tables = 0;
    std::size_t columns = 0;
  };
  Seen seen() const;
  // Every table of which a value was observed.
  std::vector<TableSeen> tables() const;
  // The slug of an event table, or "" for others. The view lives as long as the registry.
  std::string_view event_of(TableNumber table) const;
  // The table's name, for messages.
  std::string_view name_of(TableNumber table) const;
  // "table.column", likewise.
  std::string column_name(ColumnNumber column) const;

 private:
  struct NamedSlot {
    std::string name;
    NameOrigin origin = NameOrigin::plain;
    std::string path;
  };
  struct NamedSlots {
    std::unordered_map<std::string, Slot, TextHash, std::equal_to<>> by_name;
    std::vector<NamedSlot> names;  // by slot, from the space's first
  };
  struct Table {
    EventType type = EventType::track;
    std::string name;
    std::string event;
    NameOrigin origin = NameOrigin::plain;
    std::string title;
    NamedSlots properties;
    // By slot, from 0 and from context_slot_first; 0 where no value was observed.
    std::vector<Observed> observed;
    std::vector<Observed> observed_context;
  };
  static std::optional<Slot> slot_of(NamedSlots& slots, const NamedSlot& wanted, Slot first,
                                     std::size_t count_max);
  ColumnSeen column_seen(const Table& table, Slot slot, Observed bits) const;

  const RegistryLimits limits_;
  mutable std::mutex mutex_;
  std::vector<std::unique_ptr<Table>> tables_;  // by number; the rejects' place is empty
  std::map<std::string, TableNumber, std::less<>> event_tables_;  // by slug
  NamedSlots context_;
};

}  // namespace dray
