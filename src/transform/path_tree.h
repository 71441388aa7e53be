// The paths of values that were seen in events, each with its column's slot: the "where does this
// value go" of the hot loop, answered mostly by one comparison.
//
// Threads: one tree belongs to one worker.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "model/record.h"

namespace dray {

constexpr Slot no_slot = 0xFFFF;
// The column cannot be had: there are too many, or the name is too long.
constexpr Slot refused_slot = 0xFFFE;

struct PathNode {
  struct Child {
    std::string key;  // as in the event, escapes resolved
    PathNode* node = nullptr;
    std::uint32_t follower = 0;  // the child that came after this one last time
  };

  std::string path;     // segments joined by '_', without the prefix of the space
  bool hashed = false;  // some segment is a hash
  std::vector<Child> children;
  // By key, once there are too many to look through.
  std::unordered_map<std::string_view, std::uint32_t> index;
  std::uint32_t first = 0;       // the child that came first last time
  std::uint32_t last_event = 0;  // the event that this node was last part of
  Slot slot = no_slot;           // of the value, when it is no object
};

// Keys in the order of one object: each find() predicts the next.
class PathCursor {
 public:
  explicit PathCursor(PathNode& node) : node_(node), expected_(&node.first) {}

  // The child for `key`, or null when it has not been seen.
  PathNode* find(std::string_view key) {
    if (*expected_ < node_.children.size() && node_.children[*expected_].key == key) {
      PathNode::Child& child = node_.children[*expected_];
      expected_ = &child.follower;
      return child.node;
    }
    return find_slowly(key);
  }
  // After find() returned null: `child` is what it will return from now on.
  void add(std::string_view key, PathNode& child);

 private:
  PathNode* find_slowly(std::string_view key);
  PathNode* step_to(std::uint32_t position);

  PathNode& node_;
  std::uint32_t* expected_;
};

class PathPool {
 public:
  PathNode& make() { return nodes_.emplace_back(); }
  std::size_t size() const { return nodes_.size(); }
  // Every node becomes invalid.
  void clear() { nodes_.clear(); }

 private:
  std::deque<PathNode> nodes_;
};

}  // namespace dray
