// The paths of values that were seen in events, each with its column's slot: the "where does this
// value go" of the hot loop, answered mostly by one comparison.
//
// Threads: one tree belongs to one worker.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

#include "base/short_bytes.h"
#include "model/record.h"

namespace dray {

constexpr Slot no_slot = 0xFFFF;
// The column cannot be had: there are too many, or the name is too long.
constexpr Slot refused_slot = 0xFFFE;

struct PathNode {
  // What every event asks for is here, side by side with what comes before and after it: with a
  // thousand kinds of events nothing is in the cache any more when its turn comes.
  struct Child {
    std::string key;               // as in the event, escapes resolved
    PathNode* node = nullptr;      // asked for only when the value is an object
    std::uint32_t follower = 0;    // the child that came after this one last time
    std::uint32_t last_event = 0;  // the event that this child was last part of
    Slot slot = no_slot;           // of the value, when it is no object
  };

  std::string path;         // segments joined by '_', without the prefix of the space
  std::string source;       // the keys joined by '.', the space's name in front; perhaps cut
  bool hashed = false;      // some segment is a hash
  std::uint32_t first = 0;  // the child that came first last time
  std::vector<Child> children;
  // Once there are too many children to look through: a hash table of their positions, 1 for the
  // first and 0 for none, at most half full.
  std::vector<std::uint32_t> index;
};

// Keys in the order of one object: each find() predicts the next.
class PathCursor {
 public:
  explicit PathCursor(PathNode& node) : node_(node), expected_(&node.first) {}

  // The child for `key`, or null when it has not been seen. It stays where it is until the next
  // add() to its parent.
  PathNode::Child* find(std::string_view key) {
    if (*expected_ < node_.children.size() && equal_bytes(node_.children[*expected_].key, key)) {
      PathNode::Child& child = node_.children[*expected_];
      expected_ = &child.follower;
      return &child;
    }
    return find_slowly(key);
  }
  // After find() returned null: the child that it will return from now on.
  PathNode::Child& add(std::string_view key, PathNode& node);

 private:
  PathNode::Child* find_slowly(std::string_view key);
  // The place in the index of `key`'s child, or where it would be.
  std::uint32_t& place_of(std::string_view key);
  void rebuild_index();
  PathNode::Child* step_to(std::uint32_t position);

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
