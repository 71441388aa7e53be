// Timestamps as text: the pattern of the specification, 7.9.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dray {

// Microseconds since 1970-01-01T00:00:00Z.
using Micros = std::int64_t;

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

// YYYY-MM-DD, then optionally [ T]HH:MM[:SS[.,f{1,9}]] and optionally Z, z or +-HH[[:]MM]. No zone
// means UTC. Nothing for anything else: impossible dates, 24:00, :60, offsets beyond 23:59, a UTC
// year outside 1..9999. Digits past the microsecond are dropped.
std::optional<Micros> parse_timestamp(std::string_view text);

// "YYYY-MM-DD HH:MM:SS[.ffffff]", trailing zeros of the fraction left out: what every warehouse
// here reads back as the same instant. At most timestamp_text_bytes_max bytes are written to `out`.
constexpr std::size_t timestamp_text_bytes_max = 26;
std::size_t format_timestamp(Micros micros, char* out);
std::string format_timestamp(Micros micros);

// The machine's, to the microsecond.
Timestamp system_time();

inline Micros to_micros(Timestamp time) { return time.time_since_epoch().count(); }
inline Timestamp from_micros(Micros micros) { return Timestamp(std::chrono::microseconds(micros)); }

}  // namespace dray
