#include "base/time.h"

#include <array>
#include <cstring>

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

// What JavaScript's toISOString() makes, and with it nearly every timestamp of an event; and what
// may be added to each byte's distance from it: anything that is more than 9 from a '0', or not the
// same as another character, then has its highest bit set.
constexpr std::string_view javascript_pattern = "0000-00-00T00:00:00.000Z";
constexpr auto javascript_limits = [] {
  std::array<char, javascript_pattern.size()> limits{};
  for (std::size_t i = 0; i < limits.size(); ++i)
    limits[i] = javascript_pattern[i] == '0' ? 0x7F - 9 : 0x7F;
  return limits;
}();

// Nothing as well for what is of this pattern but no date of a year that counts: the reader of all
// patterns judges that.
std::optional<Micros> parse_javascript(std::string_view text) {
  std::array<std::uint8_t, javascript_pattern.size()> digits{};
  std::uint64_t wrong = 0;
  for (std::size_t at = 0; at < digits.size(); at += sizeof wrong) {
    std::uint64_t word = 0;
    std::uint64_t pattern = 0;
    std::uint64_t limit = 0;
    std::memcpy(&word, text.data() + at, sizeof word);
    std::memcpy(&pattern, javascript_pattern.data() + at, sizeof pattern);
    std::memcpy(&limit, javascript_limits.data() + at, sizeof limit);
    word ^= pattern;
    wrong |= word | (word + limit);
    std::memcpy(digits.data() + at, &word, sizeof word);
  }
  if ((wrong & 0x8080808080808080) != 0) return std::nullopt;
  const auto pair = [&](std::size_t at) { return digits[at] * 10 + digits[at + 1]; };
  const int hour = pair(11);
  const int minute = pair(14);
  const int second = pair(17);
  const int milli = digits[20] * 100 + pair(21);
  const std::chrono::year_month_day date{std::chrono::year(pair(0) * 100 + pair(2)),
                                         std::chrono::month(static_cast<unsigned>(pair(5))),
                                         std::chrono::day(static_cast<unsigned>(pair(8)))};
  if (date.year() == std::chrono::year(0) || !date.ok() || hour > 23 || minute > 59 ||
      second > 59) {
    return std::nullopt;
  }
  const std::int64_t days = std::chrono::sys_days(date).time_since_epoch().count();
  return days * micros_per_day + (hour * 3600 + minute * 60 + second) * micros_per_second +
         milli * std::int64_t{1000};
}

constexpr auto digit_pairs = [] {
  std::array<char, 200> pairs{};
  for (unsigned i = 0; i < 100; ++i) {
    pairs[2 * i] = static_cast<char>('0' + i / 10);
    pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
  }
  return pairs;
}();

// Two digits.
char* put_pair(unsigned value, char* out) {
  std::memcpy(out, &digit_pairs[std::size_t{2} * value], 2);
  return out + 2;
}

}  // namespace

std::optional<Micros> parse_timestamp(std::string_view text) {
  // Most strings are not dates: four digits and a hyphen tell.
  if (text.size() < 10 || text[4] != '-') return std::nullopt;
  if (text.size() == javascript_pattern.size()) {
    if (const auto micros = parse_javascript(text)) return micros;
  }
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
  const std::int64_t in_day = micros - day.time_since_epoch().count() * micros_per_day;
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  const auto seconds = static_cast<unsigned>(in_day / micros_per_second);
  const auto fraction = static_cast<unsigned>(in_day % micros_per_second);
  char* at = put_pair(year % 100, put_pair(year / 100, out));
  *at++ = '-';
  at = put_pair(static_cast<unsigned>(date.month()), at);
  *at++ = '-';
  at = put_pair(static_cast<unsigned>(date.day()), at);
  *at++ = ' ';
  at = put_pair(seconds / 3600, at);
  *at++ = ':';
  at = put_pair(seconds / 60 % 60, at);
  *at++ = ':';
  at = put_pair(seconds % 60, at);
  if (fraction != 0) {
    *at++ = '.';
    at = put_pair(fraction % 100, put_pair(fraction / 100 % 100, put_pair(fraction / 10'000, at)));
    while (at[-1] == '0')
      --at;
  }
  return static_cast<std::size_t>(at - out);
}

std::string format_timestamp(Micros micros) {
  std::array<char, timestamp_text_bytes_max> text{};
  return {text.data(), format_timestamp(micros, text.data())};
}

Timestamp system_time() {
  return std::chrono::floor<std::chrono::microseconds>(std::chrono::system_clock::now());
}

}  // namespace dray
