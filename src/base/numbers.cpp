#include "base/numbers.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <string>

#include "base/text.h"

namespace dray {
namespace {

// No text is long enough for its zeros to make up for an exponent beyond this, and sums of two such
// exponents stay far from 64 bits.
constexpr std::int64_t exponent_max = std::int64_t{1} << 40;

// What stands behind a number's e; beyond any use it is cut.
std::int64_t exponent_of(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  std::int64_t exponent = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), exponent);
  if (error != std::errc()) return text.starts_with('-') ? -exponent_max : exponent_max;
  return std::clamp(exponent, -exponent_max, exponent_max);
}

// The most that a double's shortest text has.
constexpr std::size_t decimal_digits_max = 17;

// 0.DIGITS * 10^exponent, without zeros at either end; the sign aside.
struct Decimal {
  std::array<char, decimal_digits_max> digits{};
  std::size_t count = 0;
  std::int64_t exponent = 0;
  bool operator==(const Decimal&) const = default;
};

// Nothing if it has more digits than a double's shortest text can have.
std::optional<Decimal> decimal_of(std::string_view number) {
  Decimal decimal;
  bool behind_point = false;
  std::size_t zeros = 0;  // since the last digit that is none
  std::size_t at = number.starts_with('-') ? 1 : 0;
  for (; at < number.size() && number[at] != 'e' && number[at] != 'E'; ++at) {
    const char c = number[at];
    if (c == '.') {
      behind_point = true;
      continue;
    }
    if (decimal.count == 0 && c == '0') {
      if (behind_point) --decimal.exponent;
      continue;
    }
    if (!behind_point) ++decimal.exponent;
    if (c == '0') {
      ++zeros;
      continue;
    }
    if (decimal.count + zeros + 1 > decimal_digits_max) return std::nullopt;
    for (; zeros > 0; --zeros)
      decimal.digits[decimal.count++] = '0';
    decimal.digits[decimal.count++] = c;
  }
  if (decimal.count == 0) return Decimal();
  if (at < number.size()) decimal.exponent += exponent_of(number.substr(at + 1));
  return decimal;
}

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
    exponent = exponent_of(number.substr(e + 1));
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

bool is_json_number(std::string_view text) {
  const char* at = text.data();
  const char* const end = at + text.size();
  const auto digits = [&] {
    const char* const begin = at;
    while (at != end && is_digit(*at))
      ++at;
    return at != begin;
  };
  if (at != end && *at == '-') ++at;
  if (at != end && *at == '0') {
    ++at;
  } else if (!digits()) {
    return false;
  }
  if (at != end && *at == '.') {
    ++at;
    if (!digits()) return false;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    if (at != end && (*at == '+' || *at == '-')) ++at;
    if (!digits()) return false;
  }
  return at == end;
}

std::optional<double> lossless_double(std::string_view number) {
  const auto decimal = decimal_of(number);
  if (!decimal) return std::nullopt;
  const auto value = nearest_double(number);
  if (!value) return std::nullopt;
  // Each decimal of so few digits has a double of its own, which therefore tells all of them.
  constexpr std::size_t digits_always_held = 15;
  constexpr std::int64_t exponent_always_held = 300;
  if (decimal->count <= digits_always_held && decimal->exponent <= exponent_always_held &&
      decimal->exponent >= -exponent_always_held) {
    return value;
  }
  std::array<char, 32> shortest{};
  const auto written = std::to_chars(shortest.data(), shortest.data() + shortest.size(), *value,
                                     std::chars_format::scientific);
  const auto held =
      decimal_of({shortest.data(), static_cast<std::size_t>(written.ptr - shortest.data())});
  if (!held || *held != *decimal) return std::nullopt;
  return value;
}

std::string double_text(double value) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

}  // namespace dray
