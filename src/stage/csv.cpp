#include "stage/csv.h"

#include <cstdint>
#include <cstring>

namespace dray {
namespace {

// Sixteen bytes at once, in whatever registers the machine has: g++ and clang make SSE2 or NEON of
// these.
using Bytes16 = char __attribute__((vector_size(16)));
constexpr std::size_t step = sizeof(Bytes16);

Bytes16 load(const char* from) {
  Bytes16 bytes;
  std::memcpy(&bytes, from, step);
  return bytes;
}

// A text shorter than a step, read without looking outside it: two words that may overlap, each as
// long as half the text at least. Bytes twice or in another order do no harm where only their
// presence counts.
struct ShortText {
  std::uint64_t first = 0;
  std::uint64_t last = 0;

  ShortText(const char* from, std::size_t size) {
    if (size >= 8) {
      std::memcpy(&first, from, 8);
      std::memcpy(&last, from + size - 8, 8);
    } else if (size >= 4) {
      std::memcpy(&first, from, 4);
      std::memcpy(&last, from + size - 4, 4);
    } else if (size > 0) {
      std::memcpy(&first, from, 1);
      std::memcpy(&last, from + size / 2, 1);
      if (size == 3) std::memcpy(reinterpret_cast<char*>(&last) + 1, from + 2, 1);
    }
  }
  Bytes16 bytes() const {
    const std::uint64_t words[2] = {first, last};
    return load(reinterpret_cast<const char*>(words));
  }
  void put(char* out, std::size_t size) const {
    if (size >= 8) {
      std::memcpy(out, &first, 8);
      std::memcpy(out + size - 8, &last, 8);
    } else if (size >= 4) {
      std::memcpy(out, &first, 4);
      std::memcpy(out + size - 4, &last, 4);
    } else if (size > 0) {
      std::memcpy(out, &first, 1);
      std::memcpy(out + size / 2, &last, size == 3 ? 2 : 1);
    }
  }
};

template <typename Mask>
bool any(Mask mask) {
  std::uint64_t words[2];
  std::memcpy(words, &mask, sizeof words);
  return (words[0] | words[1]) != 0;
}

bool has_special(Bytes16 bytes) {
  return any((bytes == '"') | (bytes == ',') | (bytes == '\n') | (bytes == '\r'));
}

bool is_blank(char c) { return static_cast<unsigned char>(c) <= ' '; }

// Copies a few bytes, each quote twice.
char* put_doubled(const char* from, std::size_t size, char* out) {
  for (std::size_t i = 0; i < size; ++i) {
    *out++ = from[i];
    if (from[i] == '"') *out++ = '"';
  }
  return out;
}

}  // namespace

char* put_csv_quoted(std::string_view text, char* out) {
  *out++ = '"';
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= step; at += step, left -= step) {
    const Bytes16 bytes = load(at);
    if (any(bytes == '"')) {
      out = put_doubled(at, step, out);
    } else {
      std::memcpy(out, &bytes, step);
      out += step;
    }
  }
  const ShortText rest(at, left);
  if (any(rest.bytes() == '"')) {
    out = put_doubled(at, left, out);
  } else {
    rest.put(out, left);
    out += left;
  }
  *out++ = '"';
  return out;
}

char* put_csv_text(std::string_view text, char* out) {
  const std::size_t size = text.size();
  const char* const from = text.data();
  if (size == 0 || is_blank(from[0]) || is_blank(from[size - 1])) return put_csv_quoted(text, out);
  if (size < step) {
    const ShortText all(from, size);
    if (has_special(all.bytes())) return put_csv_quoted(text, out);
    all.put(out, size);
    return out + size;
  }
  // The last step overlaps the one before it.
  for (std::size_t at = 0;; at = at + 2 * step <= size ? at + step : size - step) {
    const Bytes16 bytes = load(from + at);
    if (has_special(bytes)) return put_csv_quoted(text, out);
    std::memcpy(out + at, &bytes, step);
    if (at + step == size) return out + size;
  }
}

}  // namespace dray
