// Several syncs of one process into one DuckDB file: what the contract asks of every warehouse it
// asks of DuckDB in memory; of a file there is a checkpoint, and a database that a failure spoils.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

#include "load/open.h"
#include "model/record.h"
#include "model/row_batch.h"
#include "model/staged.h"
#include "run/sync.h"
#include "source/memory.h"
#include "stage/block_store.h"
#include "support/temporary_directory.h"

namespace dray {
namespace {

using testing::ElementsAre;

class DuckFileContract : public testing::Test {
 protected:
  DuckFileContract() { open(); }

  void open(std::uint64_t memory_bytes = 128U << 20) {
    warehouse_.reset();
    WarehouseOptions options;
    options.memory_bytes = memory_bytes;
    options.notes_bytes = 16U << 20;
    options.trace = [this](std::string_view statement) {
      if (statement == "use memory") ++opened_anew_;
    };
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
  std::atomic<int> opened_anew_{0};  // while sessions were there
  std::unique_ptr<Warehouse> warehouse_;
};

// Rows of a temporary file that cannot be read any more.
class LostRows final : public StagedRows {
 public:
  explicit LostRows(const StagedRows& rows) : rows_(rows) {}
  std::uint64_t row_count() const override { return rows_.row_count(); }
  std::size_t block_count() const override { return rows_.block_count(); }
  Result<RowBlock> keys(std::size_t block, BlockScratch& scratch) const override {
    return rows_.keys(block, scratch);
  }
  Result<RowBlock> rows(std::size_t, BlockScratch&) const override {
    return config_error("the disk is gone", "mount it");
  }
  bool is_dropped(std::uint64_t row) const override { return rows_.is_dropped(row); }
  void drop(std::uint64_t) override {}

 private:
  const StagedRows& rows_;
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

// What DuckDB notes of written tables is freed by opening the file anew. That is for a session that
// is alone, and others come and go meanwhile.
TEST_F(DuckFileContract, TheFileIsOpenedAnewWhileOtherSessionsComeAndGo) {
  open(64U << 20);
  std::string properties;
  for (int i = 0; i < 200; ++i)
    properties += (i == 0 ? "\"p" : ",\"p") + std::to_string(i) + "\":1";
  std::atomic<bool> is_done{false};
  std::jthread others([&] {
    MemoryStore store;
    store.add("0.json", sold(0));
    sync_into("two", store);
    while (!is_done) {
      EXPECT_FALSE(warehouse_->bytes_wanting({.tables = 1, .columns = 1, .columns_widest = 1}));
      const auto session = warehouse_->open_session();
      ASSERT_TRUE(session.ok()) << session.error().text();
      EXPECT_TRUE((*session)->begin().ok());
      EXPECT_TRUE((*session)->catalog("two").ok());
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    store.add("1.json", sold(1));
    sync_into("two", store);
  });
  MemoryStore store;
  constexpr int rounds = 11;
  for (int round = 0; round < rounds; ++round) {
    const std::string number = std::to_string(round);
    std::string events;
    for (const char* kind : {"a", "b", "c", "d"}) {
      events += R"({"type":"track","event":"Kind )" + std::string(kind) +
                R"(","userId":"u","messageId":")" + kind + number +
                R"(","receivedAt":"2024-05-01T10:00:00Z","properties":{)" + properties + "}}\n";
    }
    store.add(number + ".json", events);
    sync_into("one", store);
  }
  is_done = true;
  others.join();
  EXPECT_GT(opened_anew_, 0);
  EXPECT_THAT(first_columns("select count(*) from one.tracks"), ElementsAre("44"));
  EXPECT_THAT(first_columns("select sum(p199) from one.kind_d"), ElementsAre("11"));
  EXPECT_THAT(first_columns("select n from two.sold order by 1"), ElementsAre("0", "1"));
}

class DuckScanFailure : public DuckFileContract {
 protected:
  DuckScanFailure() : session_(std::move(warehouse_->open_session()).value()) {
    batch_.table = 1;
    batch_.keys.push_back({.uuid = 1, .check = 1, .received_at = 1});
    RecordWriter record(batch_.records);
    record.begin();
    record.cell(static_cast<Slot>(StandardColumn::id), CellKind::text, "m1");
    record.cell(property_slot_first, CellKind::text, "many");
    record.end();
    EXPECT_TRUE(staged_.add(std::move(batch_)).ok());
    rows_ = staged_.view({{1, {}}});
    load_.schema = "made";
    load_.table = "things";
    load_.created = true;
    for (const StandardColumn standard :
         {StandardColumn::received_at, StandardColumn::uuid, StandardColumn::uuid_ts}) {
      load_.columns.push_back(
          {std::string(facts(standard).name), facts(standard).type, true, {}, standard, 0});
    }
    load_.columns.push_back({"id", ColumnType::varchar, true, {}, {}, 0});
    load_.columns.push_back({"n", ColumnType::bigint, false, {}, {}, property_slot_first});
    load_.rows = rows_.get();
    load_.value_rejects = [](const ValueReject&) {};
    EXPECT_TRUE(session_->begin().ok());
    EXPECT_TRUE(session_->apply(CreateSchema{"made"}).ok());
    EXPECT_TRUE(session_
                    ->execute(Sql::typed_by_user(
                        "create table made.things (received_at timestamp, uuid bigint, uuid_ts "
                        "timestamp, id varchar, n bigint)"))
                    .ok());
  }

  Error error_of_load() {
    const auto loaded = std::get<RowLoader*>(session_->loader())->load(load_);
    EXPECT_FALSE(loaded.ok());
    return loaded ? internal_error("it was loaded") : loaded.error();
  }

  std::unique_ptr<WarehouseSession> session_;
  RowBatch batch_;
  BlockStore staged_{{1U << 20, testing::TempDir()}};
  std::unique_ptr<StagedRows> rows_;
  RowsToLoad load_;
};

TEST_F(DuckScanFailure, IsTheErrorOfTheLoadWithItsCauseAndRemedy) {
  LostRows lost(*rows_);
  load_.rows = &lost;
  const Error error = error_of_load();
  EXPECT_EQ(error.cause, Cause::config) << error.text();
  EXPECT_EQ(error.message, "the disk is gone");
  EXPECT_EQ(error.remedy, "mount it");
}

TEST_F(DuckScanFailure, MayBeAnException) {
  load_.value_rejects = [](const ValueReject&) { throw std::bad_alloc(); };
  EXPECT_EQ(error_of_load().code, ErrorCode::out_of_memory);
}

TEST_F(DuckScanFailure, ThatIsAnExceptionTellsNoValue) {
  load_.value_rejects = [](const ValueReject& reject) {
    throw std::runtime_error(std::string(reject.value));
  };
  const Error error = error_of_load();
  EXPECT_EQ(error.cause, Cause::internal);
  EXPECT_EQ(error.text().find("many"), std::string::npos) << error.text();
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
