// Who may use how much of `memory`, which is for the whole process: the shares that are used at the
// same time are together no more than it.
#pragma once

#include <cstdint>

namespace dray {

// All in bytes.
struct MemoryShares {
  // The program and its libraries, mapped; what DuckDB takes to be there at all; the buffers and
  // stacks of the threads.
  std::uint64_t program = 0;
  // What DuckDB counts as its memory: blocks, vectors, hash tables.
  std::uint64_t engine = 0;
  // What it does not count: the description of every table and column of the file, and what it
  // notes of those that were written until the file is opened anew.
  std::uint64_t engine_notes = 0;
  // Rows between transform and load; more of them are in the temporary file.
  std::uint64_t staged = 0;
  // Values that did not fit, as an attempt at the load tells them; likewise.
  std::uint64_t rejects = 0;
  // Tables and columns as the run knows them, from the events and in the plan.
  std::uint64_t plan = 0;
  // Settling which of stored and staged duplicates stays.
  std::uint64_t settling = 0;

  // Before there is a plan and anything to settle: half for the paths that the workers remember, a
  // quarter for their rows that are not staged yet; after them for the search for duplicates.
  std::uint64_t work() const { return plan + settling; }
};

// How many threads a run has: `threads_set`; for 0 as many as the machine has, if `memory_bytes`
// has room for them.
unsigned threads_for(unsigned threads_set, std::uint64_t memory_bytes);

// Everybody gets something even if `memory_bytes` is below least_memory(); the sum is then more
// than it.
MemoryShares share_memory(std::uint64_t memory_bytes, unsigned threads);

// The least `memory` with which so many threads can work at all. In whole MiB, as are the others.
std::uint64_t least_memory(unsigned threads);
// The least of which engine and engine_notes together are so much, or plan.
std::uint64_t least_memory_for_engine(std::uint64_t bytes, unsigned threads);
std::uint64_t least_memory_for_plan(std::uint64_t bytes, unsigned threads);

// What a run holds for each column of its tables, in the registry and the plan. Measured: 600 with
// 1,000 tables of 111 columns, 700 with 10,000 of 13.
constexpr std::uint64_t planned_column_bytes = 700;

}  // namespace dray
