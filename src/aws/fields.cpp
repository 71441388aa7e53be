#include "aws/fields.h"

namespace dray {

JsonFields::JsonFields(std::string_view text) {
  is_object_ = document_.parse(text) == JsonError::none &&
               document_.kind(document_.root()) == JsonKind::object;
}

std::optional<std::string> JsonFields::text(std::string_view name) const {
  if (!is_object_) return std::nullopt;
  for (JsonValue key = document_.first(document_.root()); !document_.at_end(key);
       key = document_.after(key + 2)) {
    if (document_.raw_string(key) != name) continue;
    if (document_.kind(key + 2) != JsonKind::string) return std::nullopt;
    std::string value;
    unescape_json(document_.raw_string(key + 2), value);
    return value;
  }
  return std::nullopt;
}

}  // namespace dray
