// One text out of a JSON object, for the small answers of metadata services.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"

namespace dray {

// Borrows the text. Of what is no JSON object all fields are missing.
class JsonFields {
 public:
  explicit JsonFields(std::string_view text);

  // Of the outermost object; nothing if there is no such member, or it is no string.
  std::optional<std::string> text(std::string_view name) const;

 private:
  JsonDocument document_;
  bool is_object_ = false;
};

}  // namespace dray
