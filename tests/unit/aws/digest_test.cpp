#include "aws/digest.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

std::string checksum_hex(std::string_view name, std::string_view bytes, std::size_t step) {
  const auto checksum = make_checksum(name);
  for (std::size_t at = 0; at < bytes.size(); at += step)
    checksum->add(bytes.substr(at, step));
  return checksum->finish();
}

// The check values of the catalogue of parametrised CRC algorithms, over "123456789", in base64.
TEST(Checksum, GivesTheCheckValuesHoweverTheBytesArrive) {
  const std::string_view check = "123456789";
  for (const std::size_t step : {1U, 2U, 8U, 9U}) {
    EXPECT_EQ(checksum_hex("crc32", check, step), to_base64(*from_hex("cbf43926")));
    EXPECT_EQ(checksum_hex("crc32c", check, step), to_base64(*from_hex("e3069283")));
    EXPECT_EQ(checksum_hex("crc64nvme", check, step), to_base64(*from_hex("ae8b14860a799888")));
    EXPECT_EQ(checksum_hex("sha1", check, step),
              to_base64(*from_hex("f7c3bc1d808e04732adf679965ccc34ca7ae3441")));
    EXPECT_EQ(
        checksum_hex("sha256", check, step),
        to_base64(*from_hex("15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225")));
  }
  EXPECT_EQ(make_checksum("md4"), nullptr);
}

TEST(Checksum, TakesEightBytesAtAStepAsItTakesOne) {
  std::string bytes;
  for (int i = 0; i < 1000; ++i)
    bytes.push_back(static_cast<char>(i * 37));
  for (const char* name : {"crc32", "crc32c", "crc64nvme"})
    EXPECT_EQ(checksum_hex(name, bytes, 1), checksum_hex(name, bytes, 1000)) << name;
}

TEST(Md5, IsRfc1321s) { EXPECT_EQ(to_hex(md5("abc")), "900150983cd24fb0d6963f7d28e17f72"); }

TEST(HmacSha256, IsRfc4231s) {
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
}

TEST(FromHex, RefusesWhatIsNoHex) {
  EXPECT_EQ(from_hex("0aFF"), std::string("\x0a\xff"));
  EXPECT_FALSE(from_hex("0aF"));
  EXPECT_FALSE(from_hex("0g"));
}

}  // namespace
}  // namespace dray
