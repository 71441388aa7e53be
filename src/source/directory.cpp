#include "source/directory.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/path_text.h"
#include "base/quotable.h"
#include "source/layout.h"

namespace dray {
namespace {

// Links that lead across each other multiply paths without ever closing a cycle; real layouts are
// five deep.
constexpr std::size_t depth_max = 64;

// What every warehouse keeps of a key. Only escapes make one longer than the system lets a path be.
constexpr std::size_t key_bytes_max = 4096;

std::string error_text(int code) { return std::generic_category().message(code); }

class FileDescriptor {
 public:
  explicit FileDescriptor(int value) : value_(value) {}
  FileDescriptor(FileDescriptor&& other) noexcept : value_(std::exchange(other.value_, -1)) {}
  FileDescriptor& operator=(FileDescriptor&&) = delete;
  ~FileDescriptor() {
    if (value_ >= 0) ::close(value_);
  }
  int get() const { return value_; }

 private:
  int value_;
};

int open_retrying(const char* path, int flags) {
  int fd = -1;
  do {
    fd = ::open(path, flags | O_CLOEXEC);
  } while (fd < 0 && errno == EINTR);
  return fd;
}

// Nanoseconds since 1970 as decimal text; put together as text because far years do not fit 64
// bits.
std::string version_of(const struct stat& info) {
  std::string nanoseconds = std::to_string(info.st_mtim.tv_nsec);
  return std::to_string(info.st_mtim.tv_sec) + std::string(9 - nanoseconds.size(), '0') +
         nanoseconds;
}

bool is_same_content(const struct stat& info, const ObjectInfo& object) {
  return S_ISREG(info.st_mode) && static_cast<std::uint64_t>(info.st_size) == object.size_bytes &&
         version_of(info) == object.version;
}

bool is_readable_directory(const std::string& path) {
  return ::faccessat(AT_FDCWD, path.c_str(), R_OK | X_OK, AT_EACCESS) == 0;
}

std::string_view kind_of(mode_t mode) {
  if (S_ISFIFO(mode)) return "is a pipe";
  if (S_ISSOCK(mode)) return "is a socket";
  return S_ISCHR(mode) || S_ISBLK(mode) ? "is a device" : "is not a regular file";
}

bool is_gone(int code) { return code == ENOENT || code == ENOTDIR; }

Error root_error(const std::string& root, int code, const std::string& called) {
  const std::string shown = quotable_path(root, "");
  const std::string place = shown.empty() ? called + ": " : "source " + path_to_text(shown) + ": ";
  switch (code) {
    case ENOENT:
      return config_error(place +
                          "there is no such directory; check the path, and that the disk "
                          "is mounted");
    case ENOTDIR:
      return config_error(place + "a part of the path is not a directory");
    case EACCES:
    case EPERM:
      return config_error(place +
                          "no permission to read it; grant this user read and search "
                          "rights (chmod o+rx)");
    case ELOOP:
    case ENAMETOOLONG:
      return config_error(place + error_text(code));
    default:
      return transient_error(place + error_text(code));
  }
}

// Why one object, which was listed, cannot be had.
Error object_error(int code) {
  if (is_gone(code)) return bad_data_error("gone since it was listed");
  switch (code) {
    case EACCES:
    case EPERM:
      return bad_data_error("no permission to read it");
    case EISDIR:
    case ELOOP:
    case ENAMETOOLONG:
    case ENXIO:
      return bad_data_error(error_text(code));
    default:
      return transient_error(error_text(code));
  }
}

// Checks at the end, once more, that what was read is what was listed: a file that somebody still
// writes to would otherwise be loaded with half a line at its end.
class FileReader final : public ByteReader {
 public:
  FileReader(FileDescriptor file, ObjectInfo object)
      : file_(std::move(file)), object_(std::move(object)) {}

  Result<std::size_t> read(std::span<std::byte> buffer) override {
    while (true) {
      const ssize_t count = ::read(file_.get(), buffer.data(), buffer.size());
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return object_error(errno);
      read_bytes_ += static_cast<std::uint64_t>(count);
      if (count == 0 && !buffer.empty()) DRAY_TRY(check_unchanged());
      return static_cast<std::size_t>(count);
    }
  }

 private:
  Result<void> check_unchanged() const {
    struct stat info {};
    if (::fstat(file_.get(), &info) != 0) return object_error(errno);
    if (read_bytes_ == object_.size_bytes && is_same_content(info, object_)) return {};
    return bad_data_error("changed while it was read");
  }

