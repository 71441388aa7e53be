#include "base/hash.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

// XXH3-64 as published: any implementation has to agree, now and after an upgrade of the library.
TEST(Xxh3, HasTheKnownValues) {
  EXPECT_EQ(xxh3(""), 0x2D06800538D394C2U);
  EXPECT_EQ(xxh3("a"), 0xE6C632B61E964E1FU);
  EXPECT_EQ(xxh3("abc"), 0x78AF5F94892F3950U);
}

TEST(Xxh3, IsAnotherFunctionWithASeed) {
  EXPECT_EQ(xxh3("abc", 0), xxh3("abc"));
  EXPECT_NE(xxh3("abc", 1), xxh3("abc"));
  EXPECT_NE(xxh3("abc", 1), xxh3("abc", 2));
  EXPECT_EQ(xxh3("abc", 1), xxh3("abc", 1));
}

// FIPS 180-4, examples.
TEST(Sha256, HasTheKnownValues) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(sha256_hex("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"),
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  EXPECT_EQ(sha256_hex8("abc"), "ba7816bf");
}

TEST(Sha256, ReadsBytesPastNul) {
  EXPECT_NE(sha256_hex(std::string_view("a\0b", 3)), sha256_hex("a"));
}

TEST(RandomSeed, IsNotTheSameTwice) { EXPECT_NE(random_seed(), random_seed()); }

}  // namespace
}  // namespace dray
