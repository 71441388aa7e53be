// Numbers, sizes, times and foreign text as a person reads them.
//
// Pure functions.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace dray {

// 1234567 → "1,234,567"
std::string with_thousands(std::uint64_t number);

// "1 row", "1,200 rows": the plural is the word with an s.
std::string counted(std::uint64_t number, std::string_view word);

// "999 B", "1.2 kB", "14 MB": powers of 1000, two digits or three.
std::string human_bytes(double bytes);
inline std::string human_bytes(std::uint64_t bytes) {
  return human_bytes(static_cast<double>(bytes));
}

// "3 ms", "1.2 s", "12 s", "3 min 20 s", "2 h 5 min", "3 d 4 h".
std::string human_duration(std::chrono::microseconds duration);

// "3 s ago", "5 min ago", "7 h ago", "12 d ago": the largest unit alone. A time to come is "in 5
// min".
std::string ago(std::chrono::sys_time<std::chrono::microseconds> time,
                std::chrono::sys_time<std::chrono::microseconds> now);

// "0:07", "3:20", "2:05:00": how long something still takes, at a width that does not jump.
std::string clock_time(std::chrono::seconds duration);

// "2026-11-01 12:00:03", UTC.
std::string human_time(std::chrono::sys_time<std::chrono::microseconds> time);

// `text` on one line and without what a terminal would obey: control characters, and the marks that
// reorder text, become \n, \t, \x1B, \u202E.
std::string printable(std::string_view text);

// `text` as one word of a shell, for commands to copy: in $'...' where it has bytes that are no
// UTF-8, or what a terminal would obey.
std::string shell_word(std::string_view text);

// The same of a path, a place or an address as it is shown (base/path_text.h): the word is the path
// itself.
std::string path_word(std::string_view shown);

// At most `columns_max` columns of `text`, the cut told by "…".
std::string cut_to_width(std::string_view text, std::size_t columns_max);

}  // namespace dray
