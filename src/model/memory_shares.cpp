#include "model/memory_shares.h"

#include <algorithm>
#include <thread>

namespace dray {
namespace {

constexpr std::uint64_t mib = 1ULL << 20;

// 43 MiB of mapped files, 16 of an open DuckDB, the rest for buffers of two threads; measured with
// DuckDB 1.4.
constexpr std::uint64_t program_least = 72 * mib;
constexpr unsigned threads_included = 2;
// A chunk of lines and its parser, a stack, what the allocators keep for a thread.
constexpr std::uint64_t thread_bytes = 6 * mib;

// What the program leaves is divided into so many parts.
constexpr std::uint64_t parts = 64;
constexpr std::uint64_t engine_parts = 24;
constexpr std::uint64_t notes_parts = 12;
constexpr std::uint64_t staged_parts = 11;
constexpr std::uint64_t rejects_parts = 2;
constexpr std::uint64_t plan_parts = 11;
constexpr std::uint64_t settling_parts = 4;
static_assert(engine_parts + notes_parts + staged_parts + rejects_parts + plan_parts +
                  settling_parts ==
              parts);

// With less than this to divide DuckDB has no room for the columns of a small source.
constexpr std::uint64_t divided_least = 160 * mib;

std::uint64_t program_bytes(unsigned threads) {
  const unsigned more = threads > threads_included ? threads - threads_included : 0;
  return program_least + more * thread_bytes;
}

std::uint64_t least_for(std::uint64_t bytes, std::uint64_t of_parts, unsigned threads) {
  const std::uint64_t part = (bytes + of_parts - 1) / of_parts;
  const std::uint64_t divided = std::max(part * parts, divided_least);
  return (program_bytes(threads) + divided + mib - 1) / mib * mib;
}

}  // namespace

unsigned threads_for(unsigned threads_set, std::uint64_t memory_bytes) {
  if (threads_set != 0) return threads_set;
  const unsigned cores = std::max(1U, std::thread::hardware_concurrency());
  if (memory_bytes >= least_memory(cores)) return cores;
  const std::uint64_t least = least_memory(threads_included);
  const std::uint64_t more = memory_bytes > least ? (memory_bytes - least) / thread_bytes : 0;
  return std::min(cores, threads_included + static_cast<unsigned>(more));
}

MemoryShares share_memory(std::uint64_t memory_bytes, unsigned threads) {
  const std::uint64_t program = program_bytes(threads);
  const std::uint64_t some = memory_bytes / 4;
  const std::uint64_t divided = memory_bytes > program + some ? memory_bytes - program : some;
  const auto share = [&](std::uint64_t of_parts) { return divided / parts * of_parts; };
  return {.program = program,
          .engine = share(engine_parts),
          .engine_notes = share(notes_parts),
          .staged = share(staged_parts),
          .rejects = share(rejects_parts),
          .plan = std::max(share(plan_parts), divided_least / parts * plan_parts),
          .settling = share(settling_parts)};
}

std::uint64_t least_memory(unsigned threads) { return least_for(0, parts, threads); }

std::uint64_t least_memory_for_engine(std::uint64_t bytes, unsigned threads) {
  return least_for(bytes, engine_parts + notes_parts, threads);
}

std::uint64_t least_memory_for_plan(std::uint64_t bytes, unsigned threads) {
  return least_for(bytes, plan_parts, threads);
}

}  // namespace dray
