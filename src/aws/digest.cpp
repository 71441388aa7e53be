#include "aws/digest.h"

#include <openssl/evp.h>

#include <array>
#include <bit>
#include <concepts>
#include <cstring>

#include "base/result.h"

namespace dray {
namespace {

// A CRC of reflected bits, eight bytes at a step ("slicing by 8").
template <std::unsigned_integral Word, Word polynomial>
class Crc final : public Checksum {
 public:
  void add(std::string_view bytes) override {
    Word crc = crc_;
    while (bytes.size() >= 8) {
      std::array<std::uint8_t, 8> step{};
      std::memcpy(step.data(), bytes.data(), 8);
      for (std::size_t i = 0; i < sizeof(Word); ++i)
        step[i] = static_cast<std::uint8_t>(step[i] ^ (crc >> (8 * i)));
      crc = 0;
      for (std::size_t i = 0; i < 8; ++i)
        crc ^= tables[7 - i][step[i]];
      bytes.remove_prefix(8);
    }
    for (const char byte : bytes) {
      crc = tables[0][static_cast<std::uint8_t>(crc ^ static_cast<std::uint8_t>(byte))] ^
            static_cast<Word>(crc >> 8);
    }
    crc_ = crc;
  }

  std::string finish() override {
    const Word crc = ~crc_;
    std::string bytes;
    for (std::size_t i = sizeof(Word); i-- > 0;)
      bytes.push_back(static_cast<char>(crc >> (8 * i)));
    return to_base64(bytes);
  }

 private:
  using Tables = std::array<std::array<Word, 256>, 8>;

  static constexpr Tables make_tables() {
    Tables made{};
    for (unsigned byte = 0; byte < 256; ++byte) {
      Word crc = byte;
      for (int bit = 0; bit < 8; ++bit)
        crc = (crc & 1) != 0 ? (crc >> 1) ^ polynomial : crc >> 1;
      made[0][byte] = crc;
    }
    for (unsigned byte = 0; byte < 256; ++byte) {
      for (std::size_t i = 1; i < 8; ++i) {
        const Word before = made[i - 1][byte];
        made[i][byte] = made[0][before & 0xff] ^ (before >> 8);
      }
    }
    return made;
  }

  static constexpr Tables tables = make_tables();
  Word crc_ = ~Word{0};
};

// The polynomials, bits reflected: ISO-HDLC, Castagnoli, NVM Express.
using Crc32 = Crc<std::uint32_t, 0xEDB88320U>;
using Crc32c = Crc<std::uint32_t, 0x82F63B78U>;
using Crc64Nvme = Crc<std::uint64_t, 0x9A6C9329AC4BC9B5U>;

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

constexpr std::size_t sha256_bytes = 32;
constexpr std::size_t sha256_block_bytes = 64;

class EvpChecksum final : public Checksum {
 public:
  explicit EvpChecksum(const EVP_MD* kind) : context_(EVP_MD_CTX_new()) {
    DRAY_ASSERT(context_ != nullptr && EVP_DigestInit_ex(context_.get(), kind, nullptr) == 1);
  }
  void add(std::string_view bytes) override {
    const int done = EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size());
    DRAY_ASSERT(done == 1);
  }
  std::string finish() override {
    std::string digest(EVP_MAX_MD_SIZE, '\0');
    unsigned size = 0;
    const int done =
        EVP_DigestFinal_ex(context_.get(), reinterpret_cast<unsigned char*>(digest.data()), &size);
    DRAY_ASSERT(done == 1);
    return to_base64(std::string_view(digest).substr(0, size));
  }

 private:
  std::unique_ptr<EVP_MD_CTX, FreeContext> context_;
};

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return std::nullopt;
}

std::string digest_of(std::string_view bytes, const EVP_MD* kind) {
  std::string digest(EVP_MAX_MD_SIZE, '\0');
  unsigned size = 0;
  const int done =
      EVP_Digest(bytes.data(), bytes.size(), reinterpret_cast<unsigned char*>(digest.data()), &size,
                 kind, nullptr);
  DRAY_ASSERT(done == 1);
  digest.resize(size);
  return digest;
}

}  // namespace

std::string sha256(std::string_view bytes, std::string_view more) {
  // OpenSSL 3 looks an algorithm up by its name each time and makes a context for it; for a
  // request's few short texts that costs several times what hashing them does.
  static const EVP_MD* const kind = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, FreeContext> context(EVP_MD_CTX_new());
  std::string digest(sha256_bytes, '\0');
  const bool done =
      kind != nullptr && context != nullptr &&
      EVP_DigestInit_ex2(context.get(), kind, nullptr) == 1 &&
      EVP_DigestUpdate(context.get(), bytes.data(), bytes.size()) == 1 &&
      EVP_DigestUpdate(context.get(), more.data(), more.size()) == 1 &&
      EVP_DigestFinal_ex(context.get(), reinterpret_cast<unsigned char*>(digest.data()), nullptr) ==
          1;
  DRAY_ASSERT(done);
  return digest;
}

// RFC 2104.
std::string hmac_sha256(std::string_view key, std::string_view bytes) {
  std::array<char, sha256_block_bytes> inner{};
  if (key.size() > inner.size()) return hmac_sha256(sha256(key), bytes);
  key.copy(inner.data(), key.size());
  std::array<char, sha256_block_bytes> outer = inner;
  for (std::size_t i = 0; i < inner.size(); ++i) {
    inner[i] = static_cast<char>(inner[i] ^ 0x36);
    outer[i] = static_cast<char>(outer[i] ^ 0x5c);
  }
  return sha256({outer.data(), outer.size()}, sha256({inner.data(), inner.size()}, bytes));
}

std::string sha1(std::string_view bytes) { return digest_of(bytes, EVP_sha1()); }

std::string md5(std::string_view bytes) { return digest_of(bytes, EVP_md5()); }

std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    text.push_back(digits[static_cast<std::uint8_t>(byte) >> 4]);
    text.push_back(digits[static_cast<std::uint8_t>(byte) & 15]);
  }
  return text;
}

std::optional<std::string> from_hex(std::string_view text) {
  if (text.size() % 2 != 0) return std::nullopt;
  std::string bytes;
  for (std::size_t i = 0; i < text.size(); i += 2) {
    const auto high = hex_digit(text[i]);
    const auto low = hex_digit(text[i + 1]);
    if (!high || !low) return std::nullopt;
    bytes.push_back(static_cast<char>(*high * 16 + *low));
  }
  return bytes;
}

std::string to_base64(std::string_view bytes) {
  // EVP_EncodeBlock ends with a 0 byte of its own.
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                                   reinterpret_cast<const unsigned char*>(bytes.data()),
                                   static_cast<int>(bytes.size()));
  text.resize(static_cast<std::size_t>(size));
  return text;
}

std::unique_ptr<Checksum> make_checksum(std::string_view name) {
  if (name == "crc32") return std::make_unique<Crc32>();
  if (name == "crc32c") return std::make_unique<Crc32c>();
  if (name == "crc64nvme") return std::make_unique<Crc64Nvme>();
  if (name == "sha1") return std::make_unique<EvpChecksum>(EVP_sha1());
  if (name == "sha256") return std::make_unique<EvpChecksum>(EVP_sha256());
  return nullptr;
}

}  // namespace dray
