#include "app/request.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "support/temporary_directory.h"

namespace dray {
namespace {

// TMPDIR for as long as one test runs.
class Tmpdir {
 public:
  explicit Tmpdir(const char* value) {
    if (const char* was = std::getenv("TMPDIR")) before_ = was;  // NOLINT(concurrency-mt-unsafe)
    set(value);
  }
  Tmpdir(const Tmpdir&) = delete;
  Tmpdir& operator=(const Tmpdir&) = delete;
  ~Tmpdir() { set(before_ ? before_->c_str() : nullptr); }

 private:
  static void set(const char* value) {
    if (value == nullptr) {
      ::unsetenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): one thread
    } else {
      ::setenv("TMPDIR", value, 1);  // NOLINT(concurrency-mt-unsafe): one thread
    }
  }
  std::optional<std::string> before_;
};

std::string spills(const std::string& warehouse, const std::string& chosen = "") {
  Config config;
  config.warehouse = warehouse;
  config.temp_directory = chosen;
  return request_of(config).temp_directory;
}

TEST(SpillDirectory, IsTheOneThatSomebodyHasChosen) {
  EXPECT_EQ(spills("duckdb:/w/x.duckdb", "/big"), "/big");
  EXPECT_EQ(spills("postgres://me@host/db", "/big"), "/big");
}

TEST(SpillDirectory, IsTheFolderOfADuckdbFileWhateverTmpdirSays) {
  const TemporaryDirectory directory;
  const Tmpdir elsewhere("/elsewhere");
  EXPECT_EQ(spills("duckdb:" + (directory / "w.duckdb")), directory.path());
  EXPECT_EQ(spills("duckdb:w.duckdb"), ".");
}

TEST(SpillDirectory, IsWhereTheFileIsBehindALink) {
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "big");
  std::ofstream(directory / "big/w.duckdb").put('x');
  std::filesystem::create_symlink("big/w.duckdb", directory / "w.duckdb");
  EXPECT_EQ(std::filesystem::path(spills("duckdb:" + (directory / "w.duckdb"))).filename(), "big");
}

TEST(SpillDirectory, IsTheMachinesOwnForAServerOrWhereThereIsNoSuchFolder) {
  for (const std::string warehouse : {"postgres://me@host/db", "redshift://me@host/db",
                                      "duckdb:/no/such/folder/w.duckdb", "duckdb::memory:"}) {
    const Tmpdir none(nullptr);
    EXPECT_EQ(spills(warehouse), "/var/tmp") << warehouse;
    const Tmpdir set("/scratch");
    EXPECT_EQ(spills(warehouse), "/scratch") << warehouse;
  }
}

}  // namespace
}  // namespace dray
