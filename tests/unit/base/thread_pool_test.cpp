#include "base/thread_pool.h"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <set>

namespace dray {
namespace {

TEST(ThreadPool, RunsAtOnceWhatEverThereIs) {
  std::latch all_run(8);
  ThreadPool pool;
  for (int i = 0; i < 8; ++i)
    pool.run([&] { all_run.arrive_and_wait(); });
  all_run.wait();
}

TEST(ThreadPool, WaitsForItsWork) {
  std::atomic<int> done{0};
  {
    ThreadPool pool;
    for (int i = 0; i < 100; ++i)
      pool.run([&] { ++done; });
  }
  EXPECT_EQ(done, 100);
}

TEST(ThreadPool, KeepsItsThreads) {
  std::set<std::thread::id> used;
  ThreadPool pool;
  for (int i = 0; i < 1000; ++i) {
    std::latch is_done(1);
    pool.run([&] {
      used.insert(std::this_thread::get_id());
      is_done.count_down();
    });
    is_done.wait();
  }
  // One that has just ended its work may not be free yet.
  EXPECT_LT(used.size(), 100U);
}

}  // namespace
}  // namespace dray
