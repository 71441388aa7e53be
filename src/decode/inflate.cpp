#include "decode/inflate.h"

#include <isa-l/igzip_lib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <array>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace dray {
namespace {

// ISA-L saves 32 KB of history whenever its input runs dry. At this size, and the ten-fold of
// logs, that is once in 2.5 MB; larger blocks only push the tables out of the core's cache.
constexpr std::size_t input_bytes = 256ULL << 10;

// What `zstd --ultra -22` and the zstd tool itself stop at unless --long asks for more, so whatever
// people make without thinking can be read; it bounds a stream's window at 128 MiB.
constexpr int zstd_window_log_max = 27;

// Magic number included. The header tells the length of the content, if it does.
constexpr std::size_t zstd_header_bytes_max = 18;

// On some corrupt streams ISA-L returns without having done anything, for ever. One idle call may
// be a change of its inner state, this many in a row are not.
constexpr int idle_calls_max = 4;

constexpr std::array<std::byte, 2> gzip_magic = {std::byte{0x1f}, std::byte{0x8b}};
constexpr std::array<std::byte, 4> zstd_magic = {std::byte{0x28}, std::byte{0xb5}, std::byte{0x2f},
                                                 std::byte{0xfd}};

constexpr std::array<std::byte, 3> byte_order_mark_bytes = {std::byte{0xef}, std::byte{0xbb},
                                                            std::byte{0xbf}};

// Enough for any magic number, and for a few blank lines in front of a line of JSON.
constexpr std::size_t sniffed_bytes = 64;

using Bytes = std::span<const std::byte>;

bool begins_with(Bytes bytes, Bytes magic) {
  return bytes.size() >= magic.size() && std::equal(magic.begin(), magic.end(), bytes.begin());
}

// pzstd and others put frames of their own before or between those with content.
bool is_zstd_skippable(Bytes bytes) {
  return bytes.size() >= 4 && (bytes[0] & std::byte{0xf0}) == std::byte{0x50} &&
         bytes[1] == std::byte{0x2a} && bytes[2] == std::byte{0x4d} && bytes[3] == std::byte{0x18};
}

bool is_zstd(Bytes bytes) { return begins_with(bytes, zstd_magic) || is_zstd_skippable(bytes); }

// The first bytes as a person would want to see them: '{"an' or 0x504b0304.
std::string shown(Bytes bytes) {
  constexpr std::string_view hex = "0123456789abcdef";
  bytes = bytes.first(std::min<std::size_t>(bytes.size(), 4));
  std::string as_text = "'";
  std::string as_hex = "0x";
  bool printable = true;
  for (const std::byte byte : bytes) {
    const auto code = std::to_integer<unsigned>(byte);
    printable = printable && code >= 0x20 && code < 0x7f;
    as_text.push_back(static_cast<char>(code));
    as_hex.push_back(hex[code >> 4]);
    as_hex.push_back(hex[code & 15]);
  }
  return printable ? as_text + "'" : as_hex;
}

// A line's beginning, perhaps behind a byte-order mark and white space.
bool is_json(Bytes bytes) {
  if (begins_with(bytes, byte_order_mark_bytes))
    bytes = bytes.subspan(byte_order_mark_bytes.size());
  const auto first = std::ranges::find_if(bytes, [](std::byte b) {
    return b != std::byte{' '} && b != std::byte{'\t'} && b != std::byte{'\r'} &&
           b != std::byte{'\n'};
  });
  return first != bytes.end() && *first == std::byte{'{'};
}

// `format` is what the name promised: "gzip", "zstd".
Error wrong_format(std::string_view format, Bytes bytes) {
  return bad_data_error("is not " + std::string(format) + " (begins with " + shown(bytes) + ")");
}

Error truncated(std::string_view format) {
  return bad_data_error("truncated: ends in the middle of the " + std::string(format) + " data");
}

// The reader's bytes, in blocks.
class Input {
 public:
  explicit Input(std::unique_ptr<ByteReader> reader)
      : reader_(std::move(reader)),
        buffer_(std::make_unique_for_overwrite<std::byte[]>(input_bytes)) {}

  // At least `wanted` bytes wait afterwards, or all that are left. `wanted` is a few bytes.
  Result<void> fill(std::size_t wanted) {
    while (end_ - begin_ < wanted && !at_end_) {
      std::copy(buffer_.get() + begin_, buffer_.get() + end_, buffer_.get());
      end_ -= std::exchange(begin_, 0);
      DRAY_ASSIGN(const std::size_t count,
                  reader_->read({buffer_.get() + end_, input_bytes - end_}));
      end_ += count;
      read_bytes_ += count;
      at_end_ = count == 0;
    }
    return {};
  }

