// Plain bytes to chunks of whole lines.
//
// A chunk is what one worker transforms at a time: many whole lines in one padded buffer, so that a
// line is a view and the parser may read past its end.
//
// Threads: one reader belongs to one thread at a time. Bounds: a chunk holds chunk_bytes, or one
// line of up to line_bytes_max and what was read with its end, chunk_bytes at most.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "decode/inflate.h"

namespace dray {

// Bytes behind the last line that may be read, not trusted: simdjson reads blocks of 64 past the
// end.
constexpr std::size_t line_padding_bytes = 128;

struct LineLimits {
  // The longest line that is kept. Segment's largest call is 32 KB; 16 MiB leaves room for
  // pipelines that allow more, and bounds what one line can make a worker hold.
  std::size_t line_bytes_max = 16ULL << 20;
  // Small enough to stay in a core's L2 between inflating and parsing, large enough that the work
  // per chunk does not show.
  std::size_t chunk_bytes = 512ULL << 10;
};

// A line that was longer than line_bytes_max and whose content was thrown away while reading.
struct OversizeLine {
  std::uint64_t line = 0;  // 1-based
  std::uint64_t size_bytes = 0;
  bool operator==(const OversizeLine&) const = default;
};

// Reused from call to call: next() keeps the buffer, unless a long line has made it grow.
struct LineChunk {
  // Whole lines, each ended by '\n' (the last line of an object gets one if it had none), then
  // line_padding_bytes of readable bytes that do not belong to `text`.
  std::vector<char> buffer;
  std::size_t size_bytes = 0;          // of whole lines in the buffer
  std::uint64_t first_line = 1;        // number of the first line in the buffer, 1-based
  std::uint64_t line_count = 0;        // lines in the buffer, empty ones included
  std::vector<std::size_t> line_ends;  // where each line's '\n' is in the buffer
  std::vector<OversizeLine> oversize;

  std::string_view text() const { return {buffer.data(), size_bytes}; }
};

// Lines of one object. A byte-order mark at the very start is skipped; a CR before LF belongs to
// the line. Numbering counts every line, empty and oversize ones included. A line's size is without
// its LF.
class LineReader {
 public:
  LineReader(std::unique_ptr<InflateStream> stream, const LineLimits& limits);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  // Replaces `chunk` by the next lines; false at the end (then the chunk is empty, unless the
  // object ended in oversize lines). The same lines come out whatever sizes the stream delivers.
  //
  // The lines of one chunk are consecutive: it ends before an oversize line, which the next chunk
  // reports. A chunk may hold no lines when an object has thousands of oversize ones in a row.
  // After an error the chunk has no lines.
  Result<bool> next(LineChunk& chunk);

  std::uint64_t bytes_consumed() const;

  // The object's first bytes, shape_bytes at most, behind the byte-order mark. After next().
  std::string_view head() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace dray
