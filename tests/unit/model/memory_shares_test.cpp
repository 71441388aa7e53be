#include "model/memory_shares.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

constexpr std::uint64_t mib = 1ULL << 20;

std::uint64_t sum(const MemoryShares& shares) {
  return shares.program + shares.engine + shares.engine_notes + shares.staged + shares.rejects +
         shares.plan + shares.settling;
}

TEST(ShareMemory, TheSharesAddUpToTheBound) {
  for (const std::uint64_t memory : {256 * mib, 512 * mib, 1024 * mib, 64'000 * mib}) {
    const MemoryShares shares = share_memory(memory, 2);
    EXPECT_LE(sum(shares), memory);
    EXPECT_GT(sum(shares), memory - 64);
  }
  EXPECT_LE(sum(share_memory(least_memory(32), 32)), least_memory(32));
}

TEST(ShareMemory, EverybodyGetsSomethingOfTooLittle) {
  const MemoryShares shares = share_memory(16 * mib, 2);
  for (const std::uint64_t share :
       {shares.engine, shares.engine_notes, shares.staged, shares.rejects, shares.settling})
    EXPECT_GT(share, 0U);
}

TEST(LeastMemory, IsEnoughAndOneMebibyteLessIsNot) {
  constexpr std::uint64_t wanted = 777 * mib;
  const auto engine_of = [](std::uint64_t memory) {
    const MemoryShares shares = share_memory(memory, 5);
    return shares.engine + shares.engine_notes;
  };
  const std::uint64_t for_engine = least_memory_for_engine(wanted, 5);
  EXPECT_GE(engine_of(for_engine), wanted);
  EXPECT_LT(engine_of(for_engine - mib), wanted);
  const std::uint64_t for_plan = least_memory_for_plan(wanted, 5);
  EXPECT_GE(share_memory(for_plan, 5).plan, wanted);
  EXPECT_LT(share_memory(for_plan - mib, 5).plan, wanted);
}

TEST(LeastMemory, IsWhatTheSmallestSettingHasForTwoThreads) {
  EXPECT_LE(least_memory(2), 256 * mib);
  EXPECT_GT(least_memory(64), 256 * mib);
}

TEST(ThreadsFor, MoreThanMemoryHasRoomForAreRunOnlyIfSomebodySaysSo) {
  EXPECT_EQ(threads_for(64, 256 * mib), 64U);
  const unsigned chosen = threads_for(0, 256 * mib);
  EXPECT_GE(chosen, 1U);
  EXPECT_LE(least_memory(chosen), 256 * mib);
  EXPECT_LE(chosen, threads_for(0, 64'000 * mib));
}

}  // namespace
}  // namespace dray
