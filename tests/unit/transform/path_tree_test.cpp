#include "transform/path_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace dray {
namespace {

// As the transformer does: what is not known is added.
PathNode& child(PathCursor& cursor, PathPool& pool, std::string_view key) {
  if (PathNode::Child* known = cursor.find(key)) return *known->node;
  PathNode& made = pool.make();
  made.path = key;
  return *cursor.add(key, made).node;
}

TEST(PathCursor, FindsNothingInANewNode) {
  PathPool pool;
  PathNode& node = pool.make();
  EXPECT_EQ(PathCursor(node).find("a"), nullptr);
  EXPECT_EQ(PathCursor(node).find(""), nullptr);
}

TEST(PathCursor, FindsWhatWasAdded) {
  PathPool pool;
  PathNode& node = pool.make();
  PathCursor cursor(node);
  PathNode& empty_key = child(cursor, pool, "");
  PathNode& a = child(cursor, pool, "a");
  EXPECT_EQ(PathCursor(node).find("a")->node, &a);
  EXPECT_EQ(PathCursor(node).find("")->node, &empty_key);
  EXPECT_EQ(PathCursor(node).find("b"), nullptr);
}

TEST(PathCursor, FindsTheSameChildrenInAnyOrder) {
  PathPool pool;
  PathNode& node = pool.make();
  std::vector<std::string> keys;
  // More than are looked through, with keys short enough to lie inside their strings.
  for (int i = 0; i < 100; ++i)
    keys.push_back("k" + std::to_string(i));
  std::map<std::string, PathNode*> known;
  std::mt19937 random(2);
  for (int round = 0; round < 500; ++round) {
    std::ranges::shuffle(keys, random);
    PathCursor cursor(node);
    const std::size_t count = random() % keys.size();
    for (std::size_t i = 0; i < count; ++i) {
      PathNode& found = child(cursor, pool, keys[i]);
      PathNode*& expected = known.try_emplace(keys[i], &found).first->second;
      ASSERT_EQ(&found, expected) << keys[i];
      ASSERT_EQ(found.path, keys[i]);
    }
  }
  EXPECT_EQ(node.children.size(), known.size());
}

TEST(PathCursor, FindsTheSameKeyTwiceInOneObject) {
  PathPool pool;
  PathNode& node = pool.make();
  PathCursor cursor(node);
  PathNode& a = child(cursor, pool, "a");
  EXPECT_EQ(&child(cursor, pool, "a"), &a);
  child(cursor, pool, "b");
  EXPECT_EQ(&child(cursor, pool, "a"), &a);
  EXPECT_EQ(node.children.size(), 2u);
}

TEST(PathCursor, LearnsTheOrderOfKeys) {
  PathPool pool;
  PathNode& node = pool.make();
  for (const auto& order : {std::vector{"a", "b", "c"}, std::vector{"c", "a", "b"}}) {
    PathCursor cursor(node);
    for (const char* key : order)
      child(cursor, pool, key);
  }
  // The second order's first key is now expected first, and each key's follower is the latest one.
  EXPECT_EQ(node.children[node.first].key, "c");
  EXPECT_EQ(node.children[node.children[node.first].follower].key, "a");
  EXPECT_EQ(node.children[node.children[0].follower].key, "b");
}

TEST(PathPool, NeverMovesItsNodes) {
  PathPool pool;
  PathNode& first = pool.make();
  first.path = "first";
  for (int i = 0; i < 10'000; ++i)
    pool.make();
  EXPECT_EQ(first.path, "first");
  EXPECT_EQ(pool.size(), 10'001u);
  pool.clear();
  EXPECT_EQ(pool.size(), 0u);
}

}  // namespace
}  // namespace dray
