#include "source/memory.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "source/layout.h"

namespace dray {
namespace {

class MemoryReader final : public ByteReader {
 public:
  MemoryReader(std::string bytes, std::size_t bytes_per_read)
      : bytes_(std::move(bytes)), bytes_per_read_(bytes_per_read) {}

  Result<std::size_t> read(std::span<std::byte> buffer) override {
    const std::size_t count = std::min({buffer.size(), bytes_.size() - position_, bytes_per_read_});
    if (count > 0) std::memcpy(buffer.data(), bytes_.data() + position_, count);
    position_ += count;
    return count;
  }

 private:
  std::string bytes_;
  std::size_t bytes_per_read_;
  std::size_t position_ = 0;
};

}  // namespace

std::unique_ptr<ByteReader> read_memory(std::string bytes, std::size_t bytes_per_read) {
  DRAY_ASSERT(bytes_per_read > 0);
  return std::make_unique<MemoryReader>(std::move(bytes), bytes_per_read);
}

MemoryStore::MemoryStore(std::string location) : location_(std::move(location)) {}

void MemoryStore::add(std::string key, std::string bytes) {
  const std::lock_guard lock(mutex_);
  const bool added =
      objects_.try_emplace(std::move(key), Content{std::move(bytes), ++last_version_}).second;
  DRAY_ASSERT(added);
}

void MemoryStore::replace(std::string_view key, std::string bytes) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  DRAY_ASSERT(found != objects_.end());
  found->second = {std::move(bytes), ++last_version_};
}

void MemoryStore::remove(std::string_view key) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(key);
  DRAY_ASSERT(found != objects_.end());
  objects_.erase(found);
}

void MemoryStore::add_problem(ListProblem problem) {
  const std::lock_guard lock(mutex_);
  problems_.push_back(std::move(problem));
  std::sort(problems_.begin(), problems_.end(),
            [](const ListProblem& a, const ListProblem& b) { return a.key < b.key; });
}

Result<Listing> MemoryStore::list(const ListRequest& request) {
  const std::lock_guard lock(mutex_);
  Listing listing;
  listing.problems = problems_;
  for (const auto& [key, content] : objects_) {
    const auto facts = classify_key(key);
    if (!request.start_after.empty() && key <= request.start_after) continue;
    if (!facts) {
      listing.passed_over.add(key);
      continue;
    }
    listing.objects.push_back({key, content.bytes.size(), std::to_string(content.version),
                               facts->encoding, facts->received_day});
  }
  return listing;
}

Result<std::unique_ptr<ByteReader>> MemoryStore::open(const ObjectInfo& object) {
  const std::lock_guard lock(mutex_);
  const auto found = objects_.find(object.key);
  if (found == objects_.end()) return bad_data_error("gone since it was listed");
  if (std::to_string(found->second.version) != object.version) {
    return bad_data_error("changed since it was listed");
  }
  return read_memory(found->second.bytes);
}

}  // namespace dray
