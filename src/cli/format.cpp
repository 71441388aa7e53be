#include "cli/format.h"

#include <array>
#include <cmath>
#include <cstdio>

#include "base/code_point.h"
#include "base/path_text.h"
#include "base/time.h"

namespace dray {
namespace {

std::string printf_double(const char* format, double value) {
  std::array<char, 64> buffer{};
  std::snprintf(buffer.data(), buffer.size(), format, value);
  return buffer.data();
}

std::string two_digits(std::int64_t value) {
  return (value < 10 ? "0" : "") + std::to_string(value);
}

// "3 min 20 s"; the smaller part is left out when it is zero.
std::string pair_of(std::int64_t large, const char* large_unit, std::int64_t small,
                    const char* small_unit) {
  std::string out = std::to_string(large) + " " + large_unit;
  if (small > 0) out += " " + std::to_string(small) + " " + small_unit;
  return out;
}

// What would move the cursor, change colours or reorder the line.
bool is_obeyed(char32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x2028 && c <= 0x202E) ||
         (c >= 0x2066 && c <= 0x2069);
}

void append_escaped(std::string& out, char32_t c) {
  switch (c) {
    case U'\n':
      out += "\\n";
      return;
    case U'\r':
      out += "\\r";
      return;
    case U'\t':
      out += "\\t";
      return;
    default:
      std::array<char, 16> buffer{};
      std::snprintf(buffer.data(), buffer.size(), c < 0x100 ? "\\x%02X" : "\\u%04X",
                    static_cast<unsigned>(c));
      out += buffer.data();
  }
}

}  // namespace

std::string with_thousands(std::uint64_t number) {
  const std::string digits = std::to_string(number);
  std::string out;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) out += ',';
    out += digits[i];
  }
  return out;
}

std::string counted(std::uint64_t number, std::string_view word) {
  std::string out = with_thousands(number) + " ";
  out += word;
  if (number != 1) out += 's';
  return out;
}

std::string human_bytes(double bytes) {
  constexpr std::array units = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  std::size_t unit = 0;
  // 999.5 would be shown as 1000.
  while (bytes >= 999.5 && unit + 1 < units.size()) {
    bytes /= 1000;
    ++unit;
  }
  const bool fraction = unit > 0 && bytes < 9.95;
  return printf_double(fraction ? "%.1f " : "%.0f ", bytes) + units[unit];
}

std::string human_duration(std::chrono::microseconds duration) {
  const double seconds = static_cast<double>(duration.count()) / 1e6;
  if (seconds < 0.9995) return printf_double("%.0f ms", seconds * 1e3);
  if (seconds < 9.95) return printf_double("%.1f s", seconds);
  const std::int64_t whole = std::llround(seconds);
  if (whole < 60) return std::to_string(whole) + " s";
  if (whole < 3600) return pair_of(whole / 60, "min", whole % 60, "s");
  if (whole < 86400) return pair_of(whole / 3600, "h", whole % 3600 / 60, "min");
  return pair_of(whole / 86400, "d", whole % 86400 / 3600, "h");
}

std::string ago(std::chrono::sys_time<std::chrono::microseconds> time,
                std::chrono::sys_time<std::chrono::microseconds> now) {
  const std::int64_t seconds =
      std::chrono::duration_cast<std::chrono::seconds>(now > time ? now - time : time - now)
          .count();
  const std::string amount = seconds < 60       ? std::to_string(seconds) + " s"
                             : seconds < 3600   ? std::to_string(seconds / 60) + " min"
                             : seconds < 172800 ? std::to_string(seconds / 3600) + " h"
                                                : std::to_string(seconds / 86400) + " d";
  return now >= time ? amount + " ago" : "in " + amount;
}

std::string clock_time(std::chrono::seconds duration) {
  const std::int64_t seconds = duration.count();
  const std::string tail = two_digits(seconds % 60);
  if (seconds < 3600) return std::to_string(seconds / 60) + ":" + tail;
  return std::to_string(seconds / 3600) + ":" + two_digits(seconds % 3600 / 60) + ":" + tail;
}

std::string human_time(std::chrono::sys_time<std::chrono::microseconds> time) {
  return format_timestamp(to_micros(std::chrono::floor<std::chrono::seconds>(time)));
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const CodePoint next = next_code_point(text);
    if (!next.valid) {
      out += "\xEF\xBF\xBD";
    } else if (is_obeyed(next.value)) {
      append_escaped(out, next.value);
    } else {
      out += text.substr(0, next.bytes);
    }
    text.remove_prefix(next.bytes);
  }
  return out;
}

namespace {

// With escapes as bash, zsh and POSIX of 2024 know them.
std::string word_of_bytes(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out = "$'";
  while (!text.empty()) {
    const CodePoint next = next_code_point(text);
    const std::string_view bytes = text.substr(0, next.valid ? next.bytes : 1);
    if (bytes == "'" || bytes == "\\") {
      out.append("\\").append(bytes);
    } else if (next.valid && !is_obeyed(next.value)) {
      out += bytes;
    } else {
      for (const char c : bytes) {
        const auto byte = static_cast<unsigned char>(c);
        out.append("\\x").append(1, digits[byte >> 4U]).append(1, digits[byte & 15U]);
      }
    }
    text.remove_prefix(bytes.size());
  }
  return out + "'";
}

}  // namespace

std::string shell_word(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-./:=,@+";
  if (!text.empty() && text.find_first_not_of(plain) == std::string_view::npos) {
    return std::string(text);
  }
  if (printable(text) != text) return word_of_bytes(text);
  std::string out = "'";
  for (const char c : text) {
    out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return out + "'";
}

std::string path_word(std::string_view shown) { return shell_word(text_to_path(shown)); }

std::string cut_to_width(std::string_view text, std::size_t columns_max) {
  if (display_width(text) <= columns_max) return std::string(text);
  if (columns_max == 0) return "";
  std::size_t width = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const CodePoint next = next_code_point(text.substr(end));
    width += display_width(next.value);
    if (width > columns_max - 1) break;
    end += next.bytes;
  }
  return std::string(text.substr(0, end)) + "…";
}

}  // namespace dray
