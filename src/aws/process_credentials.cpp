#include "aws/process_credentials.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>  // NOLINT(modernize-deprecated-headers): POSIX, not the C library
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <system_error>
#include <thread>
#include <vector>

#include "aws/fields.h"
#include "base/time.h"

namespace dray {
namespace {

using Clock = std::chrono::steady_clock;

// A session token has some thousand bytes.
constexpr std::size_t output_bytes_max = 64U << 10;

// How often it is looked whether somebody wants all to stop, or the program has ended.
constexpr std::chrono::milliseconds look_interval{50};

// The words into which a shell splits a line, without all that a shell does besides; nothing for an
// open quote.
std::optional<std::vector<std::string>> words_of(std::string_view command) {
  std::vector<std::string> words;
  bool in_word = false;
  char quote = '\0';
  for (std::size_t i = 0; i < command.size(); ++i) {
    const char c = command[i];
    if (quote == '\0' && (c == ' ' || c == '\t')) {
      in_word = false;
      continue;
    }
    if (!in_word) words.emplace_back();
    in_word = true;
    const char next = i + 1 < command.size() ? command[i + 1] : '\0';
    const bool escapes =
        c == '\\' && (quote == '\0' || (quote == '"' && (next == '"' || next == '\\')));
    if (escapes && next != '\0') {
      words.back() += next;
      ++i;
    } else if (quote == '\0' && (c == '"' || c == '\'')) {
      quote = c;
    } else if (c == quote) {
      quote = '\0';
    } else {
      words.back() += c;
    }
  }
  if (quote != '\0') return std::nullopt;
  return words;
}

// A program in a process group of its own. What is left of the group ends with this.
class Child {
 public:
  Child() = default;
  ~Child() {
    if (output_ >= 0) ::close(output_);
    if (pid_ <= 0) return;
    ::kill(-pid_, SIGKILL);
    if (!status_) ::waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // Returns errno.
  int start(std::vector<std::string>& words) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) return errno;
    output_ = ends[0];
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, ends[1], STDOUT_FILENO);
    posix_spawn_file_actions_addopen(&files, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    // Our threads block signals that it may want to hear, and the program ignores two.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t none;
    sigemptyset(&none);
    posix_spawnattr_setsigmask(&attributes, &none);
    sigset_t usual;
    sigemptyset(&usual);
    sigaddset(&usual, SIGPIPE);
    sigaddset(&usual, SIGXFSZ);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    std::vector<char*> arguments(words.size() + 1, nullptr);  // and a null at the end
    std::ranges::transform(words, arguments.begin(), [](std::string& word) { return word.data(); });
    const int code =
        posix_spawnp(&pid_, arguments[0], &files, &attributes, arguments.data(), environ);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    ::close(ends[1]);
    if (code != 0) pid_ = 0;
    return code;
  }

  // Whether there is something to read, or the end of it.
  bool has_output(std::chrono::milliseconds wait) const {
    pollfd poll_for{output_, POLLIN, 0};
    return ::poll(&poll_for, 1, static_cast<int>(wait.count())) > 0;
  }

  // Nothing at the end.
  std::string_view read() {
    ssize_t count = 0;
    do {
      count = ::read(output_, buffer_.data(), buffer_.size());
    } while (count < 0 && errno == EINTR);
    return {buffer_.data(), count > 0 ? static_cast<std::size_t>(count) : 0};
  }

  // What waitpid() tells; nothing while the process runs.
  std::optional<int> status() {
    int status = 0;
    if (!status_ && ::waitpid(pid_, &status, WNOHANG) == pid_) status_ = status;
    return status_;
  }

 private:
  pid_t pid_ = 0;
  int output_ = -1;
  std::optional<int> status_;
  std::array<char, 4096> buffer_{};
};

// What it printed until it ended.
Result<std::string> output_of(Child& child, std::chrono::milliseconds timeout,
                              const std::stop_token& stop) {
  const Clock::time_point deadline = Clock::now() + timeout;
  std::string output;
  for (bool is_open = true;;) {
    if (stop.stop_requested()) return cancelled_error();
    if (Clock::now() > deadline) {
      return config_error("took longer than " +
                          std::to_string(std::chrono::ceil<std::chrono::seconds>(timeout).count()) +
                          " s");
    }
    if (is_open && child.has_output(look_interval)) {
      const std::string_view bytes = child.read();
      is_open = !bytes.empty();
      output += bytes;
      if (output.size() > output_bytes_max) return config_error("prints more than credentials");
    } else if (!is_open) {
      const std::optional<int> status = child.status();
      if (!status) {
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        continue;
      }
      if (WIFEXITED(*status) && WEXITSTATUS(*status) == 0) return output;
      const std::string how = WIFEXITED(*status)
                                  ? "exit code " + std::to_string(WEXITSTATUS(*status))
                                  : "signal " + std::to_string(WTERMSIG(*status));
      return config_error("ended with " + how + "; run it by hand to see what it has to say");
    }
  }
}

Result<Credentials> credentials_in(std::string_view output) {
  const JsonFields fields(output);
  constexpr std::int64_t known_version = 1;
  if (fields.integer("Version") != known_version) {
    return config_error("prints no JSON object with \"Version\": 1");
  }
  Credentials credentials;
  credentials.access_key_id = fields.text("AccessKeyId").value_or("");
  credentials.secret_access_key = Secret(fields.text("SecretAccessKey").value_or(""));
  credentials.session_token = Secret(fields.text("SessionToken").value_or(""));
  if (credentials.access_key_id.empty() || credentials.secret_access_key.empty()) {
    return config_error("prints no AccessKeyId, or no SecretAccessKey");
  }
  const auto expiration = fields.text("Expiration");
  if (!expiration) return credentials;
  const auto expires = parse_timestamp(*expiration);
  if (!expires) return config_error("prints an Expiration that is not a time of ISO 8601");
  credentials.expires = std::chrono::floor<std::chrono::seconds>(from_micros(*expires));
  if (*credentials.expires <= std::chrono::system_clock::now()) {
    return config_error("prints credentials that have expired");
  }
  return credentials;
}

Result<Credentials> run(std::vector<std::string>& words, std::chrono::milliseconds timeout,
                        const std::stop_token& stop) {
  Child child;
  if (const int code = child.start(words); code != 0) {
    return config_error("cannot be run: " + std::generic_category().message(code));
  }
  DRAY_ASSIGN(const std::string output, output_of(child, timeout, stop));
  return credentials_in(output);
}

}  // namespace

Result<Credentials> process_credentials(const std::string& command,
                                        std::chrono::milliseconds timeout,
                                        const std::stop_token& stop) {
  auto words = words_of(command);
  if (!words || words->empty()) {
    return config_error("credential_process: has a quote that is not closed, or no program");
  }
  auto credentials = run(*words, timeout, stop);
  if (credentials || credentials.error().cause == Cause::cancelled) return credentials;
  // What follows the program's name may be a secret.
  return std::move(credentials).error().within("credential_process " + words->front());
}

}  // namespace dray
