// Which of a stored row and a staged row with one id stays (docs/mapping.md, "Duplicates"). Decided
// here for every warehouse; how the rivals are found and removed is a warehouse's own matter.
//
// settle_rivals() is the loop:
//
//   do {
//     add(...)          each stored row that has the id of a staged row, of those that rows() wants
//     tied_uuids()      those of whose rivals the lineage has to be looked up
//     add_origin(...)    each line of lineage found for them
//     settle()          drops the staged rows that lost, and tells the stored rows that did
//   } while (next_part());
//
// The usual sync has one part. If all rivals are more than memory allows, the first part keeps
// those of the first staged rows and counts the others, and each later part is as many as there is
// room for: no row is in two.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "load/warehouse.h"
#include "model/staged.h"

namespace dray {

// The received_at of a stored row from which somebody has taken it: any other is later.
constexpr Micros no_received_at = INT64_MIN;

// A stored row and a staged row with one uuid.
struct Rival {
  std::int64_t stored_row = 0;  // what the warehouse knows it by
  Micros stored_received_at = 0;
  RowKey key;             // of the staged row
  std::uint64_t row = 0;  // its number in RunRows::rows
  // Staged before the stored row was loaded: of one object the stored row has the later reading.
  bool staged_is_older = false;
};

class Rivals {
 public:
  // Borrows `staged`; of its rows, if it has them, those that lose are dropped. Of
  // staged rows that have one stored rival each, no more are held than fit into memory_bytes with
  // the lists made of them.
  Rivals(const RunRows& staged, std::uint64_t memory_bytes);

  // Staged rows by their numbers, the end not among them.
  struct Rows {
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
  };
  // Whose rivals are to be added now; nothing: all. Those of others are left alone.
  std::optional<Rows> rows() const;

  // Rows whose ids are known to be equal.
  void add(const Rival& rival);
  // 64 bits of hash may agree by chance: only rows whose ids are equal are rivals.
  void add_if_same_id(const Rival& rival, std::string_view stored_id);

  // The uuids of stored rows that are as old as their staged rivals, in order.
  std::vector<std::int64_t> tied_uuids();
  // The earliest and the latest received_at of them; of none both are 0.
  std::pair<Micros, Micros> tied_times() const;

  // A place that a row with this uuid and received_at was read from by an earlier sync.
  void add_origin(std::int64_t uuid, Micros received_at, std::string_view object_key,
                  std::uint64_t line);

  struct Outcome {
    std::vector<std::int64_t> stored_rows_replaced;
    std::vector<std::uint64_t> rows_lost;  // staged, in order
  };
  // Decides about the rivals that were added since the last time.
  Outcome settle();

  // Goes on to the rows whose rivals there was no room for; false if there are none.
  bool next_part();

 private:
  // What the decision needs of a Rival.
  struct Held {
    std::int64_t stored_row = 0;
    std::uint64_t row = 0;
    std::int64_t uuid = 0;
    Micros received_at = 0;  // of the staged row
    std::uint32_t object = 0;
    std::uint32_t line = 0;
    bool is_tie = false;
    bool staged_is_older = false;
    bool staged_stays = false;
  };
  // A Held and three numbers: its uuid, its outcome, and the warehouse's copy of one of them. While
  // the list of them grows there is half of it once more, which is as much.
  static constexpr std::uint64_t rival_bytes = sizeof(Held) + 3 * sizeof(std::int64_t);

  std::size_t part_end(std::size_t begin) const;
  void shed();
  void sort_by_uuid();
  bool outdoes(std::string_view object_key, std::uint64_t line, const Held& tie) const;

  const RunRows& staged_;
  const std::size_t held_max_;
  // Staged rows are counted, and parted, by so many.
  const std::uint64_t stripe_rows_;
  std::vector<std::uint64_t> counts_;  // of all rivals, by stripe
  std::size_t begin_ = 0;              // of the part at hand, in stripes
  std::size_t end_ = SIZE_MAX;
  bool is_first_part_ = true;
  std::vector<Held> held_;
  bool is_sorted_ = true;
};

// What a warehouse does of it, each called once or more often for each part.
struct RivalSteps {
  std::function<Result<void>(Rivals&)> find;          // add(), for what rows() wants
  std::function<Result<void>(Rivals&)> find_origins;  // add_origin(), for the tied
  std::function<Result<void>(const std::vector<std::int64_t>& stored_rows)> remove;
};

// All parts of it. Rows of `staged` that lost are dropped, and `loaded` counts those and the stored
// ones that were replaced.
Result<void> settle_rivals(const RunRows& staged, std::uint64_t memory_bytes,
                           const RivalSteps& steps, TableLoaded& loaded);

}  // namespace dray
