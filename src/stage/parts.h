// Staged rows as files: CSV parts compressed with zstd, as COPY takes them.
//
// Every text is quoted and its quotes doubled; NULL is an empty field without quotes; timestamps
// are "YYYY-MM-DD HH:MM:SS[.ffffff]"; a value that does not fit its column is NULL and told to the
// load's value_rejects. The fields are the load's columns that are not refused, in their order.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/result.h"
#include "model/staged.h"

namespace dray {

struct PartOptions {
  // Compressed. Tens of megabytes keep a cluster's slices busy without thousands of files.
  std::size_t part_bytes = 32U << 20;
  int zstd_level = 1;
};

struct PartsWritten {
  std::uint64_t rows = 0;
  std::uint64_t parts = 0;
  std::uint64_t bytes_plain = 0;
  std::uint64_t bytes_compressed = 0;
};

// Takes one finished part; its bytes live for the call.
using PartSink = std::function<Result<void>(std::string_view bytes)>;

// Writes the rows that are not dropped. An error is the sink's or the staged rows'.
Result<PartsWritten> write_parts(const TableLoad& load, const PartOptions& options,
                                 const PartSink& sink);

}  // namespace dray