  Bytes waiting() const { return {buffer_.get() + begin_, end_ - begin_}; }
  void take(std::size_t count) { begin_ += count; }
  std::uint64_t read_bytes() const { return read_bytes_; }
  std::uint64_t taken_bytes() const { return read_bytes_ - (end_ - begin_); }

 private:
  std::unique_ptr<ByteReader> reader_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::uint64_t read_bytes_ = 0;
  bool at_end_ = false;
};

// What gzip and zstd have in common: an object is one or more sections (members, frames), maybe
// with zeros behind the last, and may be a bomb.
class SectionStream : public InflateStream {
 public:
  SectionStream(std::unique_ptr<ByteReader> reader, std::string_view format,
                const InflateLimits& limits)
      : input_(std::move(reader)), format_(format), limits_(limits) {
    DRAY_ASSERT(limits_.expansion_ratio_max > 0);
  }

  Result<std::size_t> read(std::span<std::byte> out) final {
    std::size_t filled = 0;
    while (filled < out.size() && !at_end_) {
      if (!in_section_) {
        DRAY_TRY(enter_section());
        continue;
      }
      DRAY_ASSIGN(const std::size_t count, decode(out.subspan(filled)));
      filled += count;
    }
    plain_bytes_ += filled;
    DRAY_TRY(check_expansion());
    return filled;
  }

  std::uint64_t bytes_consumed() const final { return input_.read_bytes(); }

 protected:
  // Whether the waiting bytes begin a section.
  virtual bool section_begins(Bytes bytes) const = 0;
  // Gets the decoder ready; may take a header.
  virtual Result<void> begin_section() = 0;
  // Decodes some bytes into `out`, which is not empty; calls end_section() behind the last.
  virtual Result<std::size_t> decode(std::span<std::byte> out) = 0;

  Input& input() { return input_; }
  void end_section() { in_section_ = false; }

 private:
  Result<void> enter_section() {
    DRAY_TRY(input_.fill(4));
    const Bytes bytes = input_.waiting();
    if (section_begins(bytes)) {
      in_section_ = true;
      any_section_ = true;
      return begin_section();
    }
    if (!any_section_) {
      if (!bytes.empty()) return wrong_format(format_, bytes);
      at_end_ = true;
      return {};
    }
    return skip_padding();
  }

  // Tapes and some copying tools fill the last block up with zeros.
  Result<void> skip_padding() {
    while (true) {
      DRAY_TRY(input_.fill(1));
      const Bytes bytes = input_.waiting();
      if (bytes.empty()) break;
      const auto other =
          std::find_if(bytes.begin(), bytes.end(), [](std::byte b) { return b != std::byte{0}; });
      input_.take(static_cast<std::size_t>(other - bytes.begin()));
      if (other != bytes.end()) {
        return bad_data_error("has something else behind the " + std::string(format_) +
                              " data, from byte " + std::to_string(input_.taken_bytes()) + " on");
      }
    }
    at_end_ = true;
    return {};
  }

  Result<void> check_expansion() const {
    if (plain_bytes_ <= limits_.expansion_free_bytes) return {};
    if (plain_bytes_ / limits_.expansion_ratio_max <= input_.taken_bytes()) return {};
    return bad_data_error("expands more than " + std::to_string(limits_.expansion_ratio_max) +
                          "-fold");
  }

  Input input_;
  std::string_view format_;
  InflateLimits limits_;
  std::uint64_t plain_bytes_ = 0;
  bool in_section_ = false;
  bool any_section_ = false;
  bool at_end_ = false;
};

Error gzip_error(int code) {
  switch (code) {
    case ISAL_INCORRECT_CHECKSUM:
      return bad_data_error("corrupt gzip: checksum does not match");
    case ISAL_UNSUPPORTED_METHOD:
      return bad_data_error("corrupt gzip: unknown compression method");
    default:
      return bad_data_error("corrupt gzip: invalid compressed data");
  }
}

class GzipStream final : public SectionStream {
 public:
  GzipStream(std::unique_ptr<ByteReader> reader, const InflateLimits& limits)
      : SectionStream(std::move(reader), "gzip", limits),
        state_(std::make_unique_for_overwrite<inflate_state>()) {
    isal_inflate_init(state_.get());
  }

