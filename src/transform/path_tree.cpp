#include "transform/path_tree.h"

#include <bit>

#include "base/text_hash.h"

namespace dray {
namespace {

// Up to here looking through the children beats hashing the key.
constexpr std::size_t children_searched_max = 8;

}  // namespace

PathNode::Child* PathCursor::step_to(std::uint32_t position) {
  *expected_ = position;
  PathNode::Child& child = node_.children[position];
  expected_ = &child.follower;
  return &child;
}

PathNode::Child* PathCursor::find_slowly(std::string_view key) {
  if (!node_.index.empty()) {
    const std::uint32_t found = place_of(key);
    return found == 0 ? nullptr : step_to(found - 1);
  }
  for (std::uint32_t i = 0; i < node_.children.size(); ++i) {
    if (equal_bytes(node_.children[i].key, key)) return step_to(i);
  }
  return nullptr;
}

std::uint32_t& PathCursor::place_of(std::string_view key) {
  const std::size_t mask = node_.index.size() - 1;
  for (std::size_t at = TextHash()(key) & mask;; at = (at + 1) & mask) {
    std::uint32_t& place = node_.index[at];
    if (place == 0 || equal_bytes(node_.children[place - 1].key, key)) return place;
  }
}

void PathCursor::rebuild_index() {
  node_.index.assign(std::bit_ceil(node_.children.size() * 4), 0);
  std::uint32_t number = 0;
  for (const PathNode::Child& child : node_.children)
    place_of(child.key) = ++number;
}

PathNode::Child& PathCursor::add(std::string_view key, PathNode& node) {
  const auto position = static_cast<std::uint32_t>(node_.children.size());
  *expected_ = position;
  node_.children.push_back({std::string(key), &node, position + 1});
  PathNode::Child& child = node_.children.back();
  expected_ = &child.follower;
  if (node_.children.size() <= children_searched_max) return child;
  if (node_.children.size() * 2 > node_.index.size()) {
    rebuild_index();
  } else {
    place_of(key) = position + 1;
  }
  return child;
}

}  // namespace dray
