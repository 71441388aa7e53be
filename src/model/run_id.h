// The name of a run: when it began, to the second, and six digits that no other run of that second
// has: "20261125T224631-abcdef". So names sort by time.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"

namespace dray {

// A value. A name that was read from somewhere may be of any text; then it has no moment.
class RunId {
 public:
  RunId() = default;  // of no run
  explicit RunId(std::string text) : text_(std::move(text)) {}

  // `entropy`: the same moment and entropy make the same name.
  static RunId make(Timestamp began, std::uint64_t entropy);

  const std::string& text() const { return text_; }
  bool empty() const { return text_.empty(); }
  // When the run began, to the second; nothing when the text does not tell.
  std::optional<Timestamp> began() const;

  friend bool operator==(const RunId&, const RunId&) = default;
  friend bool operator<(const RunId& a, const RunId& b) { return a.text_ < b.text_; }

 private:
  std::string text_;
};

}  // namespace dray
