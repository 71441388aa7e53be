// Numbers as text, exactly: which integers and doubles a JSON number or a string stands for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dray {

// JSON number text written without fraction and exponent, if it fits 64 bits. "-0" is 0.
std::optional<std::int64_t> parse_int64(std::string_view digits);

// Any JSON number text whose value is an integer of 64 bits: "1.0" and "1e3" are, "1.5" is not.
std::optional<std::int64_t> exact_int64(std::string_view number);

// The nearest double; nothing when the value is too large for any.
std::optional<double> nearest_double(std::string_view number);

// The double that `value` is, if there is one.
std::optional<double> exact_double(std::int64_t value);

// Whether `text` is a double's shortest text: its fewest digits that read back as `value`, with
// nothing superfluous, plain ("1000", "0.1") or with an exponent ("1e3", "1.5e-7").
bool is_shortest_text(double value, std::string_view text);

// The shortest text that reads back as `value`, whatever warehouse it came from.
std::string double_text(double value);

}  // namespace dray
