// How sessions with a warehouse are opened.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace dray {

enum class Access { read_only, read_write };

struct SessionOptions {
  Access access = Access::read_write;
  // For the engine itself, where it runs in this process.
  std::uint64_t memory_bytes = 512ULL << 20;
  unsigned threads = 0;        // 0: as many as the machine has
  std::string temp_directory;  // "": beside the warehouse
  // Sees each statement before it is sent, whole, and each request to S3. From any thread.
  std::function<void(std::string_view)> trace = {};
  // How long to wait for a file that another program has open, and who is told of it: the file, and
  // the program as far as DuckDB knows it.
  std::chrono::seconds wait_max{0};
  std::function<void(const std::string& file, const std::string& program)> on_wait;
};

}  // namespace dray
