#include "base/arena.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <utility>
#include <vector>

namespace dray {
namespace {

TEST(Arena, KeepsACopy) {
  Arena arena;
  std::string text = "before";
  const std::string_view kept = arena.keep(text);
  text = "behind";
  EXPECT_EQ(kept, "before");
}

TEST(Arena, KeepsNothingOfNothing) {
  Arena arena;
  EXPECT_TRUE(arena.keep("").empty());
}

TEST(Arena, NeverMovesWhatItHandedOut) {
  Arena arena;
  std::mt19937 random(1);
  for (int round = 0; round < 3; ++round) {
    std::vector<std::pair<std::string_view, std::string>> kept;
    for (int i = 0; i < 300; ++i) {
      // Small pieces, pieces about a step of memory long, and much longer ones.
      const std::size_t size = i % 50 == 0   ? 200'000 + random() % 1'000
                               : i % 10 == 0 ? 65'530 + random() % 12
                                             : random() % 3'000;
      const std::string text(size, static_cast<char>('a' + i % 26));
      kept.emplace_back(arena.keep(text), text);
    }
    for (const auto& [view, text] : kept)
      ASSERT_EQ(view, text);
    arena.clear();
  }
}

TEST(Arena, StartsWithALargePiece) {
  Arena arena;
  const std::string large(1U << 20, 'x');
  const std::string_view first = arena.keep(large);
  const std::string_view second = arena.keep("small");
  EXPECT_EQ(first, large);
  EXPECT_EQ(second, "small");
}

TEST(Arena, ReusesItsFirstStepAfterClear) {
  Arena arena;
  const char* const first = arena.keep("abc").data();
  arena.keep(std::string(1U << 20, 'x'));
  arena.clear();
  EXPECT_EQ(arena.keep("def").data(), first);
}

TEST(Arena, IsClearedBeforeItHoldsAnything) {
  Arena arena;
  arena.clear();
  EXPECT_EQ(arena.keep("abc"), "abc");
}

}  // namespace
}  // namespace dray