 private:
  bool section_begins(Bytes bytes) const override { return begins_with(bytes, gzip_magic); }

  // ISA-L can read the header within isal_inflate too, but forgets its flags when the input ends in
  // the middle of it.
  Result<void> begin_section() override {
    isal_inflate_reset(state_.get());
    state_->crc_flag = ISAL_GZIP_NO_HDR_VER;
    isal_gzip_header header;
    isal_gzip_header_init(&header);
    int code = ISAL_END_INPUT;
    while (code == ISAL_END_INPUT) {
      DRAY_TRY(lend_input());
      if (state_->avail_in == 0) return truncated("gzip");
      code = isal_read_gzip_header(state_.get(), &header);
      settle_input();
    }
    if (code != ISAL_DECOMP_OK) return gzip_error(code);
    return {};
  }

  Result<std::size_t> decode(std::span<std::byte> out) override {
    DRAY_TRY(lend_input());
    const std::size_t room =
        std::min<std::size_t>(out.size(), std::numeric_limits<std::int32_t>::max());
    const bool input_ended = state_->avail_in == 0;
    state_->next_out = reinterpret_cast<std::uint8_t*>(out.data());
    state_->avail_out = static_cast<std::uint32_t>(room);
    const int code = isal_inflate(state_.get());
    const std::size_t taken = settle_input();
    const std::size_t count = room - state_->avail_out;
    if (code != ISAL_DECOMP_OK) return gzip_error(code);
    if (state_->block_state == ISAL_BLOCK_FINISH) {
      end_section();
      return count;
    }
    idle_calls_ = taken + count == 0 ? idle_calls_ + 1 : 0;
    if (idle_calls_ > 0 && input_ended) return truncated("gzip");
    if (idle_calls_ > idle_calls_max) return gzip_error(ISAL_INVALID_BLOCK);
    return count;
  }

  // ISA-L takes a pointer to mutable bytes and only reads them.
  Result<void> lend_input() {
    DRAY_TRY(input().fill(1));
    const Bytes bytes = input().waiting();
    state_->next_in =
        const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(bytes.data()));
    state_->avail_in = static_cast<std::uint32_t>(bytes.size());
    return {};
  }

  std::size_t settle_input() {
    const std::size_t taken = input().waiting().size() - state_->avail_in;
    input().take(taken);
    return taken;
  }

  std::unique_ptr<inflate_state> state_;
  int idle_calls_ = 0;
};

Error zstd_error(std::size_t code) {
  switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_frameParameter_windowTooLarge:
      return bad_data_error("needs a zstd window of more than " +
                            std::to_string(1 << (zstd_window_log_max - 20)) +
                            " MiB: compress it again without --long");
    case ZSTD_error_checksum_wrong:
      return bad_data_error("corrupt zstd: checksum does not match");
    case ZSTD_error_memory_allocation:
      return internal_error("zstd: out of memory");
    default:
      // The library's own words depend on how the input was cut.
      return bad_data_error("corrupt zstd: invalid compressed data");
  }
}

class ZstdStream final : public SectionStream {
 public:
  ZstdStream(std::unique_ptr<ByteReader> reader, const InflateLimits& limits)
      : SectionStream(std::move(reader), "zstd", limits), context_(ZSTD_createDCtx()) {
    DRAY_ASSERT(context_ != nullptr);
    const std::size_t code =
        ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, zstd_window_log_max);
    DRAY_ASSERT(ZSTD_isError(code) == 0);
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };

  bool section_begins(Bytes bytes) const override { return is_zstd(bytes); }

  // The context begins a new frame by itself behind the end of one. The library does not hold a
  // frame that ends in an empty block to the length it promised, so we do.
  Result<void> begin_section() override {
    DRAY_TRY(input().fill(zstd_header_bytes_max));
    const Bytes bytes = input().waiting();
    const unsigned long long size = ZSTD_getFrameContentSize(bytes.data(), bytes.size());
    frame_bytes_ = 0;
    const bool is_known = size != ZSTD_CONTENTSIZE_UNKNOWN && size != ZSTD_CONTENTSIZE_ERROR;
    frame_bytes_promised_ = is_known ? std::optional<std::uint64_t>(size) : std::nullopt;
    return {};
  }

  Result<std::size_t> decode(std::span<std::byte> out) override {
    DRAY_TRY(input().fill(1));
    const Bytes bytes = input().waiting();
    ZSTD_inBuffer from{bytes.data(), bytes.size(), 0};
    ZSTD_outBuffer to{out.data(), out.size(), 0};
    const std::size_t code = ZSTD_decompressStream(context_.get(), &to, &from);
    if (ZSTD_isError(code) != 0) return zstd_error(code);
    input().take(from.pos);
    frame_bytes_ += to.pos;
    if (code == 0) {
      if (frame_bytes_promised_.value_or(frame_bytes_) != frame_bytes_) {
        return bad_data_error("corrupt zstd: length does not match");
      }
      end_section();
    } else if (bytes.empty() && to.pos == 0) {
      return truncated("zstd");
    }
    return to.pos;
  }

  std::unique_ptr<ZSTD_DCtx, Free> context_;
  std::optional<std::uint64_t> frame_bytes_promised_;
  std::uint64_t frame_bytes_ = 0;
};

