// Lets an unordered_map keyed by std::string be asked with a std::string_view.
#pragma once

#include <functional>
#include <string_view>

namespace dray {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
  }
};

}  // namespace dray
