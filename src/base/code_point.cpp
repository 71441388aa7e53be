#include "base/code_point.h"

#include <algorithm>
#include <iterator>

namespace dray {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

// Blocks, not single characters: good enough to line up a table, and short enough to read.
constexpr Range zero_width[] = {
    {0x0300, 0x036F},    // combining diacritical marks
    {0x0483, 0x0489},    // Cyrillic
    {0x0591, 0x05BD},    // Hebrew points
    {0x064B, 0x065F},    // Arabic marks
    {0x1AB0, 0x1AFF},    // combining diacritical marks, extended
    {0x1DC0, 0x1DFF},    // and their supplement
    {0x200B, 0x200F},    // zero-width space, joiners, direction marks
    {0x20D0, 0x20FF},    // combining marks for symbols
    {0xFE00, 0xFE0F},    // variation selectors
    {0xFE20, 0xFE2F},    // combining half marks
    {0xFEFF, 0xFEFF},    // byte-order mark
    {0x1F3FB, 0x1F3FF},  // emoji modifiers
    {0xE0100, 0xE01EF},  // variation selectors, supplement
};

constexpr Range double_width[] = {
    {0x1100, 0x115F},    // Hangul jamo
    {0x231A, 0x231B},    // watch, hourglass
    {0x2E80, 0x303E},    // CJK radicals to symbols
    {0x3041, 0x33FF},    // kana to CJK compatibility
    {0x3400, 0x4DBF},    // CJK extension A
    {0x4E00, 0x9FFF},    // CJK
    {0xA000, 0xA4CF},    // Yi
    {0xA960, 0xA97F},    // Hangul jamo extended A
    {0xAC00, 0xD7A3},    // Hangul syllables
    {0xF900, 0xFAFF},    // CJK compatibility ideographs
    {0xFE30, 0xFE6F},    // CJK compatibility forms
    {0xFF01, 0xFF60},    // full-width forms
    {0xFFE0, 0xFFE6},    // full-width signs
    {0x1F300, 0x1F64F},  // pictographs, emoticons
    {0x1F680, 0x1F6FF},  // transport
    {0x1F900, 0x1FAFF},  // more pictographs
    {0x20000, 0x3FFFD},  // CJK extensions B and on
};

template <std::size_t N>
bool contains(const Range (&ranges)[N], char32_t value) {
  const auto* after =
      std::upper_bound(std::begin(ranges), std::end(ranges), value,
                       [](char32_t wanted, const Range& range) { return wanted < range.first; });
  return after != std::begin(ranges) && value <= std::prev(after)->last;
}

struct Lead {
  std::size_t bytes;  // 0: begins nothing
  char32_t bits;
  char32_t least;  // below it the form is overlong
};

Lead lead(unsigned char byte) {
  if (byte < 0x80) return {1, byte, 0};
  if (byte >= 0xC2 && byte <= 0xDF) return {2, byte & 0x1FU, 0x80};
  if (byte >= 0xE0 && byte <= 0xEF) return {3, byte & 0x0FU, 0x800};
  if (byte >= 0xF0 && byte <= 0xF4) return {4, byte & 0x07U, 0x10000};
  return {0, 0, 0};
}

}  // namespace

CodePoint next_code_point(std::string_view text) {
  constexpr CodePoint invalid{0xFFFD, 1, false};
  const Lead first = lead(static_cast<unsigned char>(text.front()));
  if (first.bytes == 0 || first.bytes > text.size()) return invalid;
  char32_t value = first.bits;
  for (std::size_t i = 1; i < first.bytes; ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0U) != 0x80U) return invalid;
    value = value << 6 | (byte & 0x3FU);
  }
  const bool surrogate = value >= 0xD800 && value <= 0xDFFF;
  if (value < first.least || value > 0x10FFFF || surrogate) return invalid;
  return {value, first.bytes, true};
}

std::size_t display_width(char32_t code_point) {
  if (code_point < 0x300) return 1;
  if (contains(zero_width, code_point)) return 0;
  return contains(double_width, code_point) ? 2 : 1;
}

std::size_t display_width(std::string_view text) {
  std::size_t width = 0;
  while (!text.empty()) {
    const CodePoint next = next_code_point(text);
    width += display_width(next.value);
    text.remove_prefix(next.bytes);
  }
  return width;
}

}  // namespace dray
