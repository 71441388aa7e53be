#include "base/short_bytes.h"

#include <gtest/gtest.h>

#include <string>

namespace dray {
namespace {

std::string letters(std::size_t size) {
  std::string text;
  for (std::size_t i = 0; i < size; ++i)
    text += static_cast<char>('a' + i % 26);
  return text;
}

TEST(PutBytes, WritesTextsOfEveryLengthAndNothingBehind) {
  for (std::size_t size = 0; size <= 130; ++size) {
    const std::string text = letters(size);
    std::string out(size + 1, '#');
    EXPECT_EQ(put_bytes(text, out.data()), out.data() + size);
    EXPECT_EQ(out, text + '#');
  }
}

TEST(EqualBytes, SeesADifferenceInEveryByteOfEveryLength) {
  for (std::size_t size = 0; size <= 40; ++size) {
    const std::string text = letters(size);
    EXPECT_TRUE(equal_bytes(text, letters(size)));
    EXPECT_FALSE(equal_bytes(text, letters(size + 1)));
    for (std::size_t at = 0; at < size; ++at) {
      std::string other = text;
      other[at] = '\x80';
      EXPECT_FALSE(equal_bytes(text, other)) << size << " " << at;
    }
  }
}

}  // namespace
}  // namespace dray
