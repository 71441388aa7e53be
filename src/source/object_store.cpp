#include "source/object_store.h"

#include <algorithm>
#include <utility>

namespace dray {

void PassedOver::add(std::string key) {
  ++count;
  const auto at = std::ranges::upper_bound(first, key);
  if (at == first.end() && first.size() == passed_over_names_max) return;
  first.insert(at, std::move(key));
  if (first.size() > passed_over_names_max) first.pop_back();
}

}  // namespace dray