  FileDescriptor file_;
  ObjectInfo object_;
  std::uint64_t read_bytes_ = 0;
};

Result<std::unique_ptr<ByteReader>> open_file(const std::string& path, const ObjectInfo& object) {
  // A pipe that has taken the file's place must not make us wait for its writer.
  FileDescriptor file(open_retrying(path.c_str(), O_RDONLY | O_NONBLOCK));
  if (file.get() < 0) return object_error(errno);
  struct stat info {};
  if (::fstat(file.get(), &info) != 0) return object_error(errno);
  if (!is_same_content(info, object)) return bad_data_error("changed since it was listed");
  // Advice: a file system that does not take it reads as well, only later. What is read ahead in
  // any case needs none.
  constexpr std::uint64_t read_ahead_bytes = 128U << 10;
  if (object.size_bytes > read_ahead_bytes) {
    ::posix_fadvise(file.get(), 0, 0, POSIX_FADV_SEQUENTIAL);
  }
  return std::unique_ptr<ByteReader>(std::make_unique<FileReader>(std::move(file), object));
}

// One listing: the directories that are entered, depth first, and what was found.
class Walk {
 public:
  Walk(const std::string& root, const std::stop_token& stop, const std::string& called)
      : root_(root), stop_(stop), called_(called) {}

  Result<Listing> run() {
    const int code = enter("");
    if (stop_.stop_requested()) return cancelled_error();
    if (code != 0) return root_error(root_, code, called_);
    // A directory that changes while it is read may name an entry twice.
    sort_by_key(listing_.objects);
    std::ranges::sort(listing_.problems, {}, &ListProblem::key);
    std::ranges::sort(listing_.no_files, {}, &ListProblem::key);
    return std::move(listing_);
  }

 private:
  struct Identity {
    dev_t device;
    ino_t inode;
    bool operator==(const Identity&) const = default;
  };
  struct CloseDirectory {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };

  // Lists the directory `prefix` ("" or "a/b/") and all below. Returns errno when it cannot be read
  // to its end; what was found up to there stays. No directory stays open while one below is read.
  // Links that lead across each other make very many paths of a few directories.
  int enter(const std::string& prefix) {
    if (stop_.stop_requested()) return ECANCELED;
    std::vector<std::string> below;
    struct stat info {};
    {
      const std::string path = root_ + "/" + prefix;
      FileDescriptor file(open_retrying(path.c_str(), O_RDONLY | O_DIRECTORY));
      if (file.get() < 0 || ::fstat(file.get(), &info) != 0) return errno;
      if (is_entered(info)) return 0;
      const int code = read_entries(file.get(), prefix, below);
      if (code != 0) return code;
    }
    entered_.push_back({info.st_dev, info.st_ino});
    for (const std::string& key : below)
      enter_below(key);
    entered_.pop_back();
    return 0;
  }

  void enter_below(const std::string& key) {
    if (entered_.size() >= depth_max) {
      add_problem(key, "is nested more than " + std::to_string(depth_max) + " directories deep");
      return;
    }
    const int code = enter(key + "/");
    if (code != 0 && code != ECANCELED && !is_gone(code))
      add_problem(key, "cannot be listed: " + error_text(code));
  }

  // Whether the directory is one of those above: a link leads back.
  bool is_entered(const struct stat& info) const {
    return std::find(entered_.begin(), entered_.end(), Identity{info.st_dev, info.st_ino}) !=
           entered_.end();
  }

  int read_entries(int file, const std::string& prefix, std::vector<std::string>& below) {
    // The stream gets a descriptor of its own, because it closes it.
    const int own = ::fcntl(file, F_DUPFD_CLOEXEC, 0);
    if (own < 0) return errno;
    const std::unique_ptr<DIR, CloseDirectory> directory(::fdopendir(own));
    if (directory == nullptr) {
      const int code = errno;
      ::close(own);
      return code;
    }
    while (true) {
      errno = 0;
      const dirent* entry = ::readdir(directory.get());
      if (entry == nullptr) return errno;
      const std::string_view name = entry->d_name;
      if (name == "." || name == "..") continue;
      if (is_ignored_component(name)) {
        listing_.passed_over.add(
            path_to_text(prefix + entry->d_name + (entry->d_type == DT_DIR ? "/" : "")));
      } else {
        add_entry(file, prefix, *entry, below);
      }
    }
  }

  // Asks the file system only about what may matter: most entries tell their type for nothing.
  void add_entry(int directory, const std::string& prefix, const dirent& entry,
                 std::vector<std::string>& below) {
    std::string key = prefix + entry.d_name;
    if (entry.d_type == DT_DIR) {
      below.push_back(std::move(key));
      return;
    }
    const std::optional<KeyFacts> facts = classify_key(key);
    const bool may_be_directory = entry.d_type == DT_LNK || entry.d_type == DT_UNKNOWN;
    if (!facts && !may_be_directory) {
      listing_.passed_over.add(path_to_text(key));
      return;
    }
    struct stat info {};
    if (::fstatat(directory, entry.d_name, &info, 0) != 0) {
      add_stat_problem(directory, entry.d_name, key, errno);
    } else if (S_ISDIR(info.st_mode)) {
      below.push_back(std::move(key));
    } else if (!facts) {
      listing_.passed_over.add(path_to_text(key));
    } else if (std::string text = path_to_text(key); text.size() > key_bytes_max) {
      add_problem(key, "has a path of more than " + std::to_string(key_bytes_max) + " bytes");
    } else if (S_ISREG(info.st_mode)) {
      listing_.objects.push_back({std::move(text), static_cast<std::uint64_t>(info.st_size),
                                  version_of(info), facts->encoding, facts->received_day});
    } else {
      listing_.no_files.push_back({std::move(text), std::string(kind_of(info.st_mode))});
    }
  }

