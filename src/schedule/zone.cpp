#include "schedule/zone.h"

#include <algorithm>
#include <utility>

#include "base/result.h"

namespace dray {

using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;

namespace {

// Far enough from the ends of 64 bits that no sum of an instant and an offset overflows.
constexpr sys_seconds time_begin = sys_days(std::chrono::year(0) / 1 / 1);
constexpr sys_seconds time_end = sys_days(std::chrono::year(10'000) / 1 / 1);

local_seconds shown(sys_seconds instant, seconds offset) {
  return local_seconds(instant.time_since_epoch() + offset);
}

}  // namespace

Zone::Zone() : Zone("UTC", {{time_begin, seconds(0)}}) {}

Zone::Zone(std::string name, const std::vector<Change>& changes) : name_(std::move(name)) {
  DRAY_ASSERT(!changes.empty());
  std::vector<Entry> entries;
  entries.reserve(changes.size());
  for (const Change& change : changes) {
    if (entries.empty()) {
      entries.push_back({time_begin, change.offset, shown(time_begin, change.offset)});
      continue;
    }
    const Entry& last = entries.back();
    DRAY_ASSERT(change.at > last.begin);
    if (change.offset == last.offset) continue;
    const local_seconds reached = std::max(last.shown_before, shown(change.at, last.offset));
    entries.push_back({change.at, change.offset, reached});
  }
  entries_ = std::make_shared<const std::vector<Entry>>(std::move(entries));
}

std::size_t Zone::entry_at(sys_seconds instant) const {
  const auto after =
      std::upper_bound(entries_->begin() + 1, entries_->end(), instant,
                       [](sys_seconds value, const Entry& entry) { return value < entry.begin; });
  return static_cast<std::size_t>(after - entries_->begin()) - 1;
}

sys_seconds Zone::entry_end(std::size_t entry) const {
  return entry + 1 < entries_->size() ? (*entries_)[entry + 1].begin : time_end;
}

Zone::Stretch Zone::stretch_at(sys_seconds instant) const {
  const std::size_t i = entry_at(instant);
  const Entry& entry = (*entries_)[i];
  const Entry& before = (*entries_)[i == 0 ? 0 : i - 1];
  return {entry.begin, entry_end(i), entry.offset, before.offset};
}

local_seconds Zone::clock_at(sys_seconds instant) const {
  return shown(instant, (*entries_)[entry_at(instant)].offset);
}

sys_seconds Zone::first_shown(local_seconds time) const {
  // The first entry before whose successor a clock has shown `time` or more.
  const auto next = std::upper_bound(
      entries_->begin() + 1, entries_->end(), time,
      [](local_seconds value, const Entry& entry) { return value < entry.shown_before; });
  const Entry& entry = *(next - 1);
  return std::max(entry.begin, sys_seconds(time.time_since_epoch() - entry.offset));
}

local_seconds Zone::latest_shown(sys_seconds instant) const {
  const Entry& entry = (*entries_)[entry_at(instant)];
  return std::max(entry.shown_before - seconds(1), shown(instant, entry.offset));
}

local_days Zone::day_of(sys_seconds instant) const {
  return std::chrono::floor<std::chrono::days>(latest_shown(instant));
}

sys_seconds Zone::day_begin(local_days day) const { return first_shown(day); }

}  // namespace dray
