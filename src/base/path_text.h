// Paths and keys, which may be any bytes, as UTF-8 that a warehouse, JSON and a person can keep.
//
// Nearly every path is its own text. A byte that is no UTF-8, or is NUL, becomes a backslash, "x"
// and two digits of 0-9 A-F: "caf\xE9.gz". So that no two paths have one text, a backslash in front
// of what could be read so ("\x5C", "\x00", "\x80" to "\xFF") is written as "\x5C" itself.
//
// Pure functions.
#pragma once

#include <string>
#include <string_view>

namespace dray {

std::string path_to_text(std::string_view path);

// The path that has this text: text_to_path(path_to_text(path)) == path.
std::string text_to_path(std::string_view text);

// What a person typed for a key: its text as it was shown, or its bytes.
std::string typed_to_text(std::string_view typed);

}  // namespace dray
