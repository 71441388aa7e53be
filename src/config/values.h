// How a person writes sizes and periods, in dray.yaml and on the command line.
//
// Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace dray {

// "512MB", "1 GiB", "1.5 GB" or plain bytes. kB, MB, GB, TB are powers of 1000, KiB to TiB powers
// of 1024; case does not matter. Nothing when it is no size, or one beyond 64 bits.
std::optional<std::uint64_t> parse_size(std::string_view text);

// "60 days", "60d", "8 weeks", "8w", "1 day".
std::optional<std::chrono::days> parse_period(std::string_view text);

// "90s", "90 min", "2h", "3 days", "1w".
std::optional<std::chrono::seconds> parse_age(std::string_view text);

// "2026-01-31", "today", "yesterday", or a period before today: "7d", "2 weeks".
std::optional<std::chrono::sys_days> parse_day(std::string_view text, std::chrono::sys_days today);

}  // namespace dray
