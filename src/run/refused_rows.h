// Which rows of a table its constraints refuse, so that those alone are rejects and the others
// load.
//
// A warehouse says that a table refuses a row, and some not which. So rows are tried in halves,
// each time in a transaction that is rolled back, until the rows at fault stand alone. That takes
// some twenty transactions a row, and only after a refusal.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "base/result.h"
#include "model/staged.h"

namespace dray {

struct RowRefused {
  std::uint64_t row = 0;
  Error why;
};

// Loads the rows of the view that are not dropped, alone, and takes it back. An error that
// is_refusal(): the table refuses one of them.
using TryRows = std::function<Result<void>(StagedRows&)>;

// Rising by row: without these rows the table takes the others. Nothing if that is not worth its
// while, and the table's rows are to wait instead: it refuses every row (a column that it wants and
// nobody fills), more than `refused_rows_max`, or the search would send the table's rows more than
// some sixty times. An Error: a try failed for another reason.
//
// `rows` are those of a whole table, which it was just seen to refuse; they are left as they are.
Result<std::optional<std::vector<RowRefused>>> find_refused_rows(const StagedRows& rows,
                                                                 const TryRows& try_rows);

constexpr std::size_t refused_rows_max = 1000;

}  // namespace dray
