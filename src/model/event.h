// One raw line, understood as a call of the Segment API.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/json.h"
#include "base/time.h"
#include "model/reject.h"
#include "model/standard_columns.h"

namespace dray {

// A column of a run's, as the registry numbers it (transform/registry.h).
struct ColumnNumber {
  std::uint32_t table = 0;
  std::uint16_t slot = 0;
};

// How often each thing worth a notice happened in an object, and in which line first.
struct NoticeCounts {
  std::array<std::uint64_t, notice_code_count> counts{};
  std::array<std::uint32_t, notice_code_count> first_lines{};  // where there is a count
  std::uint32_t line = 0;                                      // at hand: add() is about it
  ColumnNumber first_shared;                                   // of the first shared_column

  void add(NoticeCode code) { (void)is_first(code); }
  void add_shared(ColumnNumber column) {
    if (is_first(NoticeCode::shared_column)) first_shared = column;
  }
  NoticeCounts& operator+=(const NoticeCounts& other) {
    constexpr auto shared = static_cast<std::size_t>(NoticeCode::shared_column);
    for (std::size_t i = 0; i < counts.size(); ++i) {
      if (other.counts[i] == 0) continue;
      const bool is_earlier = counts[i] == 0 || other.first_lines[i] < first_lines[i];
      if (is_earlier) first_lines[i] = other.first_lines[i];
      if (is_earlier && i == shared) first_shared = other.first_shared;
      counts[i] += other.counts[i];
    }
    return *this;
  }

 private:
  // Counts it.
  bool is_first(NoticeCode code) {
    const auto i = static_cast<std::size_t>(code);
    if (counts[i]++ > 0) return false;
    first_lines[i] = line;
    return true;
  }
};

constexpr JsonValue no_value = ~JsonValue{0};

// Views borrow the line, or the arena where escapes had to be resolved. An empty view of an id
// means that the event has none.
struct Event {
  EventType type = EventType::track;
  std::string_view message_id;
  std::string_view user_id;
  std::string_view anonymous_id;
  std::string_view group_id;
  std::string_view previous_id;
  std::string_view event_name;
  Micros received_at = 0;
  Micros sent_at = 0;
  Micros timestamp = 0;
  std::optional<Micros> original_timestamp;
  // Objects of the document, or no_value. `fields` is properties or traits, by the event's type.
  JsonValue context = no_value;
  JsonValue fields = no_value;
  // Top-level name and category of pages and screens, unless null or an object; or no_value.
  JsonValue name = no_value;
  JsonValue category = no_value;
};

}  // namespace dray
