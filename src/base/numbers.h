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

// Whether a string is a number as JSON writes it: "12.50" and "1e+21", not "012", "+12" or ".5".
bool is_json_number(std::string_view text);

// The double that JSON number text stands for without losing a digit: the decimal value of the text
// is that of the double's shortest text. "12.50", "1e+21" and "9007199254740994" have one,
// "9007199254740993" and "0.1000000000000000055" have none.
std::optional<double> lossless_double(std::string_view number);

// The shortest text that reads back as `value`, whatever warehouse it came from.
std::string double_text(double value);

}  // namespace dray
