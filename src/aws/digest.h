// Digests that AWS asks for or gives, as bytes and as text. Pure functions.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace dray {

// 32 bytes, of one text behind the other.
std::string sha256(std::string_view bytes, std::string_view more = {});
// 32 bytes.
std::string hmac_sha256(std::string_view key, std::string_view bytes);
// 20 bytes. Not for security: AWS's command line names files by it.
std::string sha1(std::string_view bytes);
// 16 bytes. Not for security: Content-MD5 and the ETag are made of it.
std::string md5(std::string_view bytes);

// Lower case.
std::string to_hex(std::string_view bytes);
// Nothing for an odd length or other digits.
std::optional<std::string> from_hex(std::string_view text);
std::string to_base64(std::string_view bytes);

// A digest over bytes that come piece by piece.
class Checksum {
 public:
  virtual ~Checksum() = default;
  virtual void add(std::string_view bytes) = 0;
  // In base64, big-endian: as x-amz-checksum-* shows it. Nothing may be added afterwards.
  virtual std::string finish() = 0;
};

// `name` as behind "x-amz-checksum-": crc32, crc32c, crc64nvme, sha1, sha256; null for another.
std::unique_ptr<Checksum> make_checksum(std::string_view name);

}  // namespace dray
