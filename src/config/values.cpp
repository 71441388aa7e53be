#include "config/values.h"

#include <array>
#include <charconv>
#include <cmath>
#include <string>

#include "base/text.h"

namespace dray {
namespace {

struct Amount {
  double value = 0;
  std::string unit;  // lower case
};

// Digits with at most one point, then blanks, then letters.
std::optional<Amount> parse_amount(std::string_view text) {
  text = trimmed(text, " \t");
  const std::size_t digits = text.find_first_not_of("0123456789.");
  const std::string_view number = text.substr(0, digits);
  if (number.empty() || number.front() == '.' || number.back() == '.') return std::nullopt;
  Amount amount;
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), amount.value);
  if (parsed.ec != std::errc{} || parsed.ptr != number.data() + number.size()) return std::nullopt;
  if (digits == std::string_view::npos) return amount;
  for (const char c : trimmed(text.substr(digits), " \t")) {
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if (lower < 'a' || lower > 'z') return std::nullopt;
    amount.unit += lower;
  }
  return amount;
}

struct Unit {
  std::string_view name;
  std::uint64_t bytes;
};

constexpr std::array units = {
    Unit{"", 1},
    Unit{"b", 1},
    Unit{"k", 1024},
    Unit{"m", 1024 * 1024},
    Unit{"g", 1024ULL * 1024 * 1024},
    Unit{"t", 1024ULL * 1024 * 1024 * 1024},
    Unit{"kib", 1024},
    Unit{"mib", 1024 * 1024},
    Unit{"gib", 1024ULL * 1024 * 1024},
    Unit{"tib", 1024ULL * 1024 * 1024 * 1024},
    Unit{"kb", 1000},
    Unit{"mb", 1000 * 1000},
    Unit{"gb", 1000ULL * 1000 * 1000},
    Unit{"tb", 1000ULL * 1000 * 1000 * 1000},
};

std::optional<std::uint64_t> digits_of(std::string_view text, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = at; i < at + count; ++i) {
    if (text[i] < '0' || text[i] > '9') return std::nullopt;
    value = value * 10 + static_cast<std::uint64_t>(text[i] - '0');
  }
  return value;
}

std::optional<std::chrono::sys_days> parse_calendar_day(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = digits_of(text, 0, 4);
  const auto month = digits_of(text, 5, 2);
  const auto day = digits_of(text, 8, 2);
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date);
}

}  // namespace

std::optional<std::uint64_t> parse_size(std::string_view text) {
  const auto amount = parse_amount(text);
  if (!amount) return std::nullopt;
  for (const Unit& unit : units) {
    if (unit.name != amount->unit) continue;
    const double bytes = std::floor(amount->value * static_cast<double>(unit.bytes));
    if (bytes >= 0x1p63) return std::nullopt;
    return static_cast<std::uint64_t>(bytes);
  }
  return std::nullopt;
}

std::optional<std::chrono::days> parse_period(std::string_view text) {
  // A thousand years: beyond it a date is a slip of the hand, and arithmetic on it would overflow.
  constexpr double days_max = 366'000;
  const auto amount = parse_amount(text);
  if (!amount || amount->value != std::floor(amount->value)) return std::nullopt;
  double days = amount->value;
  const std::string& unit = amount->unit;
  if (unit == "w" || unit == "week" || unit == "weeks") {
    days *= 7;
  } else if (unit != "d" && unit != "day" && unit != "days") {
    return std::nullopt;
  }
  if (days > days_max) return std::nullopt;
  return std::chrono::days(static_cast<int>(days));
}

std::optional<std::chrono::seconds> parse_age(std::string_view text) {
  constexpr double seconds_max = 366'000.0 * 86'400;
  struct Age {
    std::string_view name;
    double seconds;
  };
  constexpr std::array ages = {Age{"s", 1},        Age{"second", 1},   Age{"sec", 1},
                               Age{"m", 60},       Age{"min", 60},     Age{"minute", 60},
                               Age{"h", 3'600},    Age{"hour", 3'600}, Age{"d", 86'400},
                               Age{"day", 86'400}, Age{"w", 604'800},  Age{"week", 604'800}};
  const auto amount = parse_amount(text);
  if (!amount) return std::nullopt;
  std::string_view unit = amount->unit;
  if (unit.size() > 1 && unit.ends_with('s')) unit.remove_suffix(1);
  for (const Age& age : ages) {
    if (age.name != unit) continue;
    const double seconds = std::floor(amount->value * age.seconds);
    if (seconds > seconds_max) return std::nullopt;
    return std::chrono::seconds(static_cast<std::int64_t>(seconds));
  }
  return std::nullopt;
}

std::optional<std::chrono::sys_days> parse_day(std::string_view text, std::chrono::sys_days today) {
  if (text == "today") return today;
  if (text == "yesterday") return today - std::chrono::days(1);
  if (const auto period = parse_period(text)) return today - *period;
  return parse_calendar_day(text);
}

}  // namespace dray
