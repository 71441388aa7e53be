// Any chunking of the bytes gives the same lines, the same numbers and the same oversize list as
// cutting the whole text at its newlines, whatever chunk_bytes is; and no chunk leaves its bounds.
//
// Input: chunk_bytes, line_bytes_max, bytes per read (one byte each), then the text.

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "decode/lines.h"
#include "source/memory.h"

namespace {

using dray::LineChunk;
using dray::LineLimits;
using dray::OversizeLine;

struct Outcome {
  std::vector<std::pair<std::uint64_t, std::string>> lines;
  std::vector<OversizeLine> oversize;
  bool operator==(const Outcome&) const = default;
};

Outcome cut(std::string_view text, std::size_t line_bytes_max) {
  Outcome outcome;
  if (text.substr(0, 3) == "\xef\xbb\xbf") text.remove_prefix(3);
  for (std::uint64_t number = 1; !text.empty(); ++number) {
    const std::string_view line = text.substr(0, text.find('\n'));
    if (line.size() > line_bytes_max) {
      outcome.oversize.push_back({number, line.size()});
    } else {
      outcome.lines.emplace_back(number, line);
    }
    text.remove_prefix(std::min(line.size() + 1, text.size()));
  }
  return outcome;
}

void take(const LineChunk& chunk, const LineLimits& limits, Outcome& outcome) {
  DRAY_ASSERT(chunk.size_bytes <=
              limits.line_bytes_max + std::max<std::size_t>(limits.chunk_bytes, 3) + 1);
  DRAY_ASSERT(chunk.buffer.size() >= chunk.size_bytes + dray::line_padding_bytes);
  DRAY_ASSERT(
      std::is_sorted(chunk.oversize.begin(), chunk.oversize.end(),
                     [](const OversizeLine& a, const OversizeLine& b) { return a.line < b.line; }));
  std::uint64_t number = chunk.first_line;
  std::string_view text = chunk.text();
  while (!text.empty()) {
    const std::size_t newline = text.find('\n');
    DRAY_ASSERT(newline != std::string_view::npos);
    outcome.lines.emplace_back(number++, text.substr(0, newline));
    text.remove_prefix(newline + 1);
  }
  DRAY_ASSERT(number == chunk.first_line + chunk.line_count);
  outcome.oversize.insert(outcome.oversize.end(), chunk.oversize.begin(), chunk.oversize.end());
}

bool looks_compressed(std::string_view text) {
  return text.substr(0, 2) == "\x1f\x8b" || text.substr(0, 4) == "\x28\xb5\x2f\xfd" ||
         (text.size() >= 4 && (text[0] & '\xf0') == 0x50 && text.substr(1, 3) == "\x2a\x4d\x18");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 3) return 0;
  const LineLimits limits{.line_bytes_max = data[1], .chunk_bytes = data[0]};
  const std::size_t bytes_per_read = std::size_t{data[2]} + 1;
  const std::string text(reinterpret_cast<const char*>(data) + 3, size - 3);
  if (looks_compressed(text)) return 0;

  dray::LineReader reader(
      dray::open_inflate(dray::read_memory(text, bytes_per_read), dray::Encoding::plain), limits);
  LineChunk chunk;
  Outcome outcome;
  for (bool more = true; more;) {
    more = reader.next(chunk).value();
    DRAY_ASSERT(more ? chunk.line_count + chunk.oversize.size() > 0 : chunk.line_count == 0);
    take(chunk, limits, outcome);
  }
  DRAY_ASSERT(outcome == cut(text, limits.line_bytes_max));
  return 0;
}
