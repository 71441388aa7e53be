#include "cli/selection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "support/temporary_directory.h"

namespace dray {
namespace {

template <typename T>
std::string error_of(const Result<T>& result) {
  return result.ok() ? "(no error)" : result.error().text();
}

Selection quick(const std::string& place, const std::string& warehouse) {
  Selection selection;
  selection.place = place;
  selection.warehouse = warehouse;
  return selection;
}

// The file is there for as long as the test binary runs one test: it is read by select_*.
Selection from_file(const std::string& text) {
  static const TemporaryDirectory directory;
  const std::string path = directory / "dray.yaml";
  std::ofstream(path) << text;
  Selection selection;
  selection.config_path = path;
  return selection;
}

const std::string two_sources =
    "warehouse: duckdb:/w/x.duckdb\nthreads: 2\nsources:\n"
    "  - {name: shop, location: /logs/shop}\n  - {name: Mobile App, location: /logs/app}\n";

TEST(SelectSources, ByArguments) {
  const auto config = select_sources(quick("./logs/", "duckdb:x"));
  ASSERT_TRUE(config.ok()) << config.error().text();
  EXPECT_EQ(config->warehouse, "duckdb:x");
  ASSERT_EQ(config->sources.size(), 1u);
  EXPECT_EQ(config->sources[0].name, "logs");
  EXPECT_EQ(config->sources[0].location, "./logs/");
}

TEST(SelectSources, ByArgumentsWithFlags) {
  Selection selection = quick("./logs", "duckdb:x");
  selection.sources = {"shop"};
  selection.threads = 3;
  selection.memory_bytes = 1 << 28;
  const auto config = select_sources(selection);
  ASSERT_TRUE(config.ok()) << config.error().text();
  EXPECT_EQ(config->sources[0].name, "shop");
  EXPECT_EQ(config->threads, 3u);
  EXPECT_EQ(config->memory_bytes, 1u << 28);
}

TEST(SelectSources, ByArgumentsWrongly) {
  EXPECT_EQ(error_of(select_sources(quick("./logs", ""))),
            "WAREHOUSE is missing: where should the tables go?\n"
            "try: dray sync SOURCE duckdb:warehouse.duckdb");
  EXPECT_TRUE(error_of(select_sources(quick("./warehouse", ""))).ends_with("duckdb:events.duckdb"));
  EXPECT_EQ(error_of(select_sources(quick("/", "duckdb:x"))),
            "\"\" has no letter or digit that could name a schema\n"
            "try: give it a name with --source NAME");
  EXPECT_EQ(select_sources(quick("s3://bucket/p", "duckdb:x")).value().sources[0].name, "p");
  EXPECT_EQ(
      error_of(select_sources(quick("s3://b", "duckdb:x"))),
      "the address has no name of a bucket behind s3:// (3 letters, digits, '-' and '.' at least); write it like s3://bucket/prefix");
  EXPECT_EQ(error_of(select_sources(quick("gs://bucket/p", "duckdb:x"))),
            "SOURCE is a directory or s3://bucket/prefix; gs:// is nothing that Dray reads");
  EXPECT_EQ(error_of(select_sources(quick("duckdb:x", "./logs"))),
            "SOURCE is the directory with the events, not the warehouse\n"
            "try: dray sync ./logs duckdb:FILE");
  Selection both = from_file(two_sources);
  both.place = "./logs";
  both.warehouse = "duckdb:x";
  EXPECT_EQ(error_of(select_sources(both)),
            "give either SOURCE and WAREHOUSE or --config, not both");
}

TEST(SelectSources, ByConfiguration) {
  Selection selection = from_file(two_sources);
  auto config = select_sources(selection);
  ASSERT_TRUE(config.ok()) << config.error().text();
  EXPECT_EQ(config->sources.size(), 2u);
  EXPECT_EQ(config->threads, 2u);
  selection.sources = {"Mobile App"};
  selection.threads = 4;
  config = select_sources(selection);
  ASSERT_TRUE(config.ok()) << config.error().text();
  ASSERT_EQ(config->sources.size(), 1u);
  EXPECT_EQ(config->sources[0].location, "/logs/app");
  EXPECT_EQ(config->threads, 4u);
}

TEST(SelectSources, ASourceThatIsNotThere) {
  Selection selection = from_file(two_sources);
  selection.sources = {"shpo"};
  EXPECT_EQ(error_of(select_sources(selection)),
            "the configuration has no source \"shpo\"; did you mean \"shop\"?");
}

TEST(SelectSources, TwoSourcesOfOneSchema) {
  EXPECT_THAT(error_of(select_sources(from_file(
                  "warehouse: duckdb:x\nsources:\n"
                  "  - {name: web shop, location: a}\n  - {name: WebShop, location: b}\n"))),
              testing::EndsWith("dray.yaml:4: sources[1].name: \"WebShop\" would share the schema "
                                "web_shop with \"web shop\"; rename one of them"));
}

TEST(SelectSources, AllThatIsWrongInTheFileIsToldAtOnce) {
  const std::string told = error_of(select_sources(
      from_file("warehouse: mysql://x/y\nthreads: many\nsources:\n"
                "  - {name: web shop, location: gs://a/b}\n  - {name: WebShop, locatoin: b}\n")));
  for (const char* part :
       {":1: warehouse: mysql:// is no warehouse that Dray supports; try: ", ":2: threads: ",
        ":4: sources[0].location: SOURCE is a directory or s3://", ":5: sources[1].locatoin: ",
        ":5: sources[1].location: is missing", ":5: sources[1].name: \"WebShop\" would share"})
    EXPECT_THAT(told, testing::HasSubstr(part));
}

TEST(SelectWarehouse, TheFlagWins) {
  Selection selection = from_file(two_sources);
  EXPECT_EQ(*select_warehouse(selection), "duckdb:/w/x.duckdb");
  selection.warehouse = "duckdb:other";
  EXPECT_EQ(*select_warehouse(selection), "duckdb:other");
}

}  // namespace
}  // namespace dray
