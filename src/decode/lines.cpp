#include "decode/lines.h"

#include <algorithm>
#include <cstring>
#include <span>
#include <string>
#include <utility>

#include "decode/shape.h"

namespace dray {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// The byte-order mark has to fit into the first read.
constexpr std::size_t chunk_bytes_min = byte_order_mark.size();

// Bounds the list when nearly every line of a huge object is too long.
constexpr std::size_t oversize_per_chunk_max = 4096;

// The '\n' that the last line of an object may lack.
constexpr std::size_t final_newline_bytes = 1;

struct Run {
  std::size_t bytes = 0;
  std::uint64_t lines = 0;
};

// Whole lines from the front of `bytes`, up to the first that is too long. Where they end
// goes to `ends`.
Run whole_lines(std::string_view bytes, std::size_t line_bytes_max,
                std::vector<std::size_t>& ends) {
  Run run;
  while (run.bytes < bytes.size()) {
    const std::size_t newline = bytes.find('\n', run.bytes);
    if (newline == std::string_view::npos || newline - run.bytes > line_bytes_max) break;
    ends.push_back(newline);
    run.bytes = newline + 1;
    ++run.lines;
  }
  return run;
}

}  // namespace

struct LineReader::State {
  std::unique_ptr<InflateStream> stream;
  LineLimits limits;
  // What earlier reads left behind: as a rule the beginning of one line, and behind an oversize
  // line whatever was read with its end. Never more than chunk_bytes.
  std::vector<char> rest;
  std::size_t rest_begin = 0;
  std::uint64_t next_line = 1;
  // Inside an oversize line; its bytes that are gone.
  bool dropping = false;
  std::uint64_t dropped_bytes = 0;
  bool at_start = true;
  std::string head;
  bool at_end = false;

  Result<bool> next(LineChunk& chunk);
  void clear(LineChunk& chunk) const;
  bool take_from_rest(LineChunk& chunk);
  std::size_t skip_oversize(std::string_view bytes, LineChunk& chunk);
  Result<void> read_whole_lines(LineChunk& chunk);
  Result<std::size_t> read_window(std::vector<char>& buffer, std::size_t held);
  void make_room(std::vector<char>& buffer, std::size_t held) const;
  bool deliver(LineChunk& chunk, std::size_t held);
  void finish(LineChunk& chunk, Run run);
  void keep(std::string_view bytes);
  std::string_view rest_text() const {
    return std::string_view(rest.data(), rest.size()).substr(rest_begin);
  }
  std::size_t buffer_bytes(std::size_t text_bytes) const {
    return text_bytes + final_newline_bytes + line_padding_bytes;
  }
};

Result<bool> LineReader::State::next(LineChunk& chunk) {
  clear(chunk);
  while (chunk.oversize.size() < oversize_per_chunk_max) {
    if (take_from_rest(chunk)) return true;
    if (at_end) {
      chunk.first_line = next_line;
      return false;
    }
    DRAY_TRY(read_whole_lines(chunk));
    if (chunk.line_count > 0) return true;
  }
  chunk.first_line = next_line;
  return true;
}

// The buffer is normally of the right size already. One that a long line has made grow is given
// back: its next reader would hold it for ever.
void LineReader::State::clear(LineChunk& chunk) const {
  const std::size_t size = buffer_bytes(limits.chunk_bytes);
  if (chunk.buffer.size() > size) chunk.buffer = std::vector<char>();
  chunk.buffer.resize(size);
  chunk.size_bytes = 0;
  chunk.line_count = 0;
  chunk.line_ends.clear();
  chunk.first_line = next_line;
  chunk.oversize.clear();
}

// Whole lines that are already here. Afterwards, if there are none, the rest is the beginning of
// one line.
bool LineReader::State::take_from_rest(LineChunk& chunk) {
  while (rest_begin < rest.size()) {
    const std::string_view text = rest_text();
    const Run run = whole_lines(text, limits.line_bytes_max, chunk.line_ends);
    if (run.lines > 0) {
      std::copy_n(text.data(), run.bytes, chunk.buffer.data());
      rest_begin += run.bytes;
      finish(chunk, run);
      return true;
    }
    const std::size_t skipped = skip_oversize(text, chunk);
    if (skipped == 0) return false;
    rest_begin += skipped;
  }
  return false;
}

