#include "cli/interrupt.h"

#include <fcntl.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX, not the C library
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <string_view>
#include <utility>

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

void handle_early(int) {
  constexpr std::string_view message = "dray: stopped before anything was begun\n";
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, message.data(), message.size());
  ::_exit(exit_failure);
}

// The handlers that were there before the first of ours.
struct sigaction old_interrupt;
struct sigaction old_terminate;
bool is_installed = false;

void install(void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  ::sigaction(SIGINT, &action, is_installed ? nullptr : &old_interrupt);
  ::sigaction(SIGTERM, &action, is_installed ? nullptr : &old_terminate);
  is_installed = true;
}

void uninstall() {
  if (!std::exchange(is_installed, false)) return;
  ::sigaction(SIGINT, &old_interrupt, nullptr);
  ::sigaction(SIGTERM, &old_terminate, nullptr);
}

}  // namespace

void catch_early_stops() { install(handle_early); }
void release_early_stops() { uninstall(); }

Interrupts::Interrupts(std::function<void()> on_first) : on_first_(std::move(on_first)) {
  DRAY_ASSERT(wake_fd.load() == -1);
  int ends[2];
  // Without a pipe Ctrl-C ends the process, and the warehouse rolls back.
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    uninstall();
    return;
  }
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
  install(handle);
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
