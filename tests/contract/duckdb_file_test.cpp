// Several syncs of one process into one DuckDB file: what the contract asks of every warehouse it
// asks of DuckDB in memory; of a file there is a checkpoint, and a database that a failure spoils.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "load/open.h"
#include "run/sync.h"
#include "source/memory.h"
#include "support/temporary_directory.h"

namespace dray {
namespace {

using testing::ElementsAre;

class DuckFileContract : public testing::Test {
 protected:
  DuckFileContract() { open(); }

  void open() {
    warehouse_.reset();
    WarehouseOptions options;
    options.memory_bytes = 128U << 20;
    auto opened = open_warehouse("duckdb:" + directory_ / "events.duckdb", options);
    ASSERT_TRUE(opened.ok()) << opened.error().text();
    warehouse_ = std::move(opened).value();
  }

  static std::string sold(int n) {
    return R"({"type":"track","event":"Sold","userId":"u","messageId":"m)" + std::to_string(n) +
           R"(","receivedAt":"2024-05-01T10:00:00Z","properties":{"n":)" + std::to_string(n) +
           "}}\n";
  }

  void sync_into(const std::string& source, ObjectStore& store) const {
    SyncRequest request;
    request.source = source;
    request.contract_columns = false;
    request.threads = 1;
    request.memory_bytes = 16U << 20;
    request.temp_directory = testing::TempDir();
    SyncProgress progress;
    const auto report = sync(request, store, *warehouse_, progress, {});
    EXPECT_EQ(report.status, RunStatus::success) << report.error;
  }

  std::vector<std::string> first_columns(const std::string& sql) const {
    const auto session = warehouse_->open_session();
    EXPECT_TRUE(session.ok());
    const auto result = (*session)->query(Sql::typed_by_user(sql));
    EXPECT_TRUE(result.ok()) << result.error().text();
    std::vector<std::string> values;
    for (const auto& row : result->rows)
      values.push_back(row[0].value_or("NULL"));
    return values;
  }

  TemporaryDirectory directory_;
  std::unique_ptr<Warehouse> warehouse_;
};

TEST_F(DuckFileContract, ManySyncsAtOnceLeaveAWholeFile) {
  constexpr int rounds = 3;
  const std::vector<std::string> sources = {"one", "two", "three"};
  {
    std::vector<std::jthread> runs;
    runs.reserve(sources.size());
    for (const std::string& source : sources) {
      runs.emplace_back([this, &source] {
        MemoryStore store;
        for (int round = 0; round < rounds; ++round) {
          store.add(std::to_string(round) + ".json", sold(round));
          sync_into(source, store);
        }
      });
    }
  }
  open();
  EXPECT_THAT(first_columns("select count(*) from _dray.objects"), ElementsAre("9"));
  EXPECT_THAT(first_columns("select count(*) from _dray.lineage"), ElementsAre("9"));
  for (const std::string& source : sources) {
    EXPECT_THAT(first_columns("select n from " + source + ".sold order by 1"),
                ElementsAre("0", "1", "2"));
  }
}

// Nothing more may be written through a database in which a statement failed.
TEST_F(DuckFileContract, WhoWaitedForOneThatFailedBeginsAgainWithTheFileOpenedAnew) {
  auto failing = std::move(warehouse_->open_session()).value();
  ASSERT_TRUE(failing->begin().ok());
  ASSERT_TRUE(failing->lock(std::chrono::seconds(5)).ok());
  ASSERT_TRUE(failing->apply(CreateSchema{"made"}).ok());
  auto waiting = std::move(warehouse_->open_session()).value();
  ASSERT_TRUE(waiting->begin().ok());
  {
    const std::jthread ender([&] {
      EXPECT_FALSE(failing->execute(Sql::typed_by_user("select * from nowhere")).ok());
      failing.reset();
    });
    const auto refused = waiting->lock(std::chrono::seconds(20));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().cause, Cause::transient);
    EXPECT_EQ(refused.error().code, ErrorCode::overtaken);
  }
  waiting.reset();
  MemoryStore store;
  store.add("0.json", sold(0));
  sync_into("one", store);
  open();
  EXPECT_THAT(first_columns("select n from one.sold"), ElementsAre("0"));
  EXPECT_THAT(first_columns("select count(*) from duckdb_schemas() where schema_name = 'made'"),
              ElementsAre("0"));
}

}  // namespace
}  // namespace dray
