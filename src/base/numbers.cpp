#include "base/numbers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

namespace dray {
namespace {

// No text is long enough for its zeros to make up for an exponent beyond this, and sums of two such
// exponents stay far from 64 bits.
constexpr std::int64_t exponent_max = std::int64_t{1} << 40;

}  // namespace

std::optional<std::int64_t> parse_int64(std::string_view digits) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  return value;
}

std::optional<std::int64_t> exact_int64(std::string_view number) {
  const bool negative = number.starts_with('-');
  if (negative) number.remove_prefix(1);
  const std::size_t e = number.find_first_of("eE");
  std::int64_t exponent = 0;
  if (e != std::string_view::npos) {
    std::string_view text = number.substr(e + 1);
    if (text.starts_with('+')) text.remove_prefix(1);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
    if (error != std::errc()) exponent = text.starts_with('-') ? -exponent_max : exponent_max;
    exponent = std::clamp(exponent, -exponent_max, exponent_max);
    number = number.substr(0, e);
  }
  std::string digits;
  for (const char c : number) {
    if (c != '.') digits += c;
  }
  const std::size_t dot = number.find('.');
  if (dot != std::string_view::npos) {
    exponent -= static_cast<std::int64_t>(number.size() - dot - 1);
  }
  // digits * 10^exponent: move zeros between the two until the exponent is 0.
  const std::size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return 0;
  digits.erase(0, first);
  while (exponent < 0 && digits.ends_with('0')) {
    digits.pop_back();
    ++exponent;
  }
  // 2^63 has 19 digits.
  if (exponent < 0 || exponent >= 19) return std::nullopt;
  if (digits.size() + static_cast<std::size_t>(exponent) > 19) return std::nullopt;
  digits.append(static_cast<std::size_t>(exponent), '0');
  if (negative) digits.insert(digits.begin(), '-');
  return parse_int64(digits);
}

std::optional<double> nearest_double(std::string_view number) {
  double value = 0;
  const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (error == std::errc::result_out_of_range) {
    // Too small is as good as zero, too large has no double; strtod tells which.
    const double rounded = std::strtod(std::string(number).c_str(), nullptr);
    if (!std::isfinite(rounded)) return std::nullopt;
    return rounded;
  }
  if (error != std::errc() || end != number.data() + number.size()) return std::nullopt;
  if (!std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<double> exact_double(std::int64_t value) {
  const auto real = static_cast<double>(value);
  // 2^63 itself does not fit back into 64 bits.
  if (real >= 9223372036854775808.0) return std::nullopt;
  if (static_cast<std::int64_t>(real) != value) return std::nullopt;
  return real;
}

bool is_shortest_text(double value, std::string_view text) {
  // The longest plain form is 5e-324's.
  std::array<char, 400> buffer{};
  char* const end = buffer.data() + buffer.size();
  const auto plain = std::to_chars(buffer.data(), end, value, std::chars_format::fixed);
  if (plain.ec == std::errc() && text == std::string_view(buffer.data(), plain.ptr)) return true;
  const auto written = std::to_chars(buffer.data(), end, value, std::chars_format::scientific);
  // "1e+05" is to_chars' way; "1e5" has nothing superfluous.
  std::string shortest(buffer.data(), written.ptr);
  std::size_t exponent = shortest.find('e') + 1;
  if (shortest[exponent] == '+') shortest.erase(exponent, 1);
  if (shortest[exponent] == '-') ++exponent;
  while (shortest[exponent] == '0' && exponent + 1 < shortest.size())
    shortest.erase(exponent, 1);
  return text == shortest;
}

std::string double_text(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

}  // namespace dray
