// From a checked JSON document to an Event: which call it is, who made it, when (the specification,
// 1.1, 1.2, 3.11 and 7.11, 7.12, 7.22).
//
// Pure but for the arena and the counts that the caller passes in.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/arena.h"
#include "base/json.h"
#include "model/event.h"

namespace dray {

struct Filtered {};

// An event, or why its line gives none.
using Decoded = std::variant<Event, Filtered, RejectReason>;

// `document` must have parsed `line`. `warehouse_id` is this warehouse's id for
// integrations.Warehouses.warehouseIds, if it has one. What the event borrows from `arena` lives
// until its next clear().
Decoded decode_event(const JsonDocument& document, std::string_view line,
                     const std::optional<std::string>& warehouse_id, Arena& arena,
                     NoticeCounts& notices);

// The reason for a line that is not even JSON.
RejectReason reject_reason(JsonError error);

}  // namespace dray
