// Text as a CSV field (RFC 4180), quoted only when it must be.
#pragma once

#include <cstddef>
#include <string_view>

namespace dray {

// What put_csv_text() needs: every quote doubled, two around, and room for whole words behind.
constexpr std::size_t csv_text_bytes_max(std::size_t text_bytes) { return 2 * text_bytes + 32; }

// Writes `text` to `out`, which has room for csv_text_bytes_max(), and returns the byte behind it;
// bytes further behind may have been written to as well. Quoted are the empty text, a text with a
// quote, comma, CR or LF, and one with a blank or control character at an end.
char* put_csv_text(std::string_view text, char* out);

// The same, always quoted.
char* put_csv_quoted(std::string_view text, char* out);

}  // namespace dray
