#include "config/config.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <string>

#include "support/temporary_directory.h"

namespace dray {
namespace {

// A file that says all that must be said; tests append to it.
const std::string minimal = R"(warehouse: duckdb:shop.duckdb
sources:
  - name: shop
    location: logs
)";

std::string error_of(const std::string& text) {
  const auto config = parse_config(text, "dray.yaml", "");
  if (config.ok()) return "(no error)";
  EXPECT_EQ(config.error().cause, Cause::config);
  return config.error().text();
}

Config parsed(const std::string& text, const std::string& base_directory = "") {
  auto config = parse_config(text, "dray.yaml", base_directory);
  EXPECT_TRUE(config.ok()) << config.error().text();
  return config.ok() ? *config : Config{};
}

// --- What is read

TEST(Config, MinimalFileHasTheDefaults) {
  const Config config = parsed(minimal);
  EXPECT_EQ(config.warehouse, "duckdb:shop.duckdb");
  ASSERT_EQ(config.sources.size(), 1u);
  EXPECT_EQ(config.sources[0].name, "shop");
  EXPECT_EQ(config.sources[0].location, "logs");
  EXPECT_FALSE(config.sources[0].history);
  EXPECT_FALSE(config.warehouse_id);
  EXPECT_EQ(config.threads, 0u);
  EXPECT_EQ(config.memory_bytes, 1ULL << 30);
  EXPECT_EQ(config.line_bytes_max, 16ULL << 20);
  EXPECT_EQ(config.temp_directory, "");
  EXPECT_TRUE(config.contract_columns);
}

TEST(Config, EverySettingIsRead) {
  const Config config = parsed(R"(
warehouse: "duckdb:/data/shop.duckdb"
warehouse_id: wh-1
threads: 3
memory: 512 MB
line_max: 1MiB
temp_directory: /var/tmp
contract_columns: false
sources:
  - {name: Web Shop, location: /logs, history: 60 days}
  - {name: app, location: "s3://bucket/app", history: all}
)");
  EXPECT_EQ(config.warehouse, "duckdb:/data/shop.duckdb");
  EXPECT_EQ(config.warehouse_id, "wh-1");
  EXPECT_EQ(config.threads, 3u);
  EXPECT_EQ(config.memory_bytes, 512'000'000u);
  EXPECT_EQ(config.line_bytes_max, 1u << 20);
  EXPECT_EQ(config.temp_directory, "/var/tmp");
  EXPECT_FALSE(config.contract_columns);
  ASSERT_EQ(config.sources.size(), 2u);
  EXPECT_EQ(config.sources[0].name, "Web Shop");
  EXPECT_EQ(config.sources[0].history, std::chrono::days(60));
  EXPECT_EQ(config.sources[1].location, "s3://bucket/app");
  EXPECT_FALSE(config.sources[1].history);
}

TEST(Config, AKeyWithoutAValueIsAsIfItWereNotThere) {
  EXPECT_EQ(parsed(minimal + "memory:\nwarehouse_id: ~\n").memory_bytes, 1ULL << 30);
  EXPECT_EQ(error_of("warehouse:\nsources: [{name: a, location: b}]\n"),
            "dray.yaml:1: warehouse: is missing");
}

TEST(Config, AnchorsAreFollowed) {
  const Config config = parsed(R"(
warehouse: duckdb:x
sources:
  - {name: a, location: &where /logs}
  - {name: b, location: *where}
)");
  EXPECT_EQ(config.sources.at(1).location, "/logs");
}

// --- types

const std::string with_types =
    "warehouse: duckdb:x\nsources:\n  - name: a\n    location: /b\n    types:";

TEST(Config, AQuoteWithoutItsSecondIsNamed) {
  const std::string open = ": a quote is opened here and never closed";
  EXPECT_EQ(error_of("warehouse: \"duckdb:x.db\nsources:\n  - name: a\n"), "dray.yaml:1" + open);
  const std::string source = "warehouse: duckdb:x.db\nsources:\n  - name: a\n    location: ";
  EXPECT_EQ(error_of(source + "'./logs\n"), "dray.yaml:4" + open);
  EXPECT_EQ(error_of(source + "'it''s\n"), "dray.yaml:4" + open);
  EXPECT_EQ(error_of(source + R"("a\")" + "\n"), "dray.yaml:4" + open);
  // Within a quoted text a quote is written twice, or behind a backslash.
  EXPECT_EQ(parsed(source + "'it''s'\n").sources.size(), 1U);
  EXPECT_EQ(parsed(source + R"("a\"b")" + "\n").sources.size(), 1U);
}

TEST(Config, TypesAreKeptInTheOrderOfTheFile) {
  ::setenv("DRAY_TEST_TYPE", "varchar", 1);
  const Config config = parsed(with_types + R"(
      order_completed.total: double
      "*.zip": varchar
      sold.paid: ${DRAY_TEST_TYPE}
      sold.total: double precision
)");
  const std::vector<TypeRule> expected = {{"order_completed.total", ColumnType::double_precision},
                                          {"*.zip", ColumnType::varchar},
                                          {"sold.paid", ColumnType::varchar},
                                          {"sold.total", ColumnType::double_precision}};
  EXPECT_EQ(config.sources.at(0).types, expected);
  EXPECT_TRUE(parsed(with_types + "\n").sources.at(0).types.empty());
}

TEST(Config, TypesSayWhatIsWrongWithThem) {
  EXPECT_EQ(error_of(with_types + " [double]\n"),
            "dray.yaml:5: sources[0].types: should be a map such as `order_completed.total: "
            "double`, not a list");
  EXPECT_EQ(
      error_of(with_types + R"(
      total: double
      users.plan: varchar
      sold.id: bigint
      sold.total: integer
      sold.tax: dobule
      sold.fee: [double]
      sold.fees:
      sold.x: varchar
      sold.x: varchar
)"),
      "dray.yaml:6: sources[0].types.total: should be a table and a column as the warehouse "
      "has them, such as order_completed.total; * stands for any text\n"
      "dray.yaml:7: sources[0].types.users.plan: users follows identifies: name "
      "identifies.plan\n"
      "dray.yaml:8: sources[0].types.sold.id: id is a standard column, and its type is fixed\n"
      "dray.yaml:9: sources[0].types.sold.total: \"integer\" is none of boolean, bigint, "
      "double, timestamp and varchar; did you mean bigint?\n"
      "dray.yaml:10: sources[0].types.sold.tax: \"dobule\" is none of boolean, bigint, "
      "double, timestamp and varchar; did you mean double?\n"
      "dray.yaml:11: sources[0].types.sold.fee: should be a type, not a list\n"
      "dray.yaml:12: sources[0].types.sold.fees: has no type\n"
      "dray.yaml:14: sources[0].types.sold.x: is there twice");
}

TEST(Config, ANumberMayBeQuoted) { EXPECT_EQ(parsed(minimal + "threads: \"4\"\n").threads, 4u); }

TEST(Config, RelativePathsBeginAtTheFile) {
  const Config config = parsed(minimal + "temp_directory: ../tmp\n", "/etc/dray");
  EXPECT_EQ(config.warehouse, "duckdb:/etc/dray/shop.duckdb");
  EXPECT_EQ(config.sources.at(0).location, "/etc/dray/logs");
  EXPECT_EQ(config.temp_directory, "/etc/tmp");
}

TEST(Config, WhatIsNoFileIsNotMadeRelative) {
  const Config config =
      parsed("warehouse: 'duckdb::memory:'\nsources: [{name: a, location: 's3://b/c'}]\n", "/etc");
  EXPECT_EQ(config.warehouse, "duckdb::memory:");
  EXPECT_EQ(config.sources.at(0).location, "s3://b/c");
}

// --- ${...}

TEST(Config, EnvironmentVariablesAreReplaced) {
  ::setenv("DRAY_TEST_NAME", "shop", 1);
  ::setenv("DRAY_TEST_THREADS", "2", 1);
  const Config config = parsed(
      "warehouse: duckdb:${DRAY_TEST_NAME}.duckdb\nthreads: ${DRAY_TEST_THREADS}\n"
      "sources: [{name: '${DRAY_TEST_NAME}-${DRAY_TEST_NAME}', location: 'a$${b}c$d'}]\n");
  EXPECT_EQ(config.warehouse, "duckdb:shop.duckdb");
  EXPECT_EQ(config.threads, 2u);
  EXPECT_EQ(config.sources.at(0).name, "shop-shop");
  EXPECT_EQ(config.sources.at(0).location, "a${b}c$d");
}

TEST(Config, AValueIsReplacedOnce) {
  ::setenv("DRAY_TEST_NAME", "${HOME}", 1);
  EXPECT_EQ(parsed(minimal + "warehouse_id: ${DRAY_TEST_NAME}\n").warehouse_id, "${HOME}");
}

TEST(Config, FilesAreReplacedLessTheirLastLineBreak) {
  const TemporaryDirectory directory;
  std::ofstream(directory / "secret") << "wh-7\n";
  EXPECT_EQ(parsed(minimal + "warehouse_id: ${file:" + directory / "secret" + "}\n").warehouse_id,
            "wh-7");
  EXPECT_EQ(parsed(minimal + "warehouse_id: ${file:secret}\n", directory.path()).warehouse_id,
            "wh-7");
}

TEST(Config, WhatCannotBeReplacedIsNamed) {
  ::unsetenv("DRAY_TEST_NONE");
  EXPECT_EQ(error_of(minimal + "warehouse_id: a${DRAY_TEST_NONE}\n"),
            "dray.yaml:5: warehouse_id: ${DRAY_TEST_NONE} is not set in the environment");
  EXPECT_EQ(error_of(minimal + "warehouse_id: ${file:/no/such}\n"),
            "dray.yaml:5: warehouse_id: ${file:/no/such}: No such file or directory");
  EXPECT_EQ(error_of(minimal + "warehouse_id: ${file:/dev/zero}\n"),
            "dray.yaml:5: warehouse_id: ${file:/dev/zero}: is larger than 64 KiB");
  EXPECT_EQ(error_of(minimal + "warehouse_id: ${no-name}\n"),
            "dray.yaml:5: warehouse_id: ${no-name} is neither ${NAME} nor ${file:PATH}");
  EXPECT_EQ(error_of(minimal + "warehouse_id: ${OPEN\n"),
            "dray.yaml:5: warehouse_id: a ${ without its }");
}

TEST(Config, AnErrorShowsWhatWasTypedNotWhatItStandsFor) {
  ::setenv("DRAY_TEST_SECRET", "hunter2", 1);
  EXPECT_EQ(error_of(minimal + "threads: ${DRAY_TEST_SECRET}\n"),
            "dray.yaml:5: threads: \"${DRAY_TEST_SECRET}\" is not a whole number");
  EXPECT_EQ(error_of(minimal + "memory: ${DRAY_TEST_SECRET}\n"),
            "dray.yaml:5: memory: \"${DRAY_TEST_SECRET}\" is not a size; write it like 512 MB or "
            "1 GiB");
}

// --- What is wrong

TEST(Config, UnknownKeysComeWithTheNearestRightOne) {
  EXPECT_EQ(error_of(minimal + "treads: 2\n"),
            "dray.yaml:5: treads: unknown key; did you mean \"threads\"?");
  EXPECT_EQ(error_of(minimal + "colour: red\n"), "dray.yaml:5: colour: unknown key");
  EXPECT_EQ(error_of("warehouse: duckdb:x\nsources:\n\n  - name: a\n    location: b\n"
                     "    histroy: 6 days\n"),
            "dray.yaml:6: sources[0].histroy: unknown key; did you mean \"history\"?");
}

TEST(Config, AllThatIsWrongIsToldInTheOrderOfTheLines) {
  EXPECT_EQ(error_of("warehouse: duckdb:x\nsources:\n  - name: shop\n    locaton: logs\n"),
            "dray.yaml:3: sources[0].location: is missing\n"
            "dray.yaml:4: sources[0].locaton: unknown key; did you mean \"location\"?");
}

TEST(Config, NoMoreThanTenProblemsAreTold) {
  std::string text = minimal;
  for (int i = 0; i < 13; ++i) {
    text += "unheard_of_" + std::to_string(i) + ": 1\n";
  }
  const std::string message = error_of(text);
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 10);
  EXPECT_TRUE(message.ends_with("\nand 3 more")) << message;
}

TEST(Config, WrongTypesAreTold) {
  EXPECT_EQ(error_of(minimal + "threads: [1]\n"),
            "dray.yaml:5: threads: should be a whole number, not a list");
  EXPECT_EQ(error_of(minimal + "warehouse_id: {a: b}\n"),
            "dray.yaml:5: warehouse_id: should be text, not a map");
  EXPECT_EQ(error_of("warehouse: duckdb:x\nsources: shop\n"),
            "dray.yaml:2: sources: should be a list, not a single value");
  EXPECT_EQ(error_of("warehouse: duckdb:x\nsources: [shop]\n"),
            "dray.yaml:2: sources[0]: should be a map with name and location");
  EXPECT_EQ(error_of("warehouse: duckdb:x\nsources: []\n"), "dray.yaml:2: sources: has no entry");
  EXPECT_EQ(error_of(minimal + "? [a]\n: b\n"), "dray.yaml:5: key: should be a single word");
}

TEST(Config, BadNumbersSizesPeriodsAndTruthsAreTold) {
  EXPECT_EQ(error_of(minimal + "threads: two\n"),
            "dray.yaml:5: threads: \"two\" is not a whole number");
  EXPECT_EQ(error_of(minimal + "threads: -1\n"),
            "dray.yaml:5: threads: \"-1\" is not a whole number");
  EXPECT_EQ(error_of(minimal + "threads: 1.5\n"),
            "dray.yaml:5: threads: \"1.5\" is not a whole number");
  EXPECT_EQ(error_of(minimal + "threads: 5000\n"),
            "dray.yaml:5: threads: \"5000\" is above the most, 1024");
  EXPECT_EQ(error_of(minimal + "memory: lots\n"),
            "dray.yaml:5: memory: \"lots\" is not a size; write it like 512 MB or 1 GiB");
  EXPECT_EQ(error_of(minimal + "memory: 1 KiB\n"),
            "dray.yaml:5: memory: \"1 KiB\" is below the least, 256 MiB");
  EXPECT_EQ(error_of(minimal + "contract_columns: maybe\n"),
            "dray.yaml:5: contract_columns: \"maybe\" is neither true nor false");
  EXPECT_EQ(error_of("warehouse: duckdb:x\nsources: [{name: a, location: b, history: 60}]\n"),
            "dray.yaml:2: sources[0].history: \"60\" is not a period; write it like 60 days, "
            "8 weeks or all");
}

TEST(Config, MissingAndEmptyValuesAreTold) {
  EXPECT_EQ(error_of("threads: 1\n"),
            "dray.yaml:1: warehouse: is missing\ndray.yaml:1: sources: is missing");
  EXPECT_EQ(error_of("warehouse: ''\nsources: [{name: a, location: b}]\n"),
            "dray.yaml:1: warehouse: must not be empty");
  EXPECT_EQ(error_of("warehouse: duckdb:x\nsources:\n  - location: b\n"),
            "dray.yaml:3: sources[0].name: is missing");
}

TEST(Config, WhatIsThereTwiceIsTold) {
  EXPECT_EQ(error_of(minimal + "threads: 1\nthreads: 2\n"), "dray.yaml:6: threads: is there twice");
  EXPECT_EQ(error_of(minimal + "  - name: shop\n    location: other\n"),
            "dray.yaml:5: sources[1].name: is the name of another source");
}

TEST(Config, WhatIsNoConfigurationFileIsTold) {
  EXPECT_EQ(error_of(""), "dray.yaml: is empty; `dray init` writes one to start from");
  EXPECT_EQ(error_of("# nothing yet\n\n"),
            "dray.yaml: is empty; `dray init` writes one to start from");
  EXPECT_EQ(error_of("warehouse: [a\nb: c\n"),
            "dray.yaml:2: not YAML: end of sequence flow not found");
  EXPECT_EQ(error_of("just words\n"),
            "dray.yaml:1: should be settings, one `key: value` to a line, not a single value");
  EXPECT_EQ(error_of("- a\n"),
            "dray.yaml:1: should be settings, one `key: value` to a line, not a list");
  EXPECT_EQ(error_of(minimal + "---\nthreads: 1\n"),
            "dray.yaml:6: a second YAML document; one file holds one");
  EXPECT_EQ(error_of(std::string((1 << 20) + 1, '#')), "dray.yaml: is larger than 1024 KiB");
}

TEST(Config, DeepNestingIsAnErrorAndNoCrash) {
  EXPECT_NE(error_of(std::string(200'000, '[')).find("not YAML"), std::string::npos);
  EXPECT_NE(error_of("a: " + std::string(200'000, '{')).find("not YAML"), std::string::npos);
}

TEST(Config, AliasesThatMultiplyCostNothing) {
  std::string text = minimal + "x0: &x0 [a, a]\n";
  for (int i = 1; i < 60; ++i) {
    const std::string last = "*x" + std::to_string(i - 1);
    text +=
        "x" + std::to_string(i) + ": &x" + std::to_string(i) + " [" + last + ", " + last + "]\n";
  }
  EXPECT_NE(error_of(text).find("x0: unknown key"), std::string::npos);
}

TEST(ReadConfig, NamesTheFileThatItCannotRead) {
  const auto config = read_config("/no/such/dray.yaml");
  ASSERT_FALSE(config.ok());
  EXPECT_EQ(config.error().text(), "--config: No such file or directory");
  const auto directory = read_config("/tmp");
  ASSERT_FALSE(directory.ok());
  EXPECT_EQ(directory.error().text(), "/tmp: is a directory");
}

}  // namespace
}  // namespace dray
