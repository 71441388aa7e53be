#include "run/line_counts.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "base/hash.h"
#include "model/record.h"
#include "model/standard_columns.h"

namespace dray {
namespace {

// By its number, which rise in the list.
bool is_refused(const Target& target, std::uint64_t row) {
  return std::ranges::binary_search(target.rows_refused, row);
}

// What became of a row; of a line, of both of its rows.
struct RowOutcome {
  bool loaded = false;
  bool refused = false;
  bool waits = false;
  bool is_read_again = false;

  friend RowOutcome operator+(RowOutcome a, RowOutcome b) {
    return {a.loaded || b.loaded, a.refused || b.refused, a.waits || b.waits,
            a.is_read_again || b.is_read_again};
  }
  std::uint64_t& count_in(LineCounts& counts) const {
    if (loaded) return counts.loaded;
    if (refused) return counts.rejected;
    return waits ? counts.waiting : counts.duplicate;
  }
};

RowOutcome outcome_of(const Target& target, std::uint64_t row) {
  const bool lost = target.rows->is_dropped(row);
  // One that lost to a row that waits is needed should that row never come: its object may be
  // replaced, or left out by a person.
  return {!lost && !target.waits, is_refused(target, row), !lost && target.waits, target.waits};
}

}  // namespace

Result<CountedLines> count_lines(const Tables& tables, ObjectSet& objects) {
  for (ReadObject& object : objects.objects)
    object.counts.loaded = object.counts.duplicate = object.counts.waiting = 0;
  const auto tracks = std::ranges::find(tables.targets, true, &Target::is_tracks);
  std::uint64_t tracks_row = 0;
  CountedLines sum;
  constexpr Micros none = std::numeric_limits<Micros>::min();
  Micros newest = none;
  BlockScratch scratch;
  for (auto target = tables.targets.begin(); target != tables.targets.end(); ++target) {
    if (target == tracks) continue;
    const bool is_event = !target->parts.front().event.empty();
    for (std::size_t number = 0; number < target->rows->block_count(); ++number) {
      DRAY_ASSIGN(const RowBlock block, target->rows->keys(number, scratch));
      for (std::size_t i = 0; i < block.keys.size(); ++i) {
        RowOutcome line = outcome_of(*target, block.first_row + i);
        if (is_event) {
          DRAY_ASSERT(tracks != tables.targets.end());
          line = line + outcome_of(*tracks, tracks_row++);
        }
        const RowKey& key = block.keys[i];
        ReadObject& object = objects.objects[key.object];
        object.waits |= line.is_read_again;
        ++line.count_in(object.counts);
        if (line.loaded) newest = std::max(newest, key.received_at);
      }
    }
  }
  for (const ReadObject& object : objects.objects) {
    if (object.set_aside_reason.empty()) sum.counts += object.counts;
  }
  if (newest != none) sum.newest = from_micros(newest);
  return sum;
}

Result<std::optional<std::uint64_t>> count_profiles(const Target& target, std::size_t bytes_max) {
  const auto column = standard_column(target.profile_id_column);
  DRAY_ASSERT(column.has_value());
  const auto slot = static_cast<Slot>(*column);
  std::vector<std::uint64_t> ids;  // hashed
  std::size_t settled = 0;         // of them, sorted and different
  const auto settle = [&] {
    std::ranges::sort(ids);
    ids.erase(std::unique(ids.begin(), ids.end()), ids.end());
    settled = ids.size();
  };
  BlockScratch scratch;
  for (std::size_t number = 0; number < target.rows->block_count(); ++number) {
    DRAY_ASSIGN(const RowBlock block, target.rows->rows(number, scratch));
    const char* record = block.records.data();
    for (std::size_t i = 0; i < block.keys.size(); ++i) {
      CellReader cells(record);
      record = cells.end();
      if (target.rows->is_dropped(block.first_row + i)) continue;
      for (Cell cell; cells.next(cell);) {
        if (cell.slot == slot) ids.push_back(xxh3(cell.bytes));
      }
    }
    // Twice as many as are known to be different: what sorting costs stays in proportion.
    if (ids.size() > 2 * settled + 65'536) settle();
    if (settled * sizeof(std::uint64_t) * 2 > bytes_max) return std::optional<std::uint64_t>();
  }
  settle();
  return std::optional<std::uint64_t>(ids.size());
}

Result<std::uint64_t> duplicates_of(const Target& target, const ObjectSet& objects) {
  std::uint64_t dropped = 0;
  BlockScratch scratch;
  for (std::size_t number = 0; number < target.rows->block_count(); ++number) {
    DRAY_ASSIGN(const RowBlock block, target.rows->keys(number, scratch));
    for (std::size_t i = 0; i < block.keys.size(); ++i) {
      if (objects.unusable[block.keys[i].object]) continue;
      const std::uint64_t row = block.first_row + i;
      if (target.rows->is_dropped(row) && !is_refused(target, row)) ++dropped;
    }
  }
  return dropped;
}

}  // namespace dray
