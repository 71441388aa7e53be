// Text that must not be shown: a password, a key, a token.
//
// Nothing prints it: there is no operator<<, no conversion to text, and messages are put together
// from text. Whoever needs the bytes says so by name.
#pragma once

#include <string>
#include <utility>

namespace dray {

class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) : text_(std::move(text)) {}

  bool empty() const { return text_.empty(); }
  const std::string& reveal() const { return text_; }

  bool operator==(const Secret&) const = default;

 private:
  std::string text_;
};

}  // namespace dray
