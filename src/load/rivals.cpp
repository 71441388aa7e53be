#include "load/rivals.h"

#include <algorithm>

#include "base/hash.h"

namespace dray {
namespace {

// A part that is full has so many: with finer stripes more of it is used, and more is counted.
constexpr std::size_t stripes_per_part = 8;

}  // namespace

Rivals::Rivals(const RunRows& staged, std::uint64_t memory_bytes)
    : staged_(staged),
      held_max_(static_cast<std::size_t>(std::max<std::uint64_t>(memory_bytes / rival_bytes, 1))),
      stripe_rows_(std::max<std::size_t>(held_max_ / stripes_per_part, 1)) {}

std::optional<Rivals::Rows> Rivals::rows() const {
  if (is_first_part_) return std::nullopt;
  return Rows{begin_ * stripe_rows_, end_ * stripe_rows_};
}

void Rivals::add_if_same_id(const Rival& rival, std::string_view stored_id) {
  if (xxh3(stored_id, staged_.check_seed) == rival.key.check) add(rival);
}

// The greatest received_at stays; of a tie the staged row, until a place outdoes it. Without any
// the stored row is of an earlier load that did not end: what it read is staged again.
void Rivals::add(const Rival& rival) {
  const auto stripe = static_cast<std::size_t>(rival.row / stripe_rows_);
  if (is_first_part_) {
    if (counts_.size() <= stripe) counts_.resize(stripe + 1);
    ++counts_[stripe];
  }
  if (stripe < begin_ || stripe >= end_) return;
  if (held_.size() == held_.capacity()) {
    constexpr std::size_t least = 1'024;
    held_.reserve(std::min(std::max(held_.size() * 2, least), held_max_ + 1));
  }
  Held& held = held_.emplace_back();
  held.stored_row = rival.stored_row;
  held.row = rival.row;
  held.uuid = static_cast<std::int64_t>(rival.key.uuid);
  held.received_at = rival.key.received_at;
  held.object = rival.key.object;
  held.line = rival.key.line;
  held.is_tie = rival.stored_received_at == rival.key.received_at;
  held.staged_is_older = rival.staged_is_older;
  held.staged_stays = rival.key.received_at >= rival.stored_received_at;
  is_sorted_ = false;
  if (is_first_part_ && held_.size() > held_max_ && end_ > 1) shed();
}

// The part has as many stripes as there is room for, and at least one.
std::size_t Rivals::part_end(std::size_t begin) const {
  std::uint64_t sum = counts_[begin];
  std::size_t end = begin + 1;
  while (end < counts_.size() && sum + counts_[end] <= held_max_)
    sum += counts_[end++];
  return end;
}

void Rivals::shed() {
  end_ = part_end(0);
  std::erase_if(held_, [&](const Held& held) { return held.row / stripe_rows_ >= end_; });
}

bool Rivals::next_part() {
  held_.clear();
  is_first_part_ = false;
  begin_ = end_;
  while (begin_ < counts_.size() && counts_[begin_] == 0)
    ++begin_;
  if (begin_ >= counts_.size()) return false;
  end_ = part_end(begin_);
  return true;
}

void Rivals::sort_by_uuid() {
  if (is_sorted_) return;
  std::ranges::sort(held_, {}, &Held::uuid);
  is_sorted_ = true;
}

std::vector<std::int64_t> Rivals::tied_uuids() {
  std::vector<std::int64_t> uuids;
  const auto ties = std::ranges::count_if(held_, &Held::is_tie);
  if (ties == 0) return uuids;
  uuids.reserve(static_cast<std::size_t>(ties));
  sort_by_uuid();
  for (const Held& held : held_) {
    if (held.is_tie && (uuids.empty() || uuids.back() != held.uuid)) uuids.push_back(held.uuid);
  }
  return uuids;
}

std::pair<Micros, Micros> Rivals::tied_times() const {
  std::optional<std::pair<Micros, Micros>> times;
  for (const Held& held : held_) {
    if (!held.is_tie) continue;
    if (!times) times.emplace(held.received_at, held.received_at);
    times->first = std::min(times->first, held.received_at);
    times->second = std::max(times->second, held.received_at);
  }
  return times.value_or(std::pair<Micros, Micros>());
}

void Rivals::add_origin(std::int64_t uuid, Micros received_at, std::string_view object_key,
                        std::uint64_t line) {
  sort_by_uuid();
  auto held = std::ranges::lower_bound(held_, uuid, {}, &Held::uuid);
  for (; held != held_.end() && held->uuid == uuid; ++held) {
    if (held->is_tie && held->received_at == received_at && outdoes(object_key, line, *held)) {
      held->staged_stays = false;
    }
  }
}

// Whether a stored row of this place is later in object and line order than the staged one.
bool Rivals::outdoes(std::string_view object_key, std::uint64_t line, const Held& tie) const {
  const std::string& object = (*staged_.object_keys)[tie.object];
  if (object != object_key) return object_key > object;
  return tie.staged_is_older || (!staged_.reload && line > tie.line);
}

Rivals::Outcome Rivals::settle() {
  Outcome outcome;
  const auto stay = static_cast<std::size_t>(std::ranges::count_if(held_, &Held::staged_stays));
  outcome.stored_rows_replaced.reserve(stay);
  outcome.rows_lost.reserve(held_.size() - stay);
  for (const Held& held : held_) {
    if (held.staged_stays) {
      outcome.stored_rows_replaced.push_back(held.stored_row);
    } else {
      if (staged_.rows != nullptr) staged_.rows->drop(held.row);
      outcome.rows_lost.push_back(held.row);
    }
  }
  held_.clear();
  // One may have lost to several.
  std::ranges::sort(outcome.rows_lost);
  // Not std::ranges::unique: clang 14 does not take what it returns.
  outcome.rows_lost.erase(std::unique(outcome.rows_lost.begin(), outcome.rows_lost.end()),
                          outcome.rows_lost.end());
  return outcome;
}

Result<void> settle_rivals(const RunRows& staged, std::uint64_t memory_bytes,
                           const RivalSteps& steps, TableLoaded& loaded) {
  Rivals rivals(staged, memory_bytes);
  do {
    DRAY_TRY(steps.find(rivals));
    DRAY_TRY(steps.find_origins(rivals));
    const Rivals::Outcome outcome = rivals.settle();
    DRAY_TRY(steps.remove(outcome.stored_rows_replaced));
    loaded.rows_lost += outcome.rows_lost.size();
    loaded.rows_replaced += outcome.stored_rows_replaced.size();
  } while (rivals.next_part());
  return {};
}

}  // namespace dray
