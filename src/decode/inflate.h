// Compressed bytes in, plain bytes out, streaming: gzip (several members too) with ISA-L, zstd
// (several frames too), or bytes as they are. The first bytes tell which: HTTP stacks decompress in
// passing and keep the name, and tools compress what is called .json. Only what they do not tell is
// what its name promises.
//
// Threads: one stream belongs to one thread at a time.
// Errors: `bad_data`: "is not gzip (begins with ...)", "truncated: ...",
// "corrupt gzip: ...", "has something else behind the gzip data, from byte N on" (zeros are
// tolerated there), "expands more than N-fold"; or whatever the reader returned. After an error the
// stream is of no use, and what that call had decoded is lost.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "base/byte_reader.h"
#include "base/result.h"
#include "model/object.h"

namespace dray {

struct InflateLimits {
  // A line of JSON compresses at best about 1,000-fold (DEFLATE's own ceiling is 1,032); logs stay
  // below 50. Past this an object is a bomb or a mistake, and is set aside.
  std::uint64_t expansion_ratio_max = 1'100;
  // The ratio is judged only past this many plain bytes, so that tiny files are never suspected.
  std::uint64_t expansion_free_bytes = 64ULL << 20;
};

class InflateStream {
 public:
  virtual ~InflateStream() = default;
  // Fills `out` from the front as far as it can; fewer bytes than asked, or 0, only at the end of
  // the object, by when lengths and checksums have been verified.
  virtual Result<std::size_t> read(std::span<std::byte> out) = 0;
  // Compressed bytes taken from the reader so far, for progress.
  virtual std::uint64_t bytes_consumed() const = 0;
};

// `reader` is owned by the stream; nothing is read before the first read(). An empty object (no
// bytes at all) is a stream of nothing, whatever is promised.
std::unique_ptr<InflateStream> open_inflate(std::unique_ptr<ByteReader> reader, Encoding promised,
                                            const InflateLimits& limits = {});

}  // namespace dray
