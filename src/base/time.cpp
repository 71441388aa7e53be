#include "base/time.h"

#include <array>

namespace dray {
namespace {

constexpr std::int64_t micros_per_second = 1'000'000;
constexpr std::int64_t micros_per_day = 86'400 * micros_per_second;

// Days since 1970-01-01 of a proleptic Gregorian date.
constexpr std::int64_t days_from_civil(int year, int month, int day) {
  return std::chrono::sys_days(std::chrono::year(year) / month / day).time_since_epoch().count();
}

constexpr Micros year_1 = days_from_civil(1, 1, 1) * micros_per_day;
constexpr Micros year_10000 = days_from_civil(10'000, 1, 1) * micros_per_day;

// Reads from the front; every reader returns false when the text is not what was asked for.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}
  bool done() const { return at_ == text_.size(); }
  bool take(char c) {
    if (done() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  // Exactly `count` digits.
  bool digits(int count, int& value) {
    if (text_.size() - at_ < static_cast<std::size_t>(count)) return false;
    value = 0;
    for (int i = 0; i < count; ++i) {
      const char c = text_[at_];
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
      ++at_;
    }
    return true;
  }
  // One to nine digits as millionths; what is smaller is dropped.
  bool fraction(int& micros) {
    int count = 0;
    micros = 0;
    while (!done() && text_[at_] >= '0' && text_[at_] <= '9') {
      if (++count > 9) return false;
      if (count <= 6) micros = micros * 10 + (text_[at_] - '0');
      ++at_;
    }
    for (int i = count; i < 6; ++i)
      micros *= 10;
    return count > 0;
  }
  bool next_is_digit() const { return !done() && text_[at_] >= '0' && text_[at_] <= '9'; }

 private:
  std::string_view text_;
  std::size_t at_ = 0;
};

bool read_time(Scanner& in, Micros& micros) {
  int hour = 0;
  int minute = 0;
  int second = 0;
  int fraction = 0;
  if (!in.digits(2, hour) || !in.take(':') || !in.digits(2, minute)) return false;
  if (in.take(':')) {
    if (!in.digits(2, second)) return false;
    if ((in.take('.') || in.take(',')) && !in.fraction(fraction)) return false;
  }
  if (hour > 23 || minute > 59 || second > 59) return false;
  micros += (hour * 3600 + minute * 60 + second) * micros_per_second + fraction;
  return true;
}

bool read_zone(Scanner& in, Micros& micros) {
  if (in.take('Z') || in.take('z')) return true;
  const bool ahead = in.take('+');
  if (!ahead && !in.take('-')) return false;
  int hour = 0;
  int minute = 0;
  if (!in.digits(2, hour)) return false;
  const bool colon = in.take(':');
  if ((colon || in.next_is_digit()) && !in.digits(2, minute)) return false;
  if (hour > 23 || minute > 59) return false;
  const Micros offset = (hour * 3600 + minute * 60) * micros_per_second;
  micros += ahead ? -offset : offset;
  return true;
}

}  // namespace

std::optional<Micros> parse_timestamp(std::string_view text) {
  // Most strings are not dates: four digits and a hyphen tell.
  if (text.size() < 10 || text[4] != '-') return std::nullopt;
  Scanner in(text);
  int year = 0;
  int month = 0;
  int day = 0;
  if (!in.digits(4, year) || !in.take('-') || !in.digits(2, month) || !in.take('-') ||
      !in.digits(2, day)) {
    return std::nullopt;
  }
  const std::chrono::year_month_day date{std::chrono::year(year),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  Micros micros = std::chrono::sys_days(date).time_since_epoch().count() * micros_per_day;
  if (in.take('T') || in.take(' ')) {
    if (!read_time(in, micros)) return std::nullopt;
    if (!in.done() && !read_zone(in, micros)) return std::nullopt;
  }
  if (!in.done() || micros < year_1 || micros >= year_10000) return std::nullopt;
  return micros;
}

std::size_t format_timestamp(Micros micros, char* out) {
  const auto day = std::chrono::floor<std::chrono::days>(from_micros(micros));
  const std::chrono::year_month_day date(day);
  std::int64_t rest = micros - day.time_since_epoch().count() * micros_per_day;
  char* at = out;
  const auto put = [&at](std::int64_t value, int digits) {
    for (int i = digits - 1; i >= 0; --i) {
      at[i] = static_cast<char>('0' + value % 10);
      value /= 10;
    }
    at += digits;
  };
  put(static_cast<int>(date.year()), 4);
  *at++ = '-';
  put(static_cast<unsigned>(date.month()), 2);
  *at++ = '-';
  put(static_cast<unsigned>(date.day()), 2);
  *at++ = ' ';
  const std::int64_t seconds = rest / micros_per_second;
  put(seconds / 3600, 2);
  *at++ = ':';
  put(seconds / 60 % 60, 2);
  *at++ = ':';
  put(seconds % 60, 2);
  rest %= micros_per_second;
  if (rest != 0) {
    *at++ = '.';
    put(rest, 6);
    while (at[-1] == '0')
      --at;
  }
  return static_cast<std::size_t>(at - out);
}

std::string format_timestamp(Micros micros) {
  std::array<char, timestamp_text_bytes_max> text{};
  return {text.data(), format_timestamp(micros, text.data())};
}

}  // namespace dray
