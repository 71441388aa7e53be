#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "gen/options.h"

namespace dray::gen {

// Why something failed; absent when it did not.
using Failure = std::optional<std::string>;

// Levels that a format takes: gz 1 to 9, zst 1 to 19. Plain JSON has none.
Failure level_fault(Format format, int level);

// Turns text into the bytes of one object at a time and keeps its buffers from one to the next.
class Compressor {
 public:
  virtual ~Compressor() = default;
  enum class Flush { more, end };
  // Appends to `out`. After Flush::end the next call begins a new object.
  [[nodiscard]] virtual Failure compress(std::string_view text, Flush flush, std::string& out) = 0;
};
std::unique_ptr<Compressor> make_compressor(Format format, int level);  // Null when out of memory.

// One object on disk. It has its name only once publish() has succeeded; destroying it before
// removes what was written.
class ObjectWriter {
 public:
  ObjectWriter(Compressor& compressor, std::filesystem::path path);
  ~ObjectWriter();
  ObjectWriter(const ObjectWriter&) = delete;
  ObjectWriter& operator=(const ObjectWriter&) = delete;

  [[nodiscard]] Failure open();
  [[nodiscard]] Failure write(std::string_view text);
  [[nodiscard]] Failure publish();
  std::uint64_t stored_bytes() const { return stored_bytes_; }

 private:
  Failure store(std::string_view text, Compressor::Flush flush);
  Failure failed(std::string_view what) const;

  Compressor& compressor_;  // Outlives this.
  std::filesystem::path path_;
  std::filesystem::path unfinished_;
  int file_ = -1;
  std::string buffer_;
  std::uint64_t stored_bytes_ = 0;
};

}  // namespace dray::gen
