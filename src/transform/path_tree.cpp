#include "transform/path_tree.h"

namespace dray {
namespace {

// Up to here looking through the children beats hashing the key.
constexpr std::size_t children_searched_max = 8;

}  // namespace

PathNode* PathCursor::step_to(std::uint32_t position) {
  *expected_ = position;
  PathNode::Child& child = node_.children[position];
  expected_ = &child.follower;
  return child.node;
}

PathNode* PathCursor::find_slowly(std::string_view key) {
  if (node_.children.size() > children_searched_max) {
    const auto found = node_.index.find(key);
    return found == node_.index.end() ? nullptr : step_to(found->second);
  }
  for (std::uint32_t i = 0; i < node_.children.size(); ++i) {
    if (node_.children[i].key == key) return step_to(i);
  }
  return nullptr;
}

void PathCursor::add(std::string_view key, PathNode& child) {
  const auto position = static_cast<std::uint32_t>(node_.children.size());
  *expected_ = position;
  const bool moved = node_.children.size() == node_.children.capacity();
  node_.children.push_back({std::string(key), &child, position + 1});
  expected_ = &node_.children.back().follower;
  // The index views the children's own keys, which move when the vector grows.
  if (node_.children.size() <= children_searched_max) return;
  if (moved || node_.index.empty()) {
    node_.index.clear();
    for (std::uint32_t i = 0; i <= position; ++i)
      node_.index.emplace(node_.children[i].key, i);
  } else {
    node_.index.emplace(node_.children.back().key, position);
  }
}

}  // namespace dray
