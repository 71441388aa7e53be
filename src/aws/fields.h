// Single values out of a JSON object, for small answers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace dray {

// Borrows the text. Of what is no JSON object all fields are missing.
class JsonFields {
 public:
  explicit JsonFields(std::string_view text);

  // A member of the outermost object; nothing if there is none, or it is no string.
  std::optional<std::string> text(std::string_view name) const;
  // The same for a whole number of 64 bits.
  std::optional<std::int64_t> integer(std::string_view name) const;

  // From now on it is about the members of the object `name`.
  void enter(std::string_view name);

 private:
  std::optional<JsonValue> find(std::string_view name, JsonKind kind) const;

  JsonDocument document_;
  std::optional<JsonValue> object_;
};

}  // namespace dray
