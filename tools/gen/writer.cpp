#include "gen/writer.h"

#include <fcntl.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

namespace dray::gen {
namespace {

constexpr std::size_t chunk_bytes = 256 * 1024;

class Plain final : public Compressor {
 public:
  Failure compress(std::string_view text, Flush, std::string& out) override {
    out.append(text);
    return std::nullopt;
  }
};

class Gzip final : public Compressor {
 public:
  explicit Gzip(int level) {
    // 15 + 16: the largest window, in a gzip wrapper whose header holds no time and no name.
    ready_ = deflateInit2(&stream_, level, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY) == Z_OK;
  }
  ~Gzip() override {
    if (ready_) deflateEnd(&stream_);
  }
  Gzip(const Gzip&) = delete;
  Gzip& operator=(const Gzip&) = delete;
  bool ready() const { return ready_; }

  Failure compress(std::string_view text, Flush flush, std::string& out) override {
    // zlib counts in 32 bits.
    while (text.size() > chunk_bytes) {
      if (auto failure = step(text.substr(0, chunk_bytes), Z_NO_FLUSH, out)) return failure;
      text.remove_prefix(chunk_bytes);
    }
    if (auto failure = step(text, flush == Flush::end ? Z_FINISH : Z_NO_FLUSH, out)) return failure;
    if (flush == Flush::end && deflateReset(&stream_) != Z_OK) return "gzip: cannot begin anew";
    return std::nullopt;
  }

 private:
  Failure step(std::string_view text, int mode, std::string& out) {
    // zlib reads only, but says so in newer versions alone.
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());
    int result = Z_OK;
    do {
      const std::size_t before = out.size();
      out.resize(before + chunk_bytes);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + before);
      stream_.avail_out = static_cast<uInt>(chunk_bytes);
      result = deflate(&stream_, mode);
      out.resize(before + chunk_bytes - stream_.avail_out);
      if (result == Z_STREAM_ERROR) return "gzip: the stream is broken";
    } while (mode == Z_FINISH ? result != Z_STREAM_END : stream_.avail_out == 0);
    return std::nullopt;
  }

  z_stream stream_{};
  bool ready_ = false;
};

class Zstd final : public Compressor {
 public:
  explicit Zstd(int level) : context_(ZSTD_createCCtx()) {
    if (context_ == nullptr) return;
    ZSTD_CCtx_setParameter(context_, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  ~Zstd() override { ZSTD_freeCCtx(context_); }
  Zstd(const Zstd&) = delete;
  Zstd& operator=(const Zstd&) = delete;
  bool ready() const { return context_ != nullptr; }

  Failure compress(std::string_view text, Flush flush, std::string& out) override {
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    const auto mode = flush == Flush::end ? ZSTD_e_end : ZSTD_e_continue;
    std::size_t left = 0;
    do {
      const std::size_t before = out.size();
      out.resize(before + chunk_bytes);
      ZSTD_outBuffer to{out.data() + before, chunk_bytes, 0};
      left = ZSTD_compressStream2(context_, &to, &in, mode);
      out.resize(before + to.pos);
      if (ZSTD_isError(left) != 0) return std::string{"zstd: "} + ZSTD_getErrorName(left);
    } while (flush == Flush::end ? left != 0 : in.pos < in.size);
    return std::nullopt;
  }

 private:
  ZSTD_CCtx* context_;
};

template <class T>
std::unique_ptr<Compressor> ready_or_null(std::unique_ptr<T> made) {
  if (!made->ready()) return nullptr;
  return made;
}

}  // namespace

Failure level_fault(Format format, int level) {
  if (format == Format::gz && (level < 1 || level > 9)) return "--level must be from 1 to 9 for gz";
  if (format == Format::zst && (level < 1 || level > 19))
    return "--level must be from 1 to 19 for zst";
  return std::nullopt;
}

std::unique_ptr<Compressor> make_compressor(Format format, int level) {
  switch (format) {
    case Format::gz:
      return ready_or_null(std::make_unique<Gzip>(level));
    case Format::zst:
      return ready_or_null(std::make_unique<Zstd>(level));
    case Format::json:
      return std::make_unique<Plain>();
  }
  return nullptr;
}

ObjectWriter::ObjectWriter(Compressor& compressor, std::filesystem::path path)
    : compressor_(compressor),
      path_(std::move(path)),
      unfinished_(path_.parent_path() / ("." + path_.filename().string() + ".part")) {}

ObjectWriter::~ObjectWriter() {
  if (file_ < 0) return;
  ::close(file_);
  ::unlink(unfinished_.c_str());
}

Failure ObjectWriter::failed(std::string_view what) const {
  return std::string{what} + " " + path_.string() + ": " + std::generic_category().message(errno);
}

Failure ObjectWriter::open() {
  std::error_code error;
  std::filesystem::create_directories(path_.parent_path(), error);
  if (error) return "make directory " + path_.parent_path().string() + ": " + error.message();
  file_ = ::open(unfinished_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (file_ < 0) return failed("open");
  return std::nullopt;
}

Failure ObjectWriter::store(std::string_view text, Compressor::Flush flush) {
  buffer_.clear();
  if (auto failure = compressor_.compress(text, flush, buffer_)) return failure;
  std::string_view left = buffer_;
  while (!left.empty()) {
    const ssize_t written = ::write(file_, left.data(), left.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed("write");
    left.remove_prefix(static_cast<std::size_t>(written));
  }
  stored_bytes_ += buffer_.size();
  return std::nullopt;
}

Failure ObjectWriter::write(std::string_view text) { return store(text, Compressor::Flush::more); }

Failure ObjectWriter::publish() {
  if (auto failure = store({}, Compressor::Flush::end)) return failure;
  const int closed = ::close(std::exchange(file_, -1));
  if (closed != 0) {
    auto failure = failed("close");
    ::unlink(unfinished_.c_str());
    return failure;
  }
  if (::rename(unfinished_.c_str(), path_.c_str()) != 0) {
    auto failure = failed("rename");
    ::unlink(unfinished_.c_str());
    return failure;
  }
  return std::nullopt;
}

}  // namespace dray::gen
