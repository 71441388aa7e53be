// Descriptors 0, 1 and 2, and a stream onto one of them.
#pragma once

#include <array>
#include <ostream>
#include <streambuf>

namespace dray {

// Opens those of the three that are closed, so that no file which is opened later gets their
// numbers: a report would be written over its header. They are opened in the mode that nobody uses
// them in, so that whoever writes to them is told (EBADF). Before anything else in main(). Where
// even that fails the process ends, with exit_failure: nothing could be said, and nothing is safe.
void hold_standard_files();

// What is written to a descriptor, in large pieces. A write that fails makes the stream bad, like
// any other; error() tells why. Waits where a pipe that does not block is full.
//
// Threads: one at a time.
class FileBuffer final : public std::streambuf {
 public:
  explicit FileBuffer(int descriptor);
  ~FileBuffer() override { sync(); }
  FileBuffer(const FileBuffer&) = delete;
  FileBuffer& operator=(const FileBuffer&) = delete;

  // errno of the first write that failed, or 0.
  int error() const { return error_; }

 protected:
  int_type overflow(int_type c) override;
  int sync() override;

 private:
  bool write_out();

  const int descriptor_;
  int error_ = 0;
  std::array<char, 1 << 16> room_{};
};

}  // namespace dray
