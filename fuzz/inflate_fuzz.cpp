// Whatever the bytes: no crash, no endless loop, no more output than the limits allow; and the same
// outcome however the input and the output are cut.
//
// Input: one byte of choices (encoding, sizes of the pieces), then the object.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "decode/inflate.h"
#include "source/memory.h"

namespace {

constexpr dray::InflateLimits limits{.expansion_ratio_max = 1'100,
                                     .expansion_free_bytes = 256 << 10};

// The plain bytes, or the error's message.
struct Outcome {
  std::string text;
  std::string message;
};

Outcome inflate(const std::string& object, dray::Encoding encoding, std::size_t in_bytes,
                std::size_t out_bytes) {
  const auto stream = dray::open_inflate(dray::read_memory(object, in_bytes), encoding, limits);
  std::vector<std::byte> buffer(out_bytes);
  Outcome outcome;
  while (true) {
    const auto count = stream->read(buffer);
    DRAY_ASSERT(stream->bytes_consumed() <= object.size());
    if (!count.ok()) return {"", count.error().message};
    DRAY_ASSERT(*count <= buffer.size());
    outcome.text.append(reinterpret_cast<const char*>(buffer.data()), *count);
    DRAY_ASSERT(outcome.text.size() <=
                limits.expansion_free_bytes + (object.size() + 1) * limits.expansion_ratio_max);
    if (*count < buffer.size()) break;
  }
  DRAY_ASSERT(stream->bytes_consumed() == object.size());
  return outcome;
}

// The ratio is judged read by read, so that one cut may meet it at a denser place than another; and
// zstd needs no window for a frame that it is given whole, with room for all of its output.
bool depends_on_the_cut(const Outcome& outcome) {
  return outcome.message.find("-fold") != std::string::npos ||
         outcome.message.find("window") != std::string::npos;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const auto encoding = (data[0] & 1) == 0 ? dray::Encoding::gzip : dray::Encoding::zstd;
  const std::size_t in_bytes = 1 + (data[0] >> 1 & 7) * std::size_t{3};
  const std::size_t out_bytes = 1 + (data[0] >> 4) * std::size_t{211};
  const std::string object(reinterpret_cast<const char*>(data) + 1, size - 1);

  const Outcome whole = inflate(object, encoding, SIZE_MAX, 64 << 10);
  const Outcome pieces = inflate(object, encoding, in_bytes, out_bytes);
  if (depends_on_the_cut(whole) || depends_on_the_cut(pieces)) return 0;
  DRAY_ASSERT(whole.message.empty() == pieces.message.empty());
  DRAY_ASSERT(whole.text == pieces.text);
  return 0;
}
