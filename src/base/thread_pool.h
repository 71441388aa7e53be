// Threads that are kept for the next piece of work, where there are many small ones that wait.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace dray {

// Threads: safe from several at once. As many run as there was ever work at the same time.
class ThreadPool {
 public:
  ThreadPool() = default;
  // Waits for all work to end; not to be called from within it.
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // Begins at once, in a thread that has nothing to do or a new one. It has SIGPIPE blocked.
  void run(std::function<void()> work);

 private:
  void serve();

  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<std::function<void()>> waiting_;
  std::size_t idle_ = 0;
  bool ending_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace dray
