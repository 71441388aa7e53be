#include "aws/fields.h"

#include <charconv>

namespace dray {

JsonFields::JsonFields(std::string_view text) {
  const bool is_object = document_.parse(text) == JsonError::none &&
                         document_.kind(document_.root()) == JsonKind::object;
  if (is_object) object_ = document_.root();
}

std::optional<JsonValue> JsonFields::find(std::string_view name, JsonKind kind) const {
  if (!object_) return std::nullopt;
  for (JsonValue key = document_.first(*object_); !document_.at_end(key);
       key = document_.after(key + 2)) {
    if (document_.raw_string(key) != name) continue;
    if (document_.kind(key + 2) != kind) return std::nullopt;
    return key + 2;
  }
  return std::nullopt;
}

std::optional<std::string> JsonFields::text(std::string_view name) const {
  const auto found = find(name, JsonKind::string);
  if (!found) return std::nullopt;
  std::string value;
  unescape_json(document_.raw_string(*found), value);
  return value;
}

std::optional<std::int64_t> JsonFields::integer(std::string_view name) const {
  const auto found = find(name, JsonKind::number);
  if (!found) return std::nullopt;
  const std::string_view digits = document_.number(*found);
  std::int64_t value = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (read.ec != std::errc{} || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return value;
}

void JsonFields::enter(std::string_view name) { object_ = find(name, JsonKind::object); }

}  // namespace dray
