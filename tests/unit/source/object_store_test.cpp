#include "source/object_store.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

std::vector<ObjectInfo> objects(std::initializer_list<std::pair<const char*, const char*>> pairs) {
  std::vector<ObjectInfo> made;
  for (const auto& [key, version] : pairs)
    made.push_back({key, 1, version, Encoding::plain, {}});
  return made;
}

TEST(SortByKey, KeepsTheLastOfAKeyThatComesTwice) {
  auto found = objects({{"b", "1"}, {"a", "1"}, {"b", "2"}, {"c", "1"}, {"a", "2"}, {"a", "3"}});
  sort_by_key(found);
  EXPECT_EQ(found, objects({{"a", "3"}, {"b", "2"}, {"c", "1"}}));
}

TEST(SortByKey, ComparesBytes) {
  auto found = objects({{"a", ""}, {"A", ""}, {"\xFF", ""}, {"a.b", ""}, {"a-b", ""}});
  sort_by_key(found);
  EXPECT_EQ(found, objects({{"A", ""}, {"a", ""}, {"a-b", ""}, {"a.b", ""}, {"\xFF", ""}}));
}

}  // namespace
}  // namespace dray
