#include "cli/standard_files.h"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>

#include "cli/exit_code.h"

namespace dray {
namespace {

bool is_closed(int descriptor) { return ::fcntl(descriptor, F_GETFD) == -1 && errno == EBADF; }

bool wait_to_write(int descriptor) {
  pollfd wait_for{descriptor, POLLOUT, 0};
  return ::poll(&wait_for, 1, -1) >= 0 || errno == EINTR;
}

}  // namespace

void hold_standard_files() {
  for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    if (!is_closed(descriptor)) continue;
    const int mode = descriptor == STDIN_FILENO ? O_WRONLY : O_RDONLY;
    // The lowest number that is free is the one that is missing: those below it are open by now.
    int opened = ::open("/dev/null", mode);
    // In a root directory without devices. What is opened so can be neither read nor written.
    if (opened < 0) opened = ::open("/", O_PATH);
    if (opened != descriptor) ::_exit(exit_failure);
  }
}

FileBuffer::FileBuffer(int descriptor) : descriptor_(descriptor) {
  setp(room_.data(), room_.data() + room_.size());
}

FileBuffer::int_type FileBuffer::overflow(int_type c) {
  if (!write_out()) return traits_type::eof();
  if (!traits_type::eq_int_type(c, traits_type::eof())) {
    *pptr() = traits_type::to_char_type(c);
    pbump(1);
  }
  return traits_type::not_eof(c);
}

int FileBuffer::sync() { return write_out() ? 0 : -1; }

// What could not be written is dropped: it is told once, not at every later call.
bool FileBuffer::write_out() {
  const char* at = pbase();
  while (error_ == 0 && at != pptr()) {
    const ssize_t count = ::write(descriptor_, at, static_cast<std::size_t>(pptr() - at));
    if (count >= 0) {
      at += count;
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (!wait_to_write(descriptor_)) error_ = errno;
    } else if (errno != EINTR) {
      error_ = errno;
    }
  }
  setp(room_.data(), room_.data() + room_.size());
  return error_ == 0;
}

}  // namespace dray
