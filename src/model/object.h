// A raw object: one file of newline-delimited events, and the version of its content.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace dray {

// How an object's bytes become lines. Promised by the key's ending; the first bytes may tell
// otherwise (decode/inflate.h).
enum class Encoding { gzip, zstd, plain };

// One object as a listing shows it. A value; (key, size, version) is its identity: a pair already
// in the ledger is never loaded again.
struct ObjectInfo {
  // Path relative to the source's root, '/' between components, never starting with one. UTF-8: see
  // base/path_text.h.
  std::string key;
  std::uint64_t size_bytes = 0;
  // Changes whenever the content may have: mtime in nanoseconds for files, the ETag on S3.
  std::string version;
  Encoding encoding = Encoding::plain;
  // The UTC day on which the events were received, where the layout tells it.
  std::optional<std::chrono::sys_days> received_day;

  bool operator==(const ObjectInfo&) const = default;
};

}  // namespace dray
