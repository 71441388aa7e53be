// What a key alone tells: whether it is an event file, how it is encoded, the day it was received.
// Layouts (the specification, 1.5):
//   .../segment-logs/<source-id>/<UTC midnight in ms>/*.gz
//   .../rudder-logs/<source-id>/<YYYY-MM-DD | MM-DD-YYYY>/*.gz
//   any other tree of .gz, .zst, .json, .ndjson, .jsonl
// Pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "model/object.h"

namespace dray {

struct KeyFacts {
  Encoding encoding = Encoding::plain;
  std::optional<std::chrono::sys_days> received_day;
  bool operator==(const KeyFacts&) const = default;
};

// Nothing when the key is not an event file: another ending, dummy-object.txt, a component that is
// hidden (begins with '.') or temporary ('_temporary', ends with '~', '.tmp', '.part', '.partial',
// '.crdownload'...).
// The day is read from the path component behind <source-id>, wherever in the key the layout
// begins; a source root may lie anywhere inside the layout, so a bare leading day component
// ("1493856000000/x.gz", "2026-11-01/x.gz") counts too.
// Days are whole ones only: 13 digits that are a UTC midnight, or a date of the calendar.
std::optional<KeyFacts> classify_key(std::string_view key);

// A key, where keys sort by day, behind which all objects of the last day and of `days_open` days
// before it lie; nothing where the keys do not tell. `first_key` and `last_key` are the least and
// the greatest of those that are known, bytewise: when both have a day behind the same text, all
// between them do. A last day after `today` counts as today.
std::optional<std::string> listing_start(std::string_view first_key, std::string_view last_key,
                                         std::chrono::days days_open, std::chrono::sys_days today);

// Hidden or temporary: one path component below which nothing is an event file.
bool is_ignored_component(std::string_view component);

}  // namespace dray