class PlainStream final : public InflateStream {
 public:
  explicit PlainStream(std::unique_ptr<ByteReader> reader) : reader_(std::move(reader)) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    std::size_t filled = 0;
    while (filled < out.size() && !at_end_) {
      DRAY_ASSIGN(const std::size_t count, reader_->read(out.subspan(filled)));
      filled += count;
      at_end_ = count == 0;
    }
    bytes_ += filled;
    return filled;
  }

  std::uint64_t bytes_consumed() const override { return bytes_; }

 private:
  std::unique_ptr<ByteReader> reader_;
  std::uint64_t bytes_ = 0;
  bool at_end_ = false;
};

std::unique_ptr<InflateStream> open_as(Encoding encoding, std::unique_ptr<ByteReader> reader,
                                       const InflateLimits& limits) {
  switch (encoding) {
    case Encoding::gzip:
      return std::make_unique<GzipStream>(std::move(reader), limits);
    case Encoding::zstd:
      return std::make_unique<ZstdStream>(std::move(reader), limits);
    case Encoding::plain:
      break;
  }
  return std::make_unique<PlainStream>(std::move(reader));
}

// A reader whose first bytes can be looked at before they are read.
class SniffedReader final : public ByteReader {
 public:
  explicit SniffedReader(std::unique_ptr<ByteReader> reader) : reader_(std::move(reader)) {}

  // The first bytes, all of them if there are no more.
  Result<Bytes> sniff() {
    while (end_ < bytes_.size()) {
      DRAY_ASSIGN(const std::size_t count, reader_->read(std::span(bytes_).subspan(end_)));
      if (count == 0) break;
      end_ += count;
    }
    return Bytes(bytes_.data(), end_);
  }

  Result<std::size_t> read(std::span<std::byte> buffer) override {
    if (begin_ == end_) return reader_->read(buffer);
    const std::size_t count = std::min(buffer.size(), end_ - begin_);
    std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(begin_), count, buffer.begin());
    begin_ += count;
    return count;
  }

 private:
  std::unique_ptr<ByteReader> reader_;
  std::array<std::byte, sniffed_bytes> bytes_{};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

// Asks the bytes what they are, at the first read.
class SniffedStream final : public InflateStream {
 public:
  SniffedStream(std::unique_ptr<ByteReader> reader, Encoding promised, const InflateLimits& limits)
      : reader_(std::make_unique<SniffedReader>(std::move(reader))),
        promised_(promised),
        limits_(limits) {}

  Result<std::size_t> read(std::span<std::byte> out) override {
    if (stream_ == nullptr) {
      DRAY_ASSIGN(const Bytes bytes, reader_->sniff());
      stream_ = open_as(encoding_of(bytes), std::move(reader_), limits_);
    }
    return stream_->read(out);
  }

  std::uint64_t bytes_consumed() const override {
    return stream_ == nullptr ? 0 : stream_->bytes_consumed();
  }

 private:
  Encoding encoding_of(Bytes bytes) const {
    if (begins_with(bytes, gzip_magic)) return Encoding::gzip;
    if (is_zstd(bytes)) return Encoding::zstd;
    return is_json(bytes) ? Encoding::plain : promised_;
  }

  std::unique_ptr<SniffedReader> reader_;  // until the stream has it
  const Encoding promised_;
  const InflateLimits limits_;
  std::unique_ptr<InflateStream> stream_;
};

}  // namespace

std::unique_ptr<InflateStream> open_inflate(std::unique_ptr<ByteReader> reader, Encoding promised,
                                            const InflateLimits& limits) {
  return std::make_unique<SniffedStream>(std::move(reader), promised, limits);
}

}  // namespace dray
