// Ctrl-C and SIGTERM while a sync runs.
#pragma once

#include <functional>
#include <thread>

namespace dray {

// From construction to destruction the first SIGINT or SIGTERM calls `on_first`, on a thread of its
// own, where everything is allowed; the second ends the process at once with exit code 130. At most
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
