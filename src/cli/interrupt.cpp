#include "cli/interrupt.h"

#include <fcntl.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX, not the C library
#include <unistd.h>

#include <atomic>
#include <cerrno>

#include "base/result.h"
#include "cli/exit_code.h"

namespace dray {
namespace {

// What the handler may touch: lock-free atomics, and write and _exit, which POSIX allows there.
std::atomic<int> signals_seen{0};
std::atomic<int> wake_fd{-1};
static_assert(std::atomic<int>::is_always_lock_free);

constexpr char byte_signal = 's';
constexpr char byte_end = 'e';

void handle(int) {
  const int saved_errno = errno;
  if (signals_seen.fetch_add(1) > 0) ::_exit(exit_interrupted);
  [[maybe_unused]] const auto written = ::write(wake_fd.load(), &byte_signal, 1);
  errno = saved_errno;
}

struct sigaction old_interrupt;
struct sigaction old_terminate;

void install() {
  struct sigaction action {};
  action.sa_handler = handle;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, &old_interrupt);
  ::sigaction(SIGTERM, &action, &old_terminate);
}

void uninstall() {
  ::sigaction(SIGINT, &old_interrupt, nullptr);
  ::sigaction(SIGTERM, &old_terminate, nullptr);
}

}  // namespace

Interrupts::Interrupts(std::function<void()> on_first) : on_first_(std::move(on_first)) {
  DRAY_ASSERT(wake_fd.load() == -1);
  int ends[2];
  // Without a pipe the default stays: Ctrl-C ends the process, and the warehouse rolls back.
  if (::pipe2(ends, O_CLOEXEC) != 0) return;
  read_end_ = ends[0];
  write_end_ = ends[1];
  signals_seen.store(0);
  wake_fd.store(write_end_);
  thread_ = std::thread([this] {
    char byte = byte_end;
    while (::read(read_end_, &byte, 1) == 1 && byte == byte_signal) {
      on_first_();
    }
  });
  install();
}

Interrupts::~Interrupts() {
  if (!thread_.joinable()) return;
  uninstall();
  [[maybe_unused]] const auto written = ::write(write_end_, &byte_end, 1);
  thread_.join();
  wake_fd.store(-1);
  ::close(read_end_);
  ::close(write_end_);
}

}  // namespace dray
