#include "run/refused_rows.h"

#include <algorithm>
#include <span>
#include <utility>

namespace dray {
namespace {

using RowNumbers = std::span<const std::uint64_t>;

// A table that has refused its first so many rows, one by one, refuses all.
constexpr std::size_t all_refused_after = 8;
constexpr std::uint64_t times_sent_max = 64;
// So that a small table is searched to the end all the same.
constexpr std::uint64_t rows_sent_least = 20'000;

// Some rows of a table, as a table of their own: marks of the load that tries them stay here.
class ChosenRows final : public StagedRows {
 public:
  ChosenRows(const StagedRows& all, RowNumbers accepted, RowNumbers tried)
      : all_(all), dropped_(all.row_count(), true) {
    for (const RowNumbers part : {accepted, tried}) {
      for (const std::uint64_t row : part)
        dropped_[row] = false;
    }
  }

  std::uint64_t row_count() const override { return all_.row_count(); }
  std::size_t block_count() const override { return all_.block_count(); }
  Result<RowBlock> keys(std::size_t block, BlockScratch& scratch) const override {
    return all_.keys(block, scratch);
  }
  Result<RowBlock> rows(std::size_t block, BlockScratch& scratch) const override {
    return all_.rows(block, scratch);
  }
  bool is_dropped(std::uint64_t row) const override { return dropped_[row]; }
  void drop(std::uint64_t row) override { dropped_[row] = true; }

 private:
  const StagedRows& all_;
  std::vector<bool> dropped_;
};

enum class Verdict { taken, refused, given_up };

class Search {
 public:
  Search(const StagedRows& rows, const TryRows& try_rows) : rows_(rows), try_rows_(try_rows) {
    for (std::uint64_t row = 0; row < rows.row_count(); ++row) {
      if (!rows.is_dropped(row)) live_.push_back(row);
    }
    sent_max_ = std::max(rows_sent_least, times_sent_max * live_.size());
  }

  Result<std::optional<std::vector<RowRefused>>> run() {
    // Whatever was refused, it was none of them: a trigger fires for no rows too.
    if (live_.empty()) return gives_up();
    // Each part alone, which sends few rows. What refuses each other only together (two rows of one
    // key) is found among the rows that are left, each part beside those that were taken before.
    DRAY_ASSIGN(Verdict verdict, look(live_, Beside::nothing, is_known_to_fail));
    if (verdict == Verdict::given_up) return gives_up();
    const std::vector<std::uint64_t> left = std::exchange(taken_, {});
    if (left.empty()) return gives_up();
    DRAY_ASSIGN(verdict, look(left, Beside::taken, refused_.empty()));
    if (verdict == Verdict::given_up || taken_.empty()) return gives_up();
    std::ranges::sort(refused_, {}, &RowRefused::row);
    return std::optional(std::move(refused_));
  }

 private:
  enum class Beside { nothing, taken };
  static constexpr bool is_known_to_fail = true;

  static std::optional<std::vector<RowRefused>> gives_up() { return std::nullopt; }

  // Sorts the rows into those that are taken and those that are refused.
  Result<Verdict> look(RowNumbers part, Beside beside, bool known_to_fail) {
    std::optional<Error> why;
    // The reason of a single row is wanted even where it is known that there is one.
    if (!known_to_fail || part.size() == 1) {
      if (sent_ > sent_max_) return Verdict::given_up;
      DRAY_ASSIGN(why, refusal(part, beside));
      if (!why) {
        taken_.insert(taken_.end(), part.begin(), part.end());
        return Verdict::taken;
      }
    }
    if (part.size() == 1) {
      refused_.push_back({part.front(), *std::move(why)});
      const bool all = taken_.empty() && refused_.size() >= all_refused_after;
      return all || refused_.size() > refused_rows_max ? Verdict::given_up : Verdict::refused;
    }
    const std::size_t middle = part.size() / 2;
    DRAY_ASSIGN(const Verdict first, look(part.first(middle), beside, !is_known_to_fail));
    if (first == Verdict::given_up) return first;
    // Where the halves are tried apart, both may be taken although the whole was not.
    const bool second_fails = first == Verdict::taken && beside == Beside::taken;
    DRAY_ASSIGN(const Verdict second, look(part.subspan(middle), beside, second_fails));
    return second == Verdict::given_up ? second : Verdict::refused;
  }

  // Why the table refuses one of the rows; nothing if it takes them.
  Result<std::optional<Error>> refusal(RowNumbers part, Beside beside) {
    const RowNumbers taken = beside == Beside::taken ? RowNumbers(taken_) : RowNumbers();
    sent_ += taken.size() + part.size();
    ChosenRows chosen(rows_, taken, part);
    auto tried = try_rows_(chosen);
    if (tried) return std::optional<Error>();
    if (!is_refusal(tried.error())) return std::move(tried).error();
    return std::optional<Error>(std::move(tried).error());
  }

  const StagedRows& rows_;
  const TryRows& try_rows_;
  std::vector<std::uint64_t> live_;
  std::vector<std::uint64_t> taken_;  // so far
  std::vector<RowRefused> refused_;
  std::uint64_t sent_ = 0;  // rows, over all tries
  std::uint64_t sent_max_ = 0;
};

}  // namespace

Result<std::optional<std::vector<RowRefused>>> find_refused_rows(const StagedRows& rows,
                                                                 const TryRows& try_rows) {
  return Search(rows, try_rows).run();
}

}  // namespace dray
