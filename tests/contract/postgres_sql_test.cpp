// Every statement that three syncs send to PostgreSQL, in tests/contract/sql/postgres.sql.
//
// UPDATE_GOLDEN=1 writes it anew; the diff is the review.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <regex>
#include <string>

#include "load/postgres.h"
#include "run/sync.h"
#include "source/memory.h"
#include "support/postgres.h"
#include "support/source_directory.h"

namespace dray {
namespace {

const std::string golden = testing_support::in_source("tests/contract/sql/postgres.sql");

// What differs from run to run.
std::string normalised(const std::string& text) {
  static const std::regex run_id("'[0-9]{8}T[0-9]{6}-[0-9a-f]{6}'");
  static const std::regex time("timestamp '[^']*'");
  static const std::regex mark("dray.session = '[^']*'");
  return std::regex_replace(
      std::regex_replace(std::regex_replace(text, run_id, "'RUN'"), time, "timestamp 'NOW'"), mark,
      "dray.session = 'MARK'");
}

std::string event(const std::string& id, const std::string& time, const std::string& rest) {
  return R"({"userId":"u1","messageId":")" + id + R"(","receivedAt":"2024-05-01T)" + time + "Z\"," +
         rest + "}\n";
}

TEST(PostgresSql, IsWhatTheFileSays) {
  const testing_support::PostgresDatabase database;
  std::string sent;
  auto warehouse = open_postgres_traced(database.url(), {}, [&](std::string_view statement) {
    sent += normalised(std::string(statement)) + ";\n";
  });
  ASSERT_TRUE(warehouse.ok()) << warehouse.error().text();
  MemoryStore store;
  SyncRequest request;
  request.source = "shop";
  request.contract_columns = false;
  request.threads = 1;
  request.memory_bytes = 16U << 20;
  request.temp_directory = testing::TempDir();
  const auto sync_with = [&](const std::string& title, const std::string& key,
                             const std::string& lines) {
    sent += "\n-- " + title + "\n";
    store.add(key, lines);
    SyncProgress progress;
    const auto report = sync(request, store, **warehouse, progress, {});
    EXPECT_EQ(report.status, RunStatus::success) << report.error;
  };
  const std::string sold = R"("type":"track","event":"Sold","properties":{"price":1})";
  const std::string identify = R"("type":"identify","traits":{"name":"Ada"})";
  sync_with("The first sync makes everything.", "b.json",
            event("m1", "10:00:00", sold) + event("m2", "10:00:00", identify));
  sync_with("Nothing is a duplicate.", "c.json",
            event("m3", "10:00:00", sold) + event("m4", "10:00:00", identify));
  sync_with("A new column; a later duplicate and a tie.", "d.json",
            event("m1", "11:00:00", R"("type":"track","event":"Sold","properties":{"note":"x"})") +
                event("m2", "10:00:00", identify));

  if (std::getenv("UPDATE_GOLDEN") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
    std::ofstream(golden) << sent.substr(1);
    return;
  }
  std::ifstream file(golden);
  const std::string expected(std::istreambuf_iterator<char>(file), {});
  EXPECT_EQ(sent.substr(1), expected) << "UPDATE_GOLDEN=1 writes what is sent";
}

}  // namespace
}  // namespace dray
