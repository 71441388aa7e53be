// From where a sync lists a store whose listings cost requests.
#include <gtest/gtest.h>

#include <atomic>

#include "load/open.h"
#include "run/sync.h"
#include "source/memory.h"
#include "sql/sql.h"

namespace dray {
namespace {

// As S3: lists from anywhere, and remembers from where it was asked to.
class FarStore final : public ObjectStore {
 public:
  Result<Listing> list(const ListRequest& request) override {
    starts.push_back(request.start_after);
    return objects.list(request);
  }
  bool lists_from_anywhere() const override { return true; }
  std::size_t open_ahead_max() const override { return 3; }
  Result<std::unique_ptr<ByteReader>> open(const ObjectInfo& object) override {
    ++opened;
    return objects.open(object);
  }
  std::string location() const override { return location_; }

  MemoryStore objects;
  std::vector<std::string> starts;
  std::atomic<int> opened{0};
  std::string location_ = "far:";
};

class ListingOfASync : public testing::Test {
 protected:
  void SetUp() override {
    WarehouseOptions options;
    options.threads = 1;
    options.memory_bytes = 128U << 20;
    warehouse_ = open_warehouse("duckdb::memory:", options).value();
    request_.source = "shop";
    request_.threads = 2;
    request_.memory_bytes = 16U << 20;
    request_.temp_directory = testing::TempDir();
  }

  void add(const std::string& key) {
    const std::string id = std::to_string(++events_);
    store_.objects.add(key, R"({"type":"page","messageId":"m)" + id +
                                R"(","userId":"u","receivedAt":"2026-01-01T00:00:00Z"})");
  }

  // Where the listing of one more sync begins.
  std::string sync_from() {
    SyncProgress progress;
    last_ = sync(request_, store_, *warehouse_, progress, {});
    EXPECT_NE(last_.status, RunStatus::failure) << last_.error;
    return store_.starts.back();
  }

  void age_the_last_full_listing(const char* by) {
    auto session = warehouse_->open_session().value();
    SqlBuilder sql("update _dray.sources set listed_at = listed_at - interval ");
    ASSERT_TRUE(session->execute(std::move(sql.text(by)).done()).ok());
  }

  FarStore store_;
  std::unique_ptr<Warehouse> warehouse_;
  SyncRequest request_;
  RunReport last_;
  int events_ = 0;
};

TEST_F(ListingOfASync, BeginsAtTheOldestOpenDayForADayAfterAFullOne) {
  add("2026-01-01/a.json");
  add("2026-01-10/a.json");
  EXPECT_EQ(sync_from(), "");
  EXPECT_EQ(sync_from(), "2026-01-07");
  EXPECT_EQ(last_.objects_listed, 1U);
  add("2026-01-12/a.json");
  EXPECT_EQ(sync_from(), "2026-01-07");
  EXPECT_EQ(last_.objects_loaded, 1U);
  EXPECT_EQ(sync_from(), "2026-01-09");
  age_the_last_full_listing("23 hours");
  EXPECT_EQ(sync_from(), "2026-01-09");
  age_the_last_full_listing("2 hours");
  add("2026-01-02/late.json");
  EXPECT_EQ(sync_from(), "");
  EXPECT_EQ(last_.objects_loaded, 1U);
  EXPECT_EQ(sync_from(), "2026-01-09");
}

TEST_F(ListingOfASync, IsFullWhenTheClockWasSetBack) {
  add("2026-01-01/a.json");
  add("2026-01-10/a.json");
  Timestamp time = system_time();
  request_.now = [&time] { return time; };
  EXPECT_EQ(sync_from(), "");
  EXPECT_EQ(sync_from(), "2026-01-07");
  time -= std::chrono::hours(48);
  EXPECT_EQ(sync_from(), "");
  EXPECT_EQ(sync_from(), "2026-01-07");
}

TEST_F(ListingOfASync, RemembersAFullOneThatFoundNothing) {
  add("2026-01-01/a.json");
  add("2026-01-10/a.json");
  sync_from();
  age_the_last_full_listing("25 hours");
  EXPECT_EQ(sync_from(), "");
  EXPECT_EQ(last_.objects_loaded, 0U);
  EXPECT_EQ(sync_from(), "2026-01-07");
}

TEST_F(ListingOfASync, IsFullWhenAPersonAsksForMore) {
  add("2026-01-01/a.json");
  add("2026-01-10/a.json");
  sync_from();
  const SyncRequest plain = request_;
  request_.read = ReceivedDays{std::chrono::sys_days(std::chrono::year(2026) / 1 / 1), {}};
  EXPECT_EQ(sync_from(), "");
  request_ = plain;
  request_.reload_changed = ReloadChanged::yes;
  EXPECT_EQ(sync_from(), "");
  request_ = plain;
  request_.read = RejectedLines{{{"2026-01-01/a.json", {1}}}};
  EXPECT_EQ(sync_from(), "");
  request_ = plain;
  request_.moved = true;
  store_.location_ = "farther:";
  EXPECT_EQ(sync_from(), "");
}

TEST_F(ListingOfASync, IsFullUntilNothingWasLeftForLater) {
  add("2026-01-01/a.json");
  add("2026-01-10/a.json");
  request_.read = ReceivedDays{std::chrono::sys_days(std::chrono::year(2026) / 1 / 5), {}};
  EXPECT_EQ(sync_from(), "");
  request_.read = NewObjects();
  EXPECT_EQ(sync_from(), "");
  EXPECT_EQ(last_.objects_loaded, 1U);
  EXPECT_EQ(sync_from(), "2026-01-07");
}

TEST_F(ListingOfASync, GoesBackToWhatWasSetAside) {
  add("2026-01-01/a.json");
  store_.objects.add("2026-01-05/broken.gz", "not gzip");
  add("2026-01-10/a.json");
  EXPECT_EQ(sync_from(), "");
  EXPECT_EQ(last_.objects_set_aside, 1U);
  EXPECT_EQ(sync_from(), "2026-01-02");
  EXPECT_EQ(last_.objects_set_aside, 1U) << "it is tried again";
  store_.objects.remove("2026-01-05/broken.gz");
  EXPECT_EQ(sync_from(), "2026-01-02");
  EXPECT_EQ(sync_from(), "2026-01-07") << "what is gone holds nothing back";
}

TEST_F(ListingOfASync, IsFullWhereKeysDoNotSortByDay) {
  add("a.json");
  add("z.json");
  sync_from();
  EXPECT_EQ(sync_from(), "");
}

TEST_F(ListingOfASync, OpensEachObjectOnce) {
  for (int i = 0; i < 50; ++i)
    add(std::to_string(i) + ".json");
  sync_from();
  EXPECT_EQ(last_.objects_loaded, 50U);
  EXPECT_EQ(store_.opened.load(), 50);
}

}  // namespace
}  // namespace dray
