// Objects in memory, for tests: a store whose content changes when the test says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/byte_reader.h"
#include "source/object_store.h"

namespace dray {

// Reads `bytes`, at most `bytes_per_read` in one call, as a slow connection would.
std::unique_ptr<ByteReader> read_memory(std::string bytes, std::size_t bytes_per_read = SIZE_MAX);

// Follows the same rules as a directory: what is listed, the order, and the errors "gone" and
// "changed since it was listed". A reader that is open keeps the bytes it was opened on.
//
// Threads: as ObjectStore; changes may come from any thread.
class MemoryStore final : public ObjectStore {
 public:
  explicit MemoryStore(std::string location = "memory:");

  // The key must be new (add) or there already (replace, remove).
  void add(std::string key, std::string bytes);
  // A new version, even when the bytes are the same.
  void replace(std::string_view key, std::string bytes);
  void remove(std::string_view key);
  // Listed from now on, sorted by key.
  void add_problem(ListProblem problem);

  Result<Listing> list(const ListRequest& request) override;
  Result<std::unique_ptr<ByteReader>> open(const ObjectInfo& object) override;
  bool lists_from_anywhere() const override { return false; }
  std::size_t open_ahead_max() const override { return 0; }
  std::string location() const override { return location_; }

 private:
  struct Content {
    std::string bytes;
    std::uint64_t version = 0;
  };

  const std::string location_;
  mutable std::mutex mutex_;
  std::map<std::string, Content, std::less<>> objects_;
  std::vector<ListProblem> problems_;
  std::uint64_t last_version_ = 0;
};

}  // namespace dray