// `bytes` begins with a line, or in the middle of an oversize one. Counts and skips it as far as it
// is here when it is too long, else skips nothing.
std::size_t LineReader::State::skip_oversize(std::string_view bytes, LineChunk& chunk) {
  const std::size_t newline = bytes.find('\n');
  const std::size_t line_bytes = std::min(newline, bytes.size());
  if (!dropping && line_bytes <= limits.line_bytes_max) return 0;
  dropped_bytes += line_bytes;
  dropping = newline == std::string_view::npos;
  if (dropping) return bytes.size();
  chunk.oversize.push_back({next_line, std::exchange(dropped_bytes, 0)});
  ++next_line;
  return newline + 1;
}

// Reads until a line ends, or the object does.
Result<void> LineReader::State::read_whole_lines(LineChunk& chunk) {
  const std::string_view text = rest_text();
  std::size_t held = text.size();
  std::copy_n(text.data(), held, chunk.buffer.data());
  keep({});
  while (!at_end) {
    make_room(chunk.buffer, held);
    DRAY_ASSIGN(const std::size_t count, read_window(chunk.buffer, held));
    const std::string_view window(chunk.buffer.data() + held, count);
    held += count;
    if (dropping || window.find('\n') != std::string_view::npos) {
      if (deliver(chunk, held)) return {};
      held = 0;
    } else if (held > limits.line_bytes_max) {
      skip_oversize({chunk.buffer.data(), held}, chunk);
      held = 0;
    }
  }
  return {};
}

// The buffer holds `held` bytes that end one line at least, or belong to an oversize one. False
// when nothing came of them, so that reading must go on.
bool LineReader::State::deliver(LineChunk& chunk, std::size_t held) {
  std::string_view text(chunk.buffer.data(), held);
  if (!dropping) {
    const Run run = whole_lines(text, limits.line_bytes_max, chunk.line_ends);
    if (run.lines > 0) {
      keep(text.substr(run.bytes));
      finish(chunk, run);
      return true;
    }
  }
  text.remove_prefix(skip_oversize(text, chunk));
  keep(text);
  return !dropping;
}

// Reads behind the bytes that are held, no more than a chunk at a time. Ends the object's last
// line.
Result<std::size_t> LineReader::State::read_window(std::vector<char>& buffer, std::size_t held) {
  const std::size_t room = std::min(limits.chunk_bytes, buffer.size() - buffer_bytes(held));
  char* const window = buffer.data() + held;
  DRAY_ASSIGN(std::size_t count, stream->read(std::as_writable_bytes(std::span(window, room))));
  at_end = count < room;
  if (std::exchange(at_start, false)) {
    if (std::string_view(window, count).starts_with(byte_order_mark)) {
      count -= byte_order_mark.size();
      std::memmove(window, window + byte_order_mark.size(), count);
    }
    head.assign(window, std::min(count, shape_bytes));
  }
  if (at_end) {
    const bool line_is_open = count > 0 ? window[count - 1] != '\n' : held > 0 || dropping;
    if (line_is_open) window[count++] = '\n';
  }
  return count;
}

// Common case: nothing to do. A line that fills the buffer makes it grow, to the longest line that
// is kept and a chunk at most.
void LineReader::State::make_room(std::vector<char>& buffer, std::size_t held) const {
  if (buffer_bytes(held) < buffer.size()) return;
  const std::size_t longest = std::max(limits.line_bytes_max, held) + limits.chunk_bytes;
  const std::size_t size =
      std::clamp(buffer.size() * 2, buffer_bytes(held + limits.chunk_bytes), buffer_bytes(longest));
  buffer.reserve(size);
  buffer.resize(size);
}

void LineReader::State::finish(LineChunk& chunk, Run run) {
  chunk.size_bytes = run.bytes;
  chunk.line_count = run.lines;
  chunk.first_line = next_line;
  next_line += run.lines;
}

void LineReader::State::keep(std::string_view bytes) {
  rest.assign(bytes.begin(), bytes.end());
  rest_begin = 0;
}

LineReader::LineReader(std::unique_ptr<InflateStream> stream, const LineLimits& limits)
    : state_(std::make_unique<State>()) {
  state_->stream = std::move(stream);
  state_->limits = limits;
  state_->limits.chunk_bytes = std::max(limits.chunk_bytes, chunk_bytes_min);
}

LineReader::~LineReader() = default;

Result<bool> LineReader::next(LineChunk& chunk) { return state_->next(chunk); }

std::string_view LineReader::head() const { return state_->head; }

std::uint64_t LineReader::bytes_consumed() const { return state_->stream->bytes_consumed(); }

}  // namespace dray
