#include "run/object_set.h"

#include <algorithm>

#include "model/staged.h"

namespace dray {

bool ObjectSet::was_read(std::string_view key) const {
  return std::ranges::any_of(objects, [&](const ReadObject& object) {
    return object.info.key == key && object.set_aside_reason.empty();
  });
}

std::size_t bytes_of(const std::vector<ReadObject>& objects) {
  // The key stands in `keys` too. A text that does not lie in its string has a block of its own.
  constexpr std::size_t block_bytes = 16;
  constexpr std::size_t object_bytes =
      sizeof(ReadObject) + sizeof(std::string) + 2 * sizeof(std::int64_t) + 3 * block_bytes;
  std::size_t bytes = objects.size() * object_bytes;
  for (const ReadObject& object : objects)
    bytes += 2 * object.info.key.size() + object.info.version.size();
  return bytes;
}

void number_objects(ObjectSet& set, LedgerState& ledger) {
  set.numbers.clear();
  set.row_numbers.clear();
  for (const ReadObject& object : set.objects) {
    const bool is_read = object.set_aside_reason.empty();
    const auto known = ledger.objects.find(object.info.key);
    const bool is_known = known != ledger.objects.end();
    const bool keeps_number =
        is_known && !(is_read && ledger.shared.objects.contains(known->second.number));
    const std::int64_t number =
        keeps_number ? known->second.number : ledger.mark.numbers.next_object++;
    set.numbers.push_back(number);
    set.row_numbers.push_back(is_read ? number : no_object_number);
  }
  DRAY_ASSERT(set.numbers.size() == set.keys.size() && set.unusable.size() == set.keys.size());
}

void keep_only(const std::vector<ReadObject>& objects, LedgerState& ledger) {
  std::unordered_map<std::string, LedgerObject> kept;
  for (const ReadObject& object : objects) {
    if (auto known = ledger.objects.extract(object.info.key)) kept.insert(std::move(known));
  }
  ledger.objects = std::move(kept);
}

bool has_same(const ObjectSet& set, const LedgerState& before, const LedgerState& now) {
  const auto entry = [](const LedgerState& ledger, const std::string& key) {
    const auto found = ledger.objects.find(key);
    return found == ledger.objects.end() ? std::nullopt : std::optional(found->second);
  };
  return std::ranges::all_of(set.objects, [&](const ReadObject& object) {
    return entry(before, object.info.key) == entry(now, object.info.key);
  });
}

namespace {

ObjectEntry entry_of(const ObjectSet& set, std::size_t i, const LedgerState& ledger) {
  const ReadObject& object = set.objects[i];
  ObjectEntry entry;
  entry.object = object.info;
  entry.set_aside_reason = object.set_aside_reason;
  if (object.set_aside_reason.empty()) entry.counts = object.counts;
  entry.waits = object.waits;
  const auto known = ledger.objects.find(object.info.key);
  if (known != ledger.objects.end()) entry.replaces = known->second.number;
  entry.number = set.numbers[i];
  const auto before = ledger.set_aside.find(object.info.key);
  if (before == ledger.set_aside.end()) return entry;
  entry.set_aside_at = before->second.since;
  entry.attempts = before->second.attempts + 1;
  return entry;
}

}  // namespace

Result<void> each_entries(const ObjectSet& set, const LedgerState& ledger,
                          const std::function<Result<void>(std::vector<ObjectEntry>&)>& write) {
  constexpr std::size_t entries_max = 10'000;
  std::vector<ObjectEntry> entries;
  for (std::size_t i = 0; i < set.objects.size(); ++i) {
    entries.push_back(entry_of(set, i, ledger));
    if (entries.size() < entries_max && i + 1 < set.objects.size()) continue;
    DRAY_TRY(write(entries));
    entries.clear();
  }
  return {};
}

}  // namespace dray
