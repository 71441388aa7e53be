// Which of a stored row and a staged row with one id stays (docs/mapping.md, "Duplicates"). Decided
// here for every warehouse; how the rivals are found and removed is a warehouse's own matter.
//
//   add(...)            each stored row that has the id of a staged row
//   tied_uuids()        those of whose rivals the lineage has to be looked up
//   add_place(...)      each line of lineage found for them
//   settle()            drops the staged rows that lost, and tells the stored rows that did
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/time.h"
#include "model/staged.h"

namespace dray {

// A stored row and a staged row with one uuid.
struct Rival {
  std::int64_t stored_row = 0;  // what the warehouse knows it by
  Micros stored_received_at = 0;
  RowKey key;             // of the staged row
  std::uint64_t row = 0;  // its number in TableLoad::rows
  // Staged before the stored row was loaded: of one object the stored row has the later reading.
  bool staged_is_older = false;
};

class Rivals {
 public:
  // Borrows the load; its rows that lose are dropped, if it has them.
  explicit Rivals(TableLoad& load) : load_(load) {}

  // Rows whose ids are known to be equal.
  void add(const Rival& rival);
  // 64 bits of hash may agree by chance: only rows whose ids are equal are rivals.
  void add_if_same_id(const Rival& rival, std::string_view stored_id);

  // The uuids of stored rows that are as old as their staged rivals.
  std::vector<std::int64_t> tied_uuids() const;
  // The earliest and the latest received_at of them; of none both are 0.
  std::pair<Micros, Micros> tied_times() const;

  // A place that a row with this uuid and received_at was read from by an earlier sync.
  void add_place(std::int64_t uuid, Micros received_at, std::string_view object_key,
                 std::uint64_t line);

  struct Outcome {
    std::vector<std::int64_t> stored_rows_replaced;
    std::vector<std::uint64_t> rows_lost;  // staged
  };
  Outcome settle();

 private:
  struct Place {
    std::string object_key;
    std::uint64_t line = 0;
    auto operator<=>(const Place&) const = default;  // NOLINT(modernize-use-nullptr)
  };

  bool staged_row_stays(const Rival& rival) const;

  TableLoad& load_;
  std::vector<Rival> rivals_;
  std::map<std::int64_t, Micros> ties_;   // received_at by uuid
  std::map<std::int64_t, Place> places_;  // of the tied stored rows, by uuid
};

}  // namespace dray
