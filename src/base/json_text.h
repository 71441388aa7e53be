// Values of a JsonDocument as text.
#pragma once

#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/json.h"

namespace dray {

// The characters of the string `value`, escapes resolved: a view of the document where there are
// none, else kept in `arena`. Sets `replaced` (never clears it) if U+FFFD had to stand in.
std::string_view string_text(const JsonDocument& document, JsonValue value, Arena& arena,
                             Replaced& replaced);

// Appends the value as the specification wants arrays (3.4): compact, members sorted bytewise by
// key (of equal keys the last stays), numbers verbatim, and < > & U+2028 U+2029 escaped.
void append_canonical(const JsonDocument& document, JsonValue value, std::string& out,
                      Replaced& replaced);

}  // namespace dray
