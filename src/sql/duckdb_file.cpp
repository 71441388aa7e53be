#include "sql/duckdb_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <string_view>
#include <system_error>
#include <vector>

#include "base/path_text.h"

namespace dray {
namespace {

// DuckDB 1.4 writes three headers of 4,096 bytes, and each file has them.
constexpr std::size_t headers_bytes = 3 * 4096;
constexpr std::string_view magic = "DUCK";
constexpr std::size_t magic_at = 8;  // behind a checksum

class File {
 public:
  File(const std::string& path, int flags, mode_t mode = 0)
      : number_(::open(path.c_str(), flags | O_CLOEXEC | O_NONBLOCK, mode)) {}
  ~File() {
    if (number_ >= 0) ::close(number_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  bool is_open() const { return number_ >= 0; }
  int number() const { return number_; }

  // What there is of the headers.
  std::string beginning() const {
    std::string bytes(headers_bytes, '\0');
    std::size_t size = 0;
    while (size < bytes.size()) {
      const ssize_t got =
          ::pread(number_, bytes.data() + size, bytes.size() - size, static_cast<off_t>(size));
      if (got < 0 && errno == EINTR) continue;
      if (got <= 0) break;
      size += static_cast<std::size_t>(got);
    }
    bytes.resize(size);
    return bytes;
  }

  bool write_whole(std::string_view bytes) const {
    for (std::size_t done = 0; done < bytes.size();) {
      const ssize_t put =
          ::pwrite(number_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
      if (put < 0 && errno == EINTR) continue;
      if (put == 0) errno = ENOSPC;
      if (put <= 0) return false;
      done += static_cast<std::size_t>(put);
    }
    return ::fsync(number_) == 0;
  }

  // Locks the file as DuckDB does.
  bool lock() const {
    struct flock whole {};
    whole.l_type = F_WRLCK;
    whole.l_whence = SEEK_SET;
    return ::fcntl(number_, F_SETLK, &whole) == 0;
  }

 private:
  int number_;
};

Error file_error(const std::string& path, int code) {
  return config_error(path_to_text(path) + ": " + std::generic_category().message(code),
                      "check the disk and the rights of the file and its directory");
}

bool is_rest(std::string_view beginning) {
  // A crash may have kept a length without its bytes.
  if (std::ranges::all_of(beginning, [](char c) { return c == '\0'; })) return true;
  return beginning.size() < headers_bytes && beginning.size() > magic_at + magic.size() &&
         beginning.substr(magic_at, magic.size()) == magic;
}

const char* kind_of(mode_t mode) {
  if (S_ISDIR(mode)) return "a directory";
  if (S_ISFIFO(mode)) return "a pipe";
  if (S_ISSOCK(mode)) return "a socket";
  return "a device";
}

Result<void> check_name(const std::string& path) {
  if (path.find("://") != std::string::npos) {
    // It may hold a password.
    return config_error("duckdb: takes the name of a file, and this is an address",
                        "duckdb:FILE, with a file on "
                        "this machine");
  }
  return {};
}

// Where a link leads, if it does not lead to a file yet: that one shall be made.
std::string target_of(const std::string& path) {
  std::error_code failed;
  if (!std::filesystem::is_symlink(path, failed)) return path;
  const auto target = std::filesystem::weakly_canonical(path, failed);
  return failed ? path : target.string();
}

std::string new_stem(const std::string& target) { return target + ".new-"; }

// The rest is filled in its place: who else has it open keeps the same file and the same lock.
Result<void> fill_rest(const std::string& made, const std::string& path) {
  const File from(made, O_RDONLY);
  if (!from.is_open()) return file_error(path, errno);
  const File rest(path, O_RDWR);
  if (!rest.is_open()) return file_error(path, errno);
  // Locked: somebody is making it, or filling it. DuckDB will tell who.
  if (!rest.lock() || !is_rest(rest.beginning())) return {};
  const std::string bytes = from.beginning();
  if (bytes.size() < headers_bytes) return file_error(path, EIO);
  if (!rest.write_whole(bytes)) return file_error(path, errno);
  return {};
}

// Whole or not at all, and never over a file of somebody else's.
Result<void> move_new(const std::string& made, const std::string& path) {
  if (::link(made.c_str(), path.c_str()) == 0 || errno == EEXIST) return {};
  // A file system without links.
  if (::renameat2(AT_FDCWD, made.c_str(), AT_FDCWD, path.c_str(), RENAME_NOREPLACE) == 0) return {};
  if (errno == EEXIST) return {};
  // One that knows neither: what a kill leaves here is a rest.
  const File file(path, O_RDWR | O_CREAT | O_EXCL, 0666);
  if (!file.is_open()) return errno == EEXIST ? Result<void>() : file_error(path, errno);
  return fill_rest(made, path);
}

}  // namespace

Result<std::string> duckdb_file_behind(const std::string& path) {
  const std::string target = target_of(path);
  if (target == path) return target;
  const std::string log = path + ".wal";
  std::error_code ignored;
  if (std::filesystem::exists(log, ignored) &&
      !std::filesystem::equivalent(log, target + ".wal", ignored)) {
    return config_error(path_to_text(path) +
                            " is a link, and beside it lies a log that may belong to the " +
                            "file, " + path_to_text(log),
                        "if the last writer came by the link, mv " + path_to_text(log) + " " +
                            path_to_text(target) + ".wal; else remove it");
  }
  return target;
}

Result<void> check_no_log_is_left(const std::string& path) {
  const std::string log = path + ".wal";
  std::error_code ignored;
  if (!std::filesystem::exists(log, ignored)) return {};
  return config_error(path_to_text(log) +
                          " is there and its file is not: rows that were committed may be " +
                          "in it alone",
                      "put the file back; or remove " + path_to_text(log) + " to begin anew");
}

Result<void> check_folder_is_writable(const std::string& path) {
  namespace fs = std::filesystem;
  // As whoever this process acts for, which open() asks about too.
  const auto may = [](const std::string& name, int mode) {
    return ::faccessat(AT_FDCWD, name.c_str(), mode, AT_EACCESS) == 0;
  };
  if (!may(path, W_OK) && errno != ENOENT) return {};
  std::error_code failed;
  const fs::path parent = fs::path(path).parent_path();
  const std::string folder = parent.empty() ? fs::current_path(failed).string() : parent.string();
  if (failed || !may(folder, F_OK) || may(folder, W_OK | X_OK)) return {};
  const std::string why = std::generic_category().message(errno);
  return config_error(
      "nothing can be made in the folder " + path_to_text(folder) + " (" + why +
          "), and DuckDB makes a log there, beside the file, before it can commit",
      "let this user write to the folder (chmod, chown, or mount it for writing), or move the file "
      "into one where it may; dray query and dray status only read, and need no log");
}

Result<FileState> duckdb_file_state(const std::string& path) {
  DRAY_TRY(check_name(path));
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return FileState::none;  // DuckDB tells what is wrong
  if (!S_ISREG(status.st_mode)) {
    return config_error(
        path_to_text(path) + " is " + kind_of(status.st_mode) + ", and a warehouse is a file",
        "name a file; Dray makes it if it does "
        "not exist");
  }
  if (status.st_size > static_cast<off_t>(headers_bytes)) return FileState::made;
  std::error_code ignored;
  if (std::filesystem::exists(target_of(path) + ".wal", ignored)) return FileState::made;
  const File file(path, O_RDONLY);
  if (!file.is_open()) return FileState::made;
  return is_rest(file.beginning()) ? FileState::rest : FileState::made;
}

Result<void> make_duckdb_file(const std::string& path, FileState state,
                              const std::function<Result<void>(const std::string&)>& make) {
  const std::string target = target_of(path);
  const std::string made = new_stem(target) + std::to_string(::getpid());
  ::unlink(made.c_str());
  auto outcome = make(made);
  if (outcome)
    outcome = state == FileState::rest ? fill_rest(made, target) : move_new(made, target);
  ::unlink(made.c_str());
  return outcome;
}

void remove_new_files(const std::string& path) {
  namespace fs = std::filesystem;
  const fs::path stem = new_stem(target_of(path));
  const fs::path parent = stem.parent_path();
  std::error_code ignored;
  const std::string begins = stem.filename().string();
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(parent.empty() ? "." : parent, ignored)) {
    const std::string name = entry.path().filename().string();
    // A process's number behind it; nothing else of that name is ours.
    if (name.size() > begins.size() && name.starts_with(begins) &&
        name.find_first_not_of("0123456789", begins.size()) == std::string::npos) {
      files.push_back(entry.path());
    }
  }
  for (const fs::path& file : files)
    fs::remove(file, ignored);
}

}  // namespace dray