  // A file that is deleted during the listing is no problem; a link that leads nowhere, or round in
  // a ring of links, is: nobody knows what should be behind it.
  void add_stat_problem(int directory, const char* name, const std::string& key, int code) {
    if (code == ENOENT || code == ELOOP) {
      struct stat link {};
      if (::fstatat(directory, name, &link, AT_SYMLINK_NOFOLLOW) != 0) return;
      add_problem(key, "is a link that leads nowhere");
      return;
    }
    add_problem(key, "cannot be listed: " + error_text(code));
  }

  void add_problem(const std::string& key, std::string message) {
    listing_.problems.push_back({path_to_text(key), std::move(message)});
  }

  const std::string& root_;  // of the store that lists, as what follows
  const std::stop_token& stop_;
  const std::string& called_;
  Listing listing_;
  std::vector<Identity> entered_;
};

// Everything goes by path, nothing by an open directory: a long-running process must see when the
// directory has been replaced by another.
class DirectoryStore final : public ObjectStore {
 public:
  DirectoryStore(std::string root, std::stop_token stop, std::string called)
      : root_(std::move(root)), stop_(std::move(stop)), called_(std::move(called)) {}

  Result<Listing> list(const ListRequest&) override { return Walk(root_, stop_, called_).run(); }

  Result<std::unique_ptr<ByteReader>> open(const ObjectInfo& object) override {
    auto reader = open_file(root_ + "/" + text_to_path(object.key), object);
    if (reader.ok()) return reader;
    // Not one object is gone but the disk, say: no reason to write off object after object.
    if (!is_readable_directory(root_)) return root_error(root_, errno, called_);
    return reader;
  }

  bool lists_from_anywhere() const override { return false; }
  std::size_t open_ahead_max() const override { return 0; }
  std::string location() const override { return path_to_text(root_); }

 private:
  const std::string root_;  // absolute, without a '/' at the end
  const std::stop_token stop_;
  const std::string called_;
};

class FileStore final : public ObjectStore {
 public:
  FileStore(std::string path, std::string key, std::string called)
      : path_(std::move(path)), key_(std::move(key)), called_(std::move(called)) {}

  Result<Listing> list(const ListRequest&) override {
    struct stat info {};
    if (::stat(path_.c_str(), &info) != 0) return root_error(path_, errno, called_);
    const std::optional<KeyFacts> facts = classify_key(key_);
    if (!facts || !S_ISREG(info.st_mode)) {
      return config_error("source " + location() +
                          ": is neither a directory nor an event file (.gz, .zst, .json, .ndjson, "
                          ".jsonl)");
    }
    Listing listing;
    listing.objects.push_back({path_to_text(key_), static_cast<std::uint64_t>(info.st_size),
                               version_of(info), facts->encoding, facts->received_day});
    return listing;
  }

  Result<std::unique_ptr<ByteReader>> open(const ObjectInfo& object) override {
    return open_file(path_, object);
  }

  bool lists_from_anywhere() const override { return false; }
  std::size_t open_ahead_max() const override { return 0; }
  std::string location() const override { return path_to_text(path_); }

 private:
  const std::string path_;
  const std::string key_;
  const std::string called_;
};

// Absolute, without a '/' at the end. Links stay as people wrote them, except before "..", which
// means nothing without them.
std::string absolute_path(const std::string& path, std::error_code& failure) {
  const std::filesystem::path whole = std::filesystem::absolute(path, failure);
  if (failure) return path;
  const bool climbs = std::find(whole.begin(), whole.end(), "..") != whole.end();
  std::string text =
      (climbs ? std::filesystem::canonical(whole, failure) : whole.lexically_normal()).string();
  while (text.size() > 1 && text.back() == '/')
    text.pop_back();
  return text;
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> open_directory(const std::string& path, std::stop_token stop,
                                                    const std::string& called) {
  if (path.empty()) return config_error("source: the path is empty; the directory here is \".\"");
  std::error_code failure;
  const std::string root = absolute_path(path, failure);
  if (failure) return root_error(path, failure.value(), called);
  struct stat info {};
  if (::stat(root.c_str(), &info) == 0 && !S_ISDIR(info.st_mode)) {
    return std::unique_ptr<ObjectStore>(
        std::make_unique<FileStore>(root, root.substr(root.rfind('/') + 1), called));
  }
  return std::unique_ptr<ObjectStore>(
      std::make_unique<DirectoryStore>(root, std::move(stop), called));
}

Result<void> check_directory(const std::string& path, const std::string& called) {
  DRAY_ASSIGN(const std::unique_ptr<ObjectStore> store, open_directory(path, {}, called));
  struct stat info {};
  const std::string root = text_to_path(store->location());
  if (::stat(root.c_str(), &info) != 0) return root_error(root, errno, called);
  if (!S_ISDIR(info.st_mode)) {
    DRAY_TRY(store->list({}));
    return {};
  }
  if (!is_readable_directory(root)) return root_error(root, errno, called);
  return {};
}

}  // namespace dray
