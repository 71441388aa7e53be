#pragma once

#include <charconv>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

namespace dray::gen {

// put(out, "a", 7, Money{1995}) appends text without allocating once `out` has its size.

struct Money {
  std::uint64_t cents;  // Written as JavaScript would: 19.95, 12.5.
};

struct Instant {
  std::int64_t ms;  // Since 1970, written as 2026-11-01T08:15:30.123Z.
};

struct Uuid {
  std::uint64_t high;
  std::uint64_t low;
};

struct UpperUuid {
  Uuid uuid;
};

struct Hex {
  std::uint64_t value;
  int digits;
};

struct Padded {
  std::uint64_t value;
  int digits;
};

inline void put_one(std::string& out, std::string_view text) { out.append(text); }
inline void put_one(std::string& out, char c) { out.push_back(c); }

// A template, for an array of characters would rather become a bool than a string_view.
template <std::same_as<bool> T>
void put_one(std::string& out, T flag) {
  out.append(flag ? "true" : "false");
}

template <std::integral T>
requires(!std::same_as<T, bool> && !std::same_as<T, char>) void put_one(std::string& out, T value) {
  char digits[24];
  const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
  out.append(digits, end);
}

// The lowest decimal digits of `value`.
inline void write_decimal(char* at, std::uint64_t value, int digits) {
  for (int i = digits - 1; i >= 0; --i) {
    at[i] = static_cast<char>('0' + value % 10);
    value /= 10;
  }
}

inline void write_hex(char* at, std::uint64_t value, int digits, const char* alphabet) {
  for (int i = digits - 1; i >= 0; --i) {
    at[i] = alphabet[value & 15U];
    value >>= 4;
  }
}

inline void put_one(std::string& out, Padded number) {
  char text[20];
  write_decimal(text, number.value, number.digits);
  out.append(text, static_cast<std::size_t>(number.digits));
}

inline void put_one(std::string& out, Hex number) {
  char text[16];
  write_hex(text, number.value, number.digits, "0123456789abcdef");
  out.append(text, static_cast<std::size_t>(number.digits));
}

inline void put_one(std::string& out, Money money) {
  put_one(out, money.cents / 100);
  const auto fraction = money.cents % 100;
  if (fraction == 0) return;
  out.push_back('.');
  out.push_back(static_cast<char>('0' + fraction / 10));
  if (fraction % 10 != 0) out.push_back(static_cast<char>('0' + fraction % 10));
}

inline void put_uuid(std::string& out, Uuid uuid, const char* alphabet) {
  char text[36];
  write_hex(text, uuid.high >> 32, 8, alphabet);
  text[8] = '-';
  write_hex(text + 9, uuid.high >> 16, 4, alphabet);
  text[13] = '-';
  write_hex(text + 14, 0x4000U | (uuid.high & 0x0fffU), 4, alphabet);
  text[18] = '-';
  write_hex(text + 19, 0x8000U | ((uuid.low >> 48) & 0x3fffU), 4, alphabet);
  text[23] = '-';
  write_hex(text + 24, uuid.low, 12, alphabet);
  out.append(text, sizeof text);
}

inline void put_one(std::string& out, Uuid uuid) { put_uuid(out, uuid, "0123456789abcdef"); }
inline void put_one(std::string& out, UpperUuid upper) {
  put_uuid(out, upper.uuid, "0123456789ABCDEF");
}

constexpr std::int64_t day_ms = 86'400'000;

// 2026-11-01
inline void write_date(char* at, std::int64_t days_since_1970) {
  const std::chrono::year_month_day date{std::chrono::sys_days{
      std::chrono::days{static_cast<std::chrono::days::rep>(days_since_1970)}}};
  write_decimal(at, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  at[4] = '-';
  write_decimal(at + 5, static_cast<unsigned>(date.month()), 2);
  at[7] = '-';
  write_decimal(at + 8, static_cast<unsigned>(date.day()), 2);
}

// 2026-11-01T08:15:30.123, without a zone: clients differ in how they write it.
inline void put_local(std::string& out, std::int64_t ms) {
  std::int64_t day = ms / day_ms;
  if (ms % day_ms < 0) --day;
  const auto of_day = static_cast<std::uint64_t>(ms - day * day_ms);
  char text[23];
  write_date(text, day);
  text[10] = 'T';
  write_decimal(text + 11, of_day / 3'600'000, 2);
  text[13] = ':';
  write_decimal(text + 14, of_day / 60'000 % 60, 2);
  text[16] = ':';
  write_decimal(text + 17, of_day / 1'000 % 60, 2);
  text[19] = '.';
  write_decimal(text + 20, of_day % 1'000, 3);
  out.append(text, sizeof text);
}

inline void put_one(std::string& out, Instant instant) {
  put_local(out, instant.ms);
  out.push_back('Z');
}

template <class... Parts>
void put(std::string& out, const Parts&... parts) {
  (put_one(out, parts), ...);
}

}  // namespace dray::gen
