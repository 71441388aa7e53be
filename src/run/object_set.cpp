#include "run/object_set.h"

#include <algorithm>

#include "model/staged.h"

namespace dray {

bool ObjectSet::was_read(std::string_view key) const {
  return std::ranges::any_of(objects, [&](const ReadObject& object) {
    return object.info.key == key && object.set_aside_reason.empty();
  });
}

void number_objects(ObjectSet& set, LedgerState& ledger) {
  for (const ReadObject& object : set.objects) {
    const auto known = ledger.objects.find(object.info.key);
    const std::int64_t number =
        known != ledger.objects.end() ? known->second.number : ledger.mark.next_object_number++;
    set.numbers.push_back(number);
    set.row_numbers.push_back(object.set_aside_reason.empty() ? number : no_object_number);
  }
}

std::vector<ObjectEntry> object_entries(const ObjectSet& set, const LedgerState& ledger) {
  std::vector<ObjectEntry> entries;
  for (std::size_t i = 0; i < set.objects.size(); ++i) {
    const ReadObject& object = set.objects[i];
    ObjectEntry& entry = entries.emplace_back();
    entry.object = object.info;
    entry.set_aside_reason = object.set_aside_reason;
    if (object.set_aside_reason.empty()) entry.counts = object.counts;
    entry.waits = object.waits;
    entry.known = ledger.objects.contains(object.info.key);
    entry.number = set.numbers[i];
    const auto before = ledger.set_aside.find(object.info.key);
    if (before == ledger.set_aside.end()) continue;
    entry.set_aside_at = before->second.since;
    entry.attempts = before->second.attempts + 1;
  }
  return entries;
}

}  // namespace dray
