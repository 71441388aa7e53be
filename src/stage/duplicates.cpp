#include "stage/duplicates.h"

#include <algorithm>
#include <bit>
#include <tuple>

namespace dray {
namespace {

struct Candidate {
  RowKey key;
  std::uint64_t row = 0;
};

bool is_later(const RowKey& a, const RowKey& b) {
  return std::tie(a.received_at, a.object, a.line) > std::tie(b.received_at, b.object, b.line);
}

// The rows of one pass, by id: open addressing over their positions.
class IdTable {
 public:
  explicit IdTable(std::size_t rows_max)
      : slots_(std::bit_ceil(rows_max * 2 + 2)), mask_(slots_.size() - 1) {
    candidates_.reserve(rows_max);
  }

  // Returns the row that does not stay, if the id was there already.
  void add(StagedRows& rows, const Candidate& candidate) {
    for (std::size_t at = candidate.key.check & mask_;; at = (at + 1) & mask_) {
      if (slots_[at] == 0) {
        candidates_.push_back(candidate);
        slots_[at] = static_cast<std::uint32_t>(candidates_.size());
        return;
      }
      Candidate& known = candidates_[slots_[at] - 1];
      if (known.key.uuid != candidate.key.uuid || known.key.check != candidate.key.check) continue;
      if (is_later(candidate.key, known.key)) {
        rows.drop(known.row);
        known = candidate;
      } else {
        rows.drop(candidate.row);
      }
      return;
    }
  }

 private:
  std::vector<std::uint32_t> slots_;  // position + 1 in candidates_, 0 for none
  std::size_t mask_;
  std::vector<Candidate> candidates_;
};

}  // namespace

Result<void> drop_duplicates(StagedRows& rows, const std::vector<bool>& unusable,
                             const DuplicateLimits& limits) {
  constexpr std::size_t bytes_per_row = sizeof(Candidate) + 4 * sizeof(std::uint32_t);
  const std::uint64_t rows_per_pass =
      std::max<std::uint64_t>(limits.memory_bytes / bytes_per_row, 1);
  const std::uint64_t passes = (rows.row_count() + rows_per_pass - 1) / rows_per_pass;
  BlockScratch scratch;
  for (std::uint64_t pass = 0; pass < passes; ++pass) {
    // Ids fall evenly into passes; a little room for unevenness.
    IdTable ids(static_cast<std::size_t>(rows.row_count() / passes + rows.row_count() / passes / 4 +
                                         1'024));
    for (std::size_t number = 0; number < rows.block_count(); ++number) {
      DRAY_ASSIGN(const RowBlock block, rows.keys(number, scratch));
      for (std::size_t i = 0; i < block.keys.size(); ++i) {
        const RowKey& key = block.keys[i];
        // The secret half decides: nobody can choose ids that all fall into one pass.
        if (passes > 1 && (key.check >> 32) % passes != pass) continue;
        const std::uint64_t row = block.first_row + i;
        if (unusable[key.object]) {
          rows.drop(row);
        } else {
          ids.add(rows, {key, row});
        }
      }
    }
  }
  return {};
}

}  // namespace dray
