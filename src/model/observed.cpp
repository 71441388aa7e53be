#include "model/observed.h"

#include <array>

#include "base/numbers.h"

namespace dray {
namespace {

// Whether a text with this first byte can spell a value.
constexpr std::array<bool, 256> make_first_bytes() {
  std::array<bool, 256> first{};
  for (const char c : std::string_view("-0123456789tf"))
    first[static_cast<unsigned char>(c)] = true;
  return first;
}
constexpr std::array<bool, 256> first_bytes = make_first_bytes();

// "-0" and every other integer of so few bytes fits 64 bits, and a double has all its digits.
constexpr std::size_t small_integer_bytes_max = 15;

Observed spelled_number(std::string_view text, Observed seen) {
  const bool is_plain = text.find_first_of(".eE") == std::string_view::npos;
  if (is_plain && text.size() <= small_integer_bytes_max) return observed_text_integer;
  if (is_plain && parse_int64(text)) {
    if ((seen & observed_text_wide) != 0) return observed_text_wide;
    return lossless_double(text) ? observed_text_integer : observed_text_wide;
  }
  return lossless_double(text) ? observed_text_real : observed_text_other;
}

}  // namespace

Observed observed_spelling(std::string_view text, Observed seen) {
  if ((seen & observed_text_other) != 0) return observed_text_other;
  if (text.empty() || !first_bytes[static_cast<unsigned char>(text[0])]) return observed_text_other;
  if (text == "true" || text == "false") return observed_text_boolean;
  return is_json_number(text) ? spelled_number(text, seen) : observed_text_other;
}

}  // namespace dray
