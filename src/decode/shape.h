// What an object is whose lines are no events each, by its beginning.
#pragma once

#include <cstdint>
#include <string_view>

namespace dray {

enum class ObjectShape : std::uint8_t {
  lines,       // an event a line, or nothing that is known here
  utf16,       // text of two bytes a character
  json_array,  // one array of events
  spread,      // JSON over several lines each, as people print it
  separated,   // columns between commas, semicolons or tabs
};

// How much of an object tells its shape, behind a byte-order mark of UTF-8.
constexpr std::size_t shape_bytes = 256;

// `head`: the first bytes of an object, of which some line is a reject. A guess: some of its lines
// may be events all the same.
ObjectShape shape_of(std::string_view head);

// What it is and what to do, for a person. Not of `lines`.
std::string_view explain(ObjectShape shape);

}  // namespace dray
