// Bytes that live until the next clear(): unescaped strings, array text. Allocates in steps, never
// moves what it handed out.
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace dray {

class Arena {
 public:
  std::string_view keep(std::string_view bytes) {
    if (bytes.empty()) return {};
    char* at = take(bytes.size());
    std::memcpy(at, bytes.data(), bytes.size());
    return {at, bytes.size()};
  }

  // Everything handed out becomes invalid; the first step of memory is kept for reuse.
  void clear() {
    if (blocks_.size() > 1) blocks_.resize(1);
    used_ = 0;
    if (!blocks_.empty()) size_ = step_bytes;
  }

 private:
  static constexpr std::size_t step_bytes = 64U << 10;

  char* take(std::size_t size) {
    if (size_ - used_ < size) {
      // A large piece must not become the step that clear() keeps.
      if (blocks_.empty()) {
        blocks_.push_back(std::make_unique_for_overwrite<char[]>(step_bytes));
        size_ = step_bytes;
      }
      if (size_ - used_ < size || blocks_.size() > 1) {
        size_ = size > step_bytes ? size : step_bytes;
        blocks_.push_back(std::make_unique_for_overwrite<char[]>(size_));
      }
      if (blocks_.size() > 1) used_ = 0;
    }
    char* at = blocks_.back().get() + used_;
    used_ += size;
    return at;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  std::size_t used_ = 0;
  std::size_t size_ = 0;
};

}  // namespace dray
