#include "base/path_text.h"

#include <gtest/gtest.h>

#include <random>
#include <set>

namespace dray {
namespace {

TEST(PathText, LeavesWhatIsUtf8AsItIs) {
  for (const char* path : {"", "a/b.json.gz", "Käse/日本.gz", "100%25.gz", "a\\b.gz", "a\\x41.gz",
                           "a\\xe9.gz", "a\\xE.gz", "tab\tnew\nline"})
    EXPECT_EQ(path_to_text(path), path);
}

TEST(PathText, EscapesBytesThatAreNoUtf8) {
  EXPECT_EQ(path_to_text("caf\xE9.gz"), "caf\\xE9.gz");
  EXPECT_EQ(path_to_text("\xED\xA0\x80"), "\\xED\\xA0\\x80") << "a surrogate";
  EXPECT_EQ(path_to_text("\xC3"), "\\xC3") << "cut off";
  EXPECT_EQ(path_to_text(std::string_view("a\0b", 3)), "a\\x00b");
}

TEST(PathText, EscapesWhatOnlyLooksLikeAnEscape) {
  EXPECT_EQ(path_to_text("caf\\xE9.gz"), "caf\\x5CxE9.gz");
  EXPECT_EQ(path_to_text("\\x5CxE9"), "\\x5Cx5CxE9");
}

// Bytes of which escapes are made, so that all of their mixtures come.
TEST(PathText, GivesEachPathATextOfItsOwnAndTheWayBack) {
  std::mt19937 random(1);
  constexpr std::string_view bytes = "\\\\x5CE9\xE9\xC3\xBC/a";
  std::set<std::string> paths;
  std::set<std::string> texts;
  for (int i = 0; i < 200'000; ++i) {
    std::string path;
    for (std::size_t left = random() % 12; left > 0; --left)
      path += bytes[random() % bytes.size()];
    const std::string text = path_to_text(path);
    ASSERT_EQ(text_to_path(text), path);
    ASSERT_EQ(typed_to_text(text), text);
    paths.insert(path);
    texts.insert(text);
  }
  EXPECT_EQ(paths.size(), texts.size());
}

}  // namespace
}  // namespace dray
