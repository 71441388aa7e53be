// Copying and comparing texts of a few bytes, which is what an event is made of: names of some
// letters, values of some more. A call into the C library costs more than the work then.
//
// Both take any length; words overlap at the end instead of leaving a rest of single bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace dray {

namespace short_bytes {

// Beyond this the library's own loop is the faster one.
constexpr std::size_t bytes_max = 64;

template <typename Word>
Word load(const char* from) {
  Word word;
  std::memcpy(&word, from, sizeof word);
  return word;
}

// The first and the last Word of `size` bytes, which are one Word at least and two at most.
template <typename Word>
void copy_both(const char* from, std::size_t size, char* to) {
  const Word first = load<Word>(from);
  const Word last = load<Word>(from + size - sizeof(Word));
  std::memcpy(to, &first, sizeof first);
  std::memcpy(to + size - sizeof(Word), &last, sizeof last);
}

template <typename Word>
bool both_equal(const char* a, const char* b, std::size_t size) {
  const std::size_t last = size - sizeof(Word);
  return ((load<Word>(a) ^ load<Word>(b)) | (load<Word>(a + last) ^ load<Word>(b + last))) == 0;
}

}  // namespace short_bytes

// Writes `bytes` to `to` and returns what is behind them. The two do not overlap.
inline char* put_bytes(std::string_view bytes, char* to) {
  using namespace short_bytes;
  const char* const from = bytes.data();
  const std::size_t size = bytes.size();
  if (size > bytes_max) {
    std::memcpy(to, from, size);
  } else if (size >= 16) {
    for (std::size_t at = 0; at + 16 < size; at += 16)
      std::memcpy(to + at, from + at, 16);
    std::memcpy(to + size - 16, from + size - 16, 16);
  } else if (size >= 8) {
    copy_both<std::uint64_t>(from, size, to);
  } else if (size >= 4) {
    copy_both<std::uint32_t>(from, size, to);
  } else {
    for (std::size_t i = 0; i < size; ++i)
      to[i] = from[i];
  }
  return to + size;
}

inline bool equal_bytes(std::string_view a, std::string_view b) {
  using namespace short_bytes;
  const std::size_t size = a.size();
  if (size != b.size()) return false;
  if (size > 16) return std::memcmp(a.data(), b.data(), size) == 0;
  if (size >= 8) return both_equal<std::uint64_t>(a.data(), b.data(), size);
  if (size >= 4) return both_equal<std::uint32_t>(a.data(), b.data(), size);
  for (std::size_t i = 0; i < size; ++i) {
    if (a[i] != b[i]) return false;
  }
  return true;
}

}  // namespace dray
