// The columns that Dray itself fills, and the collections that have them (the specification, 3.2).
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "model/column_type.h"

namespace dray {

// The six calls of the Segment API. Their rows go to: track - `tracks` and a table per event;
// identify - `identifies`, from which `users` follows; group - `groups`, from which `accounts`
// follows; page, screen, alias - `pages`, `screens`, `aliases`.
enum class EventType : std::uint8_t { track, identify, page, screen, group, alias };
constexpr std::size_t event_type_count = 6;

// One list serves all tables: a property that would have one of these names gets a '_'.
enum class StandardColumn : std::uint16_t {
  id,
  received_at,
  uuid,
  uuid_ts,
  anonymous_id,
  user_id,
  sent_at,
  timestamp,
  original_timestamp,
  event,
  event_text,
  group_id,
  previous_id,
};
constexpr std::size_t standard_column_count = 13;

struct StandardColumnFacts {
  std::string_view name;
  ColumnType type;
};

constexpr std::array<StandardColumnFacts, standard_column_count> standard_columns = {{
    {"id", ColumnType::varchar},
    {"received_at", ColumnType::timestamp},
    {"uuid", ColumnType::bigint},
    {"uuid_ts", ColumnType::timestamp},
    {"anonymous_id", ColumnType::varchar},
    {"user_id", ColumnType::varchar},
    {"sent_at", ColumnType::timestamp},
    {"timestamp", ColumnType::timestamp},
    {"original_timestamp", ColumnType::timestamp},
    {"event", ColumnType::varchar},
    {"event_text", ColumnType::varchar},
    {"group_id", ColumnType::varchar},
    {"previous_id", ColumnType::varchar},
}};

constexpr const StandardColumnFacts& facts(StandardColumn column) {
  return standard_columns[static_cast<std::size_t>(column)];
}

constexpr std::optional<StandardColumn> standard_column(std::string_view name) {
  for (std::size_t i = 0; i < standard_column_count; ++i) {
    if (standard_columns[i].name == name) return static_cast<StandardColumn>(i);
  }
  return std::nullopt;
}

}  // namespace dray
