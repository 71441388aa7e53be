#include "load/rivals.h"

#include <algorithm>

#include "base/hash.h"

namespace dray {

void Rivals::add_if_same_id(const Rival& rival, std::string_view stored_id) {
  if (xxh3(stored_id, load_.check_seed) == rival.key.check) add(rival);
}

void Rivals::add(const Rival& rival) {
  rivals_.push_back(rival);
  if (rival.stored_received_at == rival.key.received_at) {
    ties_[static_cast<std::int64_t>(rival.key.uuid)] = rival.key.received_at;
  }
}

std::vector<std::int64_t> Rivals::tied_uuids() const {
  std::vector<std::int64_t> uuids;
  uuids.reserve(ties_.size());
  for (const auto& [uuid, received_at] : ties_)
    uuids.push_back(uuid);
  return uuids;
}

std::pair<Micros, Micros> Rivals::tied_times() const {
  if (ties_.empty()) return {0, 0};
  std::pair<Micros, Micros> times(ties_.begin()->second, ties_.begin()->second);
  for (const auto& [uuid, received_at] : ties_) {
    times.first = std::min(times.first, received_at);
    times.second = std::max(times.second, received_at);
  }
  return times;
}

void Rivals::add_place(std::int64_t uuid, Micros received_at, std::string_view object_key,
                       std::uint64_t line) {
  const auto tie = ties_.find(uuid);
  if (tie == ties_.end() || tie->second != received_at) return;
  Place& known = places_[uuid];
  known = std::max(known, Place{std::string(object_key), line});
}

// The greatest received_at stays; of equally old rows the later in object and line order.
bool Rivals::staged_row_stays(const Rival& rival) const {
  if (rival.key.received_at != rival.stored_received_at) {
    return rival.key.received_at > rival.stored_received_at;
  }
  const auto place = places_.find(static_cast<std::int64_t>(rival.key.uuid));
  // Of an earlier load that did not end: what it read is staged again.
  if (place == places_.end()) return true;
  const std::string& object = (*load_.object_keys)[rival.key.object];
  if (object == place->second.object_key) {
    if (rival.staged_is_older) return false;
    return load_.reload || rival.key.line >= place->second.line;
  }
  return object > place->second.object_key;
}

Rivals::Outcome Rivals::settle() {
  Outcome outcome;
  for (const Rival& rival : rivals_) {
    if (staged_row_stays(rival)) {
      outcome.stored_rows_replaced.push_back(rival.stored_row);
    } else {
      if (load_.rows != nullptr) load_.rows->drop(rival.row);
      outcome.rows_lost.push_back(rival.row);
    }
  }
  // One may have lost to several.
  std::ranges::sort(outcome.rows_lost);
  // Not std::ranges::unique: clang 14 does not take what it returns.
  outcome.rows_lost.erase(std::unique(outcome.rows_lost.begin(), outcome.rows_lost.end()),
                          outcome.rows_lost.end());
  return outcome;
}

}  // namespace dray
