#include "decode/inflate.h"

#include <gtest/gtest.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "source/memory.h"

namespace dray {
namespace {

std::string gzip(std::string text, int level = 6, gz_header* header = nullptr) {
  z_stream stream{};
  EXPECT_EQ(deflateInit2(&stream, level, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
  if (header != nullptr) {
    EXPECT_EQ(deflateSetHeader(&stream, header), Z_OK);
  }
  std::string out(deflateBound(&stream, text.size()) + 4096, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(text.data());
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

// A header with all that RFC 1952 knows: extra field, name, comment, checksum of itself.
std::string gzip_with_full_header(const std::string& text) {
  std::string extra(300, 'e');
  std::string name = "2026-11-01.json";
  std::string comment = "comment";
  gz_header header{};
  header.extra = reinterpret_cast<Bytef*>(extra.data());
  header.extra_len = static_cast<uInt>(extra.size());
  header.name = reinterpret_cast<Bytef*>(name.data());
  header.comment = reinterpret_cast<Bytef*>(comment.data());
  header.hcrc = 1;
  return gzip(text, 6, &header);
}

std::string zstd(const std::string& text, int checksum = 1, int window_log = 0) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum);
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
  std::string out(ZSTD_compressBound(text.size()), '\0');
  ZSTD_inBuffer from{text.data(), text.size(), 0};
  ZSTD_outBuffer to{out.data(), out.size(), 0};
  // Streamed, so that the frame does not tell its length and needs its window.
  ZSTD_compressStream2(context, &to, &from, ZSTD_e_continue);
  EXPECT_EQ(ZSTD_compressStream2(context, &to, &from, ZSTD_e_end), 0U);
  out.resize(to.pos);
  ZSTD_freeCCtx(context);
  return out;
}

struct Chunking {
  std::size_t in = SIZE_MAX;
  std::size_t out = 64 << 10;
};

Result<std::string> inflate(const std::string& bytes, Encoding encoding, Chunking chunking = {},
                            const InflateLimits& limits = {}) {
  const auto stream = open_inflate(read_memory(bytes, chunking.in), encoding, limits);
  std::string text;
  std::vector<std::byte> buffer(chunking.out);
  while (true) {
    DRAY_ASSIGN(const std::size_t count, stream->read(buffer));
    text.append(reinterpret_cast<const char*>(buffer.data()), count);
    if (count < buffer.size()) break;
  }
  EXPECT_EQ(stream->bytes_consumed(), bytes.size());
  EXPECT_EQ(stream->read(buffer).value(), 0U);
  return text;
}

Error failure(const std::string& bytes, Encoding encoding, Chunking chunking = {}) {
  const auto text = inflate(bytes, encoding, chunking);
  EXPECT_FALSE(text.ok());
  return text.ok() ? Error{} : text.error();
}

std::string lines(std::size_t size) {
  std::mt19937 random(7);
  std::string text;
  while (text.size() < size) {
    // One after the other: in one expression each compiler may choose an order of its own.
    text += R"({"messageId":")" + std::to_string(random());
    text += R"(","type":"track","n":)" + std::to_string(random() % 100) + "}\n";
  }
  return text;
}

std::string noise(std::size_t size) {
  std::mt19937 random(11);
  std::string text(size, '\0');
  std::generate(text.begin(), text.end(), [&] { return static_cast<char>(random()); });
  return text;
}

const std::vector<Chunking> chunkings = {{}, {1, 100}, {3, 1}, {1000, 7}, {SIZE_MAX, 3 << 20}};

TEST(Gzip, GivesBackWhatWasCompressedHoweverItIsCut) {
  for (const std::string& text :
       {std::string("{}\n"), lines(300'000), noise(200'000), std::string(100'000, '\n')}) {
    for (const int level : {0, 1, 9}) {
      const std::string bytes = gzip(text, level);
      for (const Chunking& chunking : chunkings) {
        EXPECT_TRUE(inflate(bytes, Encoding::gzip, chunking).value() == text);
      }
    }
  }
}

TEST(Gzip, ReadsMembersOneBehindTheOther) {
  const std::string bytes =
      gzip("a\n") + gzip("") + gzip(lines(100'000)) + gzip_with_full_header("b\n");
  for (const Chunking& chunking : chunkings) {
    EXPECT_EQ(inflate(bytes, Encoding::gzip, chunking).value(), "a\n" + lines(100'000) + "b\n");
  }
}

TEST(Gzip, ReadsEveryFieldOfAHeaderHoweverItIsCut) {
  for (const Chunking& chunking : chunkings) {
    EXPECT_EQ(inflate(gzip_with_full_header("text"), Encoding::gzip, chunking).value(), "text");
  }
}

TEST(Gzip, NoticesADamagedHeader) {
  std::string bytes = gzip_with_full_header("text");
  bytes[20] = 'x';
  EXPECT_EQ(failure(bytes, Encoding::gzip).message, "corrupt gzip: checksum does not match");
  EXPECT_EQ(failure(bytes, Encoding::gzip, {1, 5}).message,
            "corrupt gzip: checksum does not match");
  bytes = gzip("text");
  bytes[2] = 7;
  EXPECT_EQ(failure(bytes, Encoding::gzip).message, "corrupt gzip: unknown compression method");
}

TEST(Gzip, ToleratesZerosBehindTheLastMember) {
  for (const std::size_t zeros : {1UL, 3UL, 10'000UL, 600'000UL}) {
    const std::string bytes = gzip("a") + std::string(zeros, '\0');
    EXPECT_EQ(inflate(bytes, Encoding::gzip).value(), "a");
    EXPECT_EQ(inflate(bytes, Encoding::gzip, {7, 1}).value(), "a");
  }
}

TEST(Gzip, RefusesAnythingElseBehindTheLastMember) {
  const std::string member = gzip("a");
  for (const std::string& garbage :
       {std::string("garbage"), std::string("\0\0\0x", 4), std::string("\x1f"),
        std::string(1, '\0') + member, std::string("\x1f\x8c\x08\x08")}) {
    for (const Chunking& chunking : chunkings) {
      const Error error = failure(member + garbage, Encoding::gzip, chunking);
      EXPECT_EQ(error.cause, Cause::bad_data);
      const std::size_t zeros = std::min(garbage.find_first_not_of('\0'), garbage.size());
      EXPECT_EQ(error.text(), "has something else behind the gzip data, from byte " +
                                  std::to_string(member.size() + zeros) + " on");
    }
  }
}

TEST(Gzip, NoticesEveryTruncation) {
  const std::string bytes = gzip_with_full_header(lines(2'000));
  for (std::size_t size = 2; size < bytes.size(); ++size) {
    for (const Chunking& chunking : {Chunking{}, Chunking{5, 64}}) {
      const Error error = failure(bytes.substr(0, size), Encoding::gzip, chunking);
      EXPECT_EQ(error.cause, Cause::bad_data);
      EXPECT_EQ(error.text(), "truncated: ends in the middle of the gzip data") << size;
    }
  }
}

TEST(Gzip, NeverTakesADamagedBodyForAGoodOne) {
  const std::string good = gzip(lines(2'000));
  for (std::size_t i = 10; i < good.size(); ++i) {
    std::string bytes = good;
    bytes[i] = static_cast<char>(bytes[i] ^ (1 << (i % 8)));
    const auto text = inflate(bytes, Encoding::gzip);
    if (text.ok()) {
      // Behind the last code are up to seven bits that mean nothing.
      EXPECT_EQ(i, good.size() - 9);
      EXPECT_TRUE(*text == lines(2'000)) << i;
      continue;
    }
    EXPECT_EQ(text.error().cause, Cause::bad_data) << i;
    if (i < good.size() - 8) continue;
    EXPECT_EQ(text.error().text(), "corrupt gzip: checksum does not match") << i;
  }
}

TEST(Inflate, TakesAnEmptyObjectForNothing) {
  for (const Encoding encoding : {Encoding::gzip, Encoding::zstd, Encoding::plain})
    EXPECT_EQ(inflate("", encoding).value(), "");
}

TEST(Gzip, SaysWhatAnObjectIsInstead) {
  EXPECT_EQ(failure("<?xml version", Encoding::gzip).message, "is not gzip (begins with '<?xm')");
  EXPECT_EQ(failure("\x1f", Encoding::gzip).message, "is not gzip (begins with 0x1f)");
  EXPECT_EQ(failure("[]", Encoding::gzip).message, "is not gzip (begins with '[]')");
  EXPECT_EQ(failure("\n", Encoding::gzip).message, "is not gzip (begins with 0x0a)");
  EXPECT_EQ(failure("\n\n[]", Encoding::gzip).cause, Cause::bad_data);
}

TEST(Zstd, GivesBackWhatWasCompressedHoweverItIsCut) {
  for (const std::string& text :
       {std::string(), std::string("{}\n"), lines(300'000), noise(200'000)}) {
    const std::string bytes = zstd(text);
    for (const Chunking& chunking : chunkings) {
      EXPECT_TRUE(inflate(bytes, Encoding::zstd, chunking).value() == text);
    }
  }
}

TEST(Zstd, ReadsFramesOneBehindTheOtherAndSkipsOthers) {
  const std::string skippable("\x5a\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
  const std::string bytes = skippable + zstd("a\n") + zstd("") + skippable + zstd("b\n", 0) +
                            skippable + std::string(9, '\0');
  for (const Chunking& chunking : chunkings) {
    EXPECT_EQ(inflate(bytes, Encoding::zstd, chunking).value(), "a\nb\n");
  }
}

TEST(Zstd, NoticesEveryTruncation) {
  const std::string bytes = zstd(lines(2'000));
  for (std::size_t size = 4; size < bytes.size(); ++size) {
    for (const Chunking& chunking : {Chunking{}, Chunking{5, 64}}) {
      EXPECT_EQ(failure(bytes.substr(0, size), Encoding::zstd, chunking).message,
                "truncated: ends in the middle of the zstd data");
    }
  }
}

TEST(Zstd, NoticesDamage) {
  std::string bytes = zstd(lines(2'000));
  bytes.back() = static_cast<char>(bytes.back() ^ 1);
  EXPECT_EQ(failure(bytes, Encoding::zstd).message, "corrupt zstd: checksum does not match");
  EXPECT_EQ(failure(zstd("a") + "garbage", Encoding::zstd).cause, Cause::bad_data);
  EXPECT_NE(failure(zstd("a") + "garbage", Encoding::zstd).message.find("something else"),
            std::string::npos);
}

TEST(Zstd, HoldsAFrameToTheLengthItPromisedEvenIfItEndsInAnEmptyBlock) {
  // 6,477 bytes promised in the header, one block of none.
  const std::string bytes("\x28\xb5\x2f\xfd\x50\x2a\x4d\x18\x01\x00\x00", 11);
  for (const Chunking& chunking : chunkings) {
    EXPECT_EQ(failure(bytes, Encoding::zstd, chunking).cause, Cause::bad_data);
  }
}

TEST(Zstd, RefusesAWindowThatWouldTakeTooMuchMemory) {
  EXPECT_TRUE(inflate(zstd("a", 1, 27), Encoding::zstd).ok());
  const Error error = failure(zstd("a", 1, 28), Encoding::zstd);
  EXPECT_EQ(error.cause, Cause::bad_data);
  EXPECT_EQ(error.text(),
            "needs a zstd window of more than 128 MiB: compress it again without --long");
}

TEST(Zstd, SaysWhatAnObjectIsInstead) {
  EXPECT_EQ(failure("<?xml version", Encoding::zstd).message, "is not zstd (begins with '<?xm')");
}

TEST(Plain, PassesBytesAsTheyAre) {
  for (const Chunking& chunking : chunkings) {
    EXPECT_EQ(inflate("", Encoding::plain, chunking).value(), "");
    EXPECT_EQ(inflate(noise(100'000), Encoding::plain, chunking).value(), noise(100'000));
  }
}

TEST(Sniffing, TheFirstBytesCountAndNotTheName) {
  const std::string text = "{\"a\":1}\n";
  const std::string skippable("\x5a\x2a\x4d\x18\x03\x00\x00\x00xyz", 11);
  for (const Encoding promised : {Encoding::gzip, Encoding::zstd, Encoding::plain}) {
    for (const Chunking& chunking : chunkings) {
      EXPECT_EQ(inflate(text, promised, chunking).value(), text);
      EXPECT_EQ(inflate("\n \t\r\n" + text, promised, chunking).value(), "\n \t\r\n" + text);
      EXPECT_EQ(inflate("\xef\xbb\xbf" + text, promised, chunking).value(), "\xef\xbb\xbf" + text);
      EXPECT_EQ(inflate(gzip(text), promised, chunking).value(), text);
      EXPECT_EQ(inflate(zstd(text), promised, chunking).value(), text);
      EXPECT_EQ(inflate(skippable + zstd(text), promised, chunking).value(), text);
      EXPECT_TRUE(inflate(gzip(lines(300'000)), promised, chunking).value() == lines(300'000));
    }
  }
}

TEST(Sniffing, WhatIsCompressedMustBeWholeWhateverItsName) {
  for (const Encoding promised : {Encoding::gzip, Encoding::zstd, Encoding::plain}) {
    EXPECT_EQ(failure("\x1f\x8b", promised).message,
              "truncated: ends in the middle of the gzip data");
    EXPECT_EQ(failure(zstd("a").substr(0, 7), promised).message,
              "truncated: ends in the middle of the zstd data");
  }
}

TEST(Expansion, IsStoppedPastItsLimit) {
  const std::string zeros(10 << 20, '\0');
  const InflateLimits tight{.expansion_ratio_max = 50, .expansion_free_bytes = 1 << 20};
  for (const Encoding encoding : {Encoding::gzip, Encoding::zstd}) {
    const auto stream = open_inflate(
        read_memory(encoding == Encoding::gzip ? gzip(zeros) : zstd(zeros)), encoding, tight);
    std::vector<std::byte> buffer(64 << 10);
    std::size_t total = 0;
    Result<std::size_t> count = stream->read(buffer);
    for (; count.ok() && *count > 0; count = stream->read(buffer))
      total += *count;
    ASSERT_FALSE(count.ok());
    EXPECT_EQ(count.error().cause, Cause::bad_data);
    EXPECT_EQ(count.error().text(), "expands more than 50-fold");
    EXPECT_LE(total, tight.expansion_free_bytes + buffer.size());
  }
}

TEST(Expansion, IsNotJudgedInSmallObjectsNorInTheDensestGzip) {
  const std::string zeros(80 << 20, '\0');
  EXPECT_EQ(inflate(gzip(zeros, 9), Encoding::gzip).value().size(), zeros.size());
  const InflateLimits tight{.expansion_ratio_max = 50, .expansion_free_bytes = 1 << 20};
  EXPECT_TRUE(inflate(gzip(std::string(1 << 20, '\0')), Encoding::gzip, {}, tight).ok());
  EXPECT_TRUE(inflate(gzip(lines(5 << 20)), Encoding::gzip, {}, tight).ok());
}

class BrokenReader final : public ByteReader {
 public:
  explicit BrokenReader(std::string bytes) : bytes_(read_memory(std::move(bytes))) {}
  Result<std::size_t> read(std::span<std::byte> buffer) override {
    DRAY_ASSIGN(const std::size_t count, bytes_->read(buffer));
    if (count == 0) return transient_error("connection reset");
    return count;
  }

 private:
  std::unique_ptr<ByteReader> bytes_;
};

TEST(Inflate, PassesTheReadersErrorOn) {
  for (const auto& [bytes, encoding] :
       {std::pair{gzip("abc"), Encoding::gzip}, std::pair{zstd("abc"), Encoding::zstd},
        std::pair{std::string("abc"), Encoding::plain}}) {
    const auto stream =
        open_inflate(std::make_unique<BrokenReader>(bytes.substr(0, bytes.size() - 1)), encoding);
    std::vector<std::byte> buffer(100);
    const auto count = stream->read(buffer);
    ASSERT_FALSE(count.ok());
    EXPECT_EQ(count.error().cause, Cause::transient);
    EXPECT_EQ(count.error().text(), "connection reset");
  }
}

}  // namespace
}  // namespace dray
