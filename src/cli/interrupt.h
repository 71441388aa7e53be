// Ctrl-C and SIGTERM while a sync runs.
#pragma once

#include <functional>
#include <thread>

namespace dray {

// From now on the first SIGINT or SIGTERM says that nothing was begun and ends the process with
// exit code 1: while the command line is read and the warehouse opened. Once, before there are
// threads.
void catch_early_stops();
// A command that has nothing to undo calls it: the signals do as they did before.
void release_early_stops();

// From construction to destruction the first SIGINT or SIGTERM calls `on_first`, on a thread of its
// own, where everything is allowed; the second ends the process at once with exit code 130.
// Early stops are over then, for good. At most
// one exists at a time.
class Interrupts {
 public:
  explicit Interrupts(std::function<void()> on_first);
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

 private:
  std::function<void()> on_first_;
  int read_end_ = -1;
  int write_end_ = -1;
  std::thread thread_;
};

}  // namespace dray
