// Bytes from anywhere, front to back: a file, an HTTP body, memory.
#pragma once

#include <cstddef>
#include <span>

#include "base/result.h"

namespace dray {

// One thread at a time. After an error it is of no use.
class ByteReader {
 public:
  virtual ~ByteReader() = default;
  // Fills `buffer` from the front; returns how many bytes, 0 only at the end.
  virtual Result<std::size_t> read(std::span<std::byte> buffer) = 0;
};

}  // namespace dray
