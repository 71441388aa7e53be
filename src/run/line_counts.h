// What became of the lines, rows and profiles of a run, counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/result.h"
#include "base/time.h"
#include "model/report.h"
#include "run/object_set.h"
#include "run/tables.h"

namespace dray {

struct CountedLines {
  LineCounts counts;
  std::optional<Timestamp> newest;  // the greatest received_at of a row
};

// A line is loaded if any of its rows is, else a reject if the warehouse refused one, waiting if
// a row of it is for a table that waits, a duplicate if all of them lost. Written into the objects'
// counts; returns the sum over those that were read to their end.
Result<CountedLines> count_lines(const Tables& tables, ObjectSet& objects);

// How many profiles the target's rows would touch: the different ids in them. Nothing when there
// are more than `bytes_max` has room for.
Result<std::optional<std::uint64_t>> count_profiles(const Target& target, std::size_t bytes_max);

// The rows of the target that lost to another of the run, less those of unusable objects.
Result<std::uint64_t> duplicates_of(const Target& target, const ObjectSet& objects);

}  // namespace dray
