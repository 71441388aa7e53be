#include "source/object_store.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace dray {

void PassedOver::add(std::string key) {
  ++count;
  const auto at = std::ranges::upper_bound(first, key);
  if (at == first.end() && first.size() == passed_over_names_max) return;
  first.insert(at, std::move(key));
  if (first.size() > passed_over_names_max) first.pop_back();
}

void sort_by_key(std::vector<ObjectInfo>& objects) {
  // Where the keys rise strictly, as S3 gives them, there is nothing to do.
  const auto falls =
      std::ranges::adjacent_find(objects, std::ranges::greater_equal(), &ObjectInfo::key);
  if (falls == objects.end()) return;
  std::ranges::stable_sort(objects, {}, &ObjectInfo::key);
  std::vector<ObjectInfo> last_of_each;
  last_of_each.reserve(objects.size());
  for (ObjectInfo& object : objects) {
    if (!last_of_each.empty() && last_of_each.back().key == object.key) last_of_each.pop_back();
    last_of_each.push_back(std::move(object));
  }
  objects = std::move(last_of_each);
}

}  // namespace dray
