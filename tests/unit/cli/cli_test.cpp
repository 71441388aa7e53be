#include "cli/cli.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <sstream>

#include "support/temporary_directory.h"

namespace dray {
namespace {

using namespace std::chrono_literals;

struct Ran {
  int code;
  std::string out;
  std::string err;
};

Ran run(const std::vector<std::string>& arguments) {
  std::ostringstream out;
  std::ostringstream err;
  const Environment environment{.out = out,
                                .err = err,
                                .out_terminal = {},
                                .err_terminal = {},
                                .today = 2026y / 3 / 1,
                                .watch_signals = WatchSignals::no};
  const int code = run_cli(arguments, environment);
  return {code, out.str(), err.str()};
}

TEST(RunCli, HelpGoesToStandardOutputWhenAskedFor) {
  const Ran asked = run({"help"});
  EXPECT_EQ(asked.code, 0);
  EXPECT_EQ(asked.err, "");
  const Ran bare = run({});
  EXPECT_EQ(bare.code, 2);
  EXPECT_EQ(bare.out, "");
  EXPECT_EQ(bare.err, asked.out);
}

TEST(RunCli, AUsageErrorIsTwo) {
  const Ran ran = run({"sync", "--bogus"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err, "dray: error: sync: unknown option --bogus\n  try: dray sync --help\n");
}

TEST(RunCli, UnderJsonAnErrorIsAnObjectToo) {
  const Ran ran = run({"sync", "--bogus", "--json"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.out, R"({"status":"error","source":"","message":"sync: unknown option --bogus",)"
                     R"("try":"dray sync --help","cause":"configuration","code":"","actor":"user",)"
                     R"("sqlstate":"","exit_code":2})"
                     "\n");
  EXPECT_EQ(ran.err, "dray: error: sync: unknown option --bogus\n  try: dray sync --help\n");
}

TEST(RunCli, EachProblemOfAFileIsALine) {
  const Ran ran = run({"sync", "--config", "/no/such/dray.yaml"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, "dray: error: --config: No such file or directory\n");
}

TEST(RunCli, SinceAfterUntilIsAnError) {
  const Ran ran = run({"sync", "a", "duckdb:x", "--since", "2026-02-01", "--until", "2026-01-01"});
  EXPECT_EQ(ran.code, 2);
  EXPECT_EQ(ran.err, "dray: error: --since is later than --until\n");
}

TEST(RunCli, VersionIsAWordAndANumber) {
  EXPECT_TRUE(run({"--version"}).out.starts_with("dray "));
  EXPECT_TRUE(run({"version", "--json"}).out.starts_with("{\"version\":\""));
}

TEST(RunCli, InitDoesNotOverwrite) {
  const TemporaryDirectory directory;
  const std::string path = directory / "dray.yaml";
  EXPECT_EQ(run({"init", "--config", path}).code, 0);
  const Ran again = run({"init", "--config", path});
  EXPECT_EQ(again.code, 2);
  EXPECT_EQ(again.err, "dray: error: " + path +
                           " is there already\n"
                           "  try: dray init --force overwrites it\n");
  EXPECT_EQ(run({"init", "--config", path, "--force"}).code, 0);
  EXPECT_EQ(run({"settings", "template"}).code, 0);
}

TEST(RunCli, AFullDiskIsAFailureOfTheReport) {
  std::ostringstream out;
  std::ostringstream err;
  out.setstate(std::ios::badbit);
  const Environment environment{out, err, {}, {}, 2026y / 3 / 1, WatchSignals::no};
  EXPECT_EQ(run_cli({"version"}, environment), 4);
  EXPECT_EQ(err.str(), "dray: error: cannot write to standard output; nothing else failed\n");
}

}  // namespace
}  // namespace dray
