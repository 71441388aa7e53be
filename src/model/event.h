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

// How often each thing worth a notice happened.
struct NoticeCounts {
  std::array<std::uint64_t, notice_code_count> counts{};
  void add(NoticeCode code, std::uint64_t count = 1) {
    counts[static_cast<std::size_t>(code)] += count;
  }
  NoticeCounts& operator+=(const NoticeCounts& other) {
    for (std::size_t i = 0; i < counts.size(); ++i)
      counts[i] += other.counts[i];
    return *this;
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
