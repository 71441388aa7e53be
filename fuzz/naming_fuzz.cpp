// Whatever people call things: every name that is made is an identifier that needs no quotes, is no
// longer than any warehouse allows, is made the same again from itself, and keeps its prefix's
// promise.
//
// Input: the name.

#include <cctype>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"
#include "model/standard_columns.h"
#include "transform/naming.h"

namespace {

constexpr std::string_view safe_bytes = "abcdefghijklmnopqrstuvwxyz0123456789_";

// The definition by hand: letters, digits and capitals in order, with '_' where a word begins.
bool has_the_letters_of(std::string_view slug, std::string_view text) {
  std::string letters;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x80 && std::isalnum(byte) != 0) letters += static_cast<char>(std::tolower(byte));
  }
  std::string rest;
  for (const char c : slug) {
    if (c != '_') rest += c;
  }
  return rest == letters;
}

void check_identifier(std::string_view name) {
  DRAY_ASSERT(!name.empty() && name.size() <= dray::name_bytes_max);
  DRAY_ASSERT(name.find_first_not_of(safe_bytes) == std::string_view::npos);
  DRAY_ASSERT(name.front() < '0' || name.front() > '9');
  DRAY_ASSERT(!dray::is_reserved_word(name));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);

  const std::string snake = dray::snake_case(text);
  DRAY_ASSERT(snake.find_first_not_of(safe_bytes) == std::string::npos);
  DRAY_ASSERT(snake.find("__") == std::string::npos);
  DRAY_ASSERT(snake.empty() || (snake.front() != '_' && snake.back() != '_'));
  DRAY_ASSERT(has_the_letters_of(snake, text));
  DRAY_ASSERT(dray::snake_case(snake) == snake);

  const std::string slug = dray::event_slug(text);
  DRAY_ASSERT(dray::event_slug(slug) == slug);
  check_identifier(dray::event_table(slug));

  const std::string segment = dray::key_segment(text);
  DRAY_ASSERT(dray::key_segment(segment) == segment);
  const std::string column = dray::property_column(segment);
  check_identifier(column);
  DRAY_ASSERT(!dray::standard_column(column));
  DRAY_ASSERT(!column.starts_with("context_"));
  const std::string context = dray::context_column(segment);
  check_identifier(context);
  DRAY_ASSERT(context.starts_with("context_"));

  const std::string schema = dray::schema_name(text);
  DRAY_ASSERT(schema.empty() == snake.empty());
  if (!schema.empty()) {
    check_identifier(schema);
    DRAY_ASSERT(dray::schema_name(schema) == schema);
  }
  return 0;
}
