// What the ledger promises in every warehouse: numbers that no two sources share, and entries that
// no two sessions write at once.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "contract/warehouse_contract.h"
#include "ledger/runs.h"
#include "ledger/shape.h"
#include "ledger/sources.h"
#include "run/records.h"
#include "run/sync.h"

namespace dray {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::Field;
using testing::HasSubstr;
using testing::Not;

class LedgerContract : public WarehouseContract {
 protected:
  // Of these two the hashes choose one range of numbers.
  static constexpr const char* one = "shop_169";
  static constexpr const char* other = "store_40";

  // Each source has its own objects, and none of the other's.
  struct Source {
    std::string name;
    MemoryStore store{};
  };

  RunReport sync_source(Source& source, ReloadChanged reload = ReloadChanged::no) {
    SyncRequest made = request();
    made.source = source.name;
    made.reload_changed = reload;
    SyncProgress progress;
    RunReport report = sync(made, source.store, *warehouse, progress, {});
    EXPECT_EQ(report.status, RunStatus::success) << report.error;
    return report;
  }

  // The keys that rows of a source's table came from, and how many of each.
  std::vector<std::string> origins(const std::string& source) const {
    return rows(
        "select o.key, count(*) from _dray.lineage l join _dray.objects o on "
        "o.object_number = l.object_number and o.source = '" +
        source + "' join " + source + ".sold s on s.uuid = l.uuid group by o.key order by o.key");
  }

  std::string shared_numbers() const {
    return rows(
               "select count(*) from _dray.objects a join _dray.objects b on a.object_number = "
               "b.object_number where a.source < b.source")
               .at(0) +
           " " +
           rows(
               "select count(*) from _dray.tables a join _dray.tables b on a.table_number = "
               "b.table_number where a.source < b.source")
               .at(0);
  }
};

TEST_P(LedgerContract, TwoSourcesOfOneHashHaveNumbersOfTheirOwn) {
  ASSERT_EQ(xxh3(one) >> 42U, xxh3(other) >> 42U);
  Source a{one};
  Source b{other};
  a.store.add("a0.json", sold("a1", "10:00:00", R"({"n":1})") + "no event\n");
  sync_source(a);
  b.store.add("b0.json", sold("b1", "10:00:00", R"({"n":1})"));
  sync_source(b);
  EXPECT_EQ(shared_numbers(), "0 0");
  b.store.add("b1.json", sold("b2", "10:00:00", R"({"n":1})"));
  sync_source(b);
  a.store.add("a1.json", sold("a2", "10:00:00", R"({"n":1})"));
  sync_source(a);
  EXPECT_EQ(shared_numbers(), "0 0");
  EXPECT_THAT(rows("select source, max(object_number) - min(object_number) from _dray.objects "
                   "group by source order by 1"),
              ElementsAre(std::string(one) + "|1", std::string(other) + "|1"));
  a.store.replace("a0.json", sold("a1", "10:00:00", R"({"n":2})"));
  sync_source(a, ReloadChanged::yes);
  EXPECT_THAT(origins(one), ElementsAre("a0.json|1", "a1.json|1"));
  EXPECT_THAT(origins(other), ElementsAre("b0.json|1", "b1.json|1"));
  // A tie that b0.json's origin settles.
  b.store.add("a9.json", sold("b1", "10:00:00", R"({"n":9})"));
  sync_source(b);
  EXPECT_THAT(rows("select id, n from store_40.sold order by id"), ElementsAre("b1|1", "b2|1"));
}

// Both are new, and each finds the range free.
TEST_P(LedgerContract, OfTwoFirstSyncsAtOnceOneTakesOtherNumbers) {
  Source a{one};
  Source b{other};
  a.store.add("a0.json", sold("a1", "10:00:00", "{}"));
  b.store.add("b0.json", sold("b1", "10:00:00", "{}"));
  SyncRequest first = request();
  first.source = one;
  bool is_other_loaded = false;
  first.on_step = [&](std::string_view step) {
    if (!step.starts_with("load;") || std::exchange(is_other_loaded, true)) return;
    sync_source(b);
  };
  SyncProgress progress;
  const RunReport report = sync(first, a.store, *warehouse, progress, {});
  ASSERT_TRUE(is_other_loaded);
  if (GetParam() == Kind::redshift) {
    // The numbers are in staged files by then: it ends, and says why.
    EXPECT_THAT(report.error, HasSubstr("another source has the numbers"));
    sync_source(a);
  } else {
    EXPECT_EQ(report.status, RunStatus::success) << report.error;
  }
  EXPECT_EQ(shared_numbers(), "0 0");
  EXPECT_THAT(origins(one), ElementsAre("a0.json|1"));
  EXPECT_THAT(origins(other), ElementsAre("b0.json|1"));
}

// As an earlier version left them.
TEST_P(LedgerContract, SourcesThatShareNumbersArePartedAndToldUntilThen) {
  Source a{one};
  Source b{other};
  for (Source* source : {&a, &b}) {
    for (const char* key : {"0.json", "1.json"})
      source->store.add(key, sold(source->name + key, "10:00:00", R"({"n":1})"));
    sync_source(*source);
  }
  for (const char* const sql :
       {"update _dray.lineage set object_number = object_number - 1099511627776, table_number = "
        "table_number - 1099511627776 where object_number in (select object_number from "
        "_dray.objects where source = 'store_40')",
        "update _dray.objects set object_number = object_number - 1099511627776 where source = "
        "'store_40'",
        "update _dray.tables set table_number = table_number - 1099511627776 where source = "
        "'store_40'"}) {
    const auto done = session()->execute(typed(sql));
    ASSERT_TRUE(done.ok()) << done.error().text();
  }
  ASSERT_EQ(shared_numbers(), "2 1");
  const auto is_told = Contains(Field(&Notice::code, "shared_numbers"));
  a.store.add("2.json", sold("a2", "10:00:00", R"({"n":1})"));
  const RunReport told = sync_source(a);
  EXPECT_THAT(told.notices, is_told);
  EXPECT_THAT(told.notices.at(0).message, HasSubstr("of this source and of store_40 the same"));
  EXPECT_EQ(told.notices.at(0).count, 2U);
  EXPECT_EQ(shared_numbers(), "2 1") << "it gets no worse";
  const auto statuses = source_statuses(*warehouse);
  ASSERT_TRUE(statuses.ok()) << statuses.error().text();
  for (const SourceStatus& status : *statuses)
    EXPECT_EQ(status.objects_sharing, 2U) << status.source;
  // Loaded again an object takes nothing from the other's, and has a number of its own.
  a.store.replace("0.json", sold("shop_1690.json", "10:00:00", R"({"n":2})"));
  EXPECT_EQ(sync_source(a, ReloadChanged::yes).counts.loaded, 1U);
  EXPECT_EQ(shared_numbers(), "1 1");
  EXPECT_THAT(origins(other), ElementsAre("0.json|1", "1.json|1"));
  EXPECT_THAT(rows("select id, n from shop_169.sold order by id"),
              ElementsAre("a2|1", "shop_1690.json|2", "shop_1691.json|1"));
  a.store.replace("1.json", sold("shop_1691.json", "10:00:00", R"({"n":2})"));
  sync_source(a, ReloadChanged::yes);
  EXPECT_EQ(shared_numbers(), "0 1");
  EXPECT_THAT(sync_source(a).notices, Not(is_told));
  EXPECT_THAT(sync_source(b).notices, Not(is_told));
  EXPECT_EQ(source_statuses(*warehouse)->at(0).objects_sharing, 0U);
  // A later tie of each is settled by its own origins.
  a.store.add("-.json", sold("shop_1691.json", "10:00:00", R"({"n":9})"));
  EXPECT_EQ(sync_source(a).counts.duplicate, 1U);
  b.store.add("-.json", sold("store_401.json", "10:00:00", R"({"n":9})"));
  EXPECT_EQ(sync_source(b).counts.duplicate, 1U);
}

// --- who writes what when
// ----------------------------------------------------------------------

// A sync that finds nothing new, but something to record, read the ledger before the other's end.
TEST_P(LedgerContract, ARunWithoutNewObjectsTakesNothingBackThatAnotherHasRecorded) {
  store.add("a.json", sold("m1", "10:00:00", "{}"));
  sync_all();
  MemoryStore moved("memory:elsewhere");
  moved.add("a.json", sold("m1", "10:00:00", "{}"));
  SyncRequest nothing_new = request();
  nothing_new.moved = true;
  bool is_other_loaded = false;
  nothing_new.on_step = [&](std::string_view step) {
    if (!step.starts_with("list") || std::exchange(is_other_loaded, true)) return;
    store.add("b.json", sold("m2", "11:00:00", "{}"));
    EXPECT_EQ(sync_all().counts.loaded, 1U);
  };
  SyncProgress progress;
  const RunReport report = sync(nothing_new, moved, *warehouse, progress, {});
  EXPECT_EQ(report.status, RunStatus::success) << report.error;
  ASSERT_TRUE(is_other_loaded);
  EXPECT_THAT(rows("select location, newest_event from _dray.sources"),
              ElementsAre("memory:elsewhere|2024-05-01 11:00:00"));
}

// Cannot be listed.
class GoneStore final : public ObjectStore {
 public:
  Result<Listing> list(const ListRequest&) override { return config_error("it is gone"); }
  Result<std::unique_ptr<ByteReader>> open(const ObjectInfo&) override {
    return config_error("it is gone");
  }
  bool lists_from_anywhere() const override { return false; }
  std::size_t open_ahead_max() const override { return 0; }
  std::string location() const override { return "memory:"; }
};

// Whoever writes to the ledger waits for the transaction of another, whatever it is about: else a
// source may have two entries, and two runs one number.
TEST_P(LedgerContract, WhoWritesToTheLedgerWaitsForOthers) {
  Source blog{"blog"};
  blog.store.add("a.json", sold("m1", "10:00:00", "{}"));
  sync_source(blog);
  store.add("a.json", sold("m1", "10:00:00", "{}"));
  const RunReport first = sync_all();
  MemoryStore moved("memory:elsewhere");
  moved.add("a.json", sold("m1", "10:00:00", "{}"));
  GoneStore gone;
  SyncRequest moving = request();
  moving.moved = true;
  SyncRequest looking = request();
  looking.source = "blog";
  const Timestamp later = system_time() + std::chrono::hours(1);
  looking.now = [later] { return later; };
  const auto holder = session();
  ASSERT_TRUE(holder->begin().ok());
  ASSERT_TRUE(holder->lock(std::chrono::seconds(5)).ok());
  RunReport run = first;
  run.run_id = RunId::make(system_time(), 1);
  ASSERT_TRUE(write_run(*holder, run, 0).ok());
  ASSERT_TRUE(
      write_source(*holder, "shop", {first.location, {}, first.started, first.started}).ok());
  std::atomic<int> ended{0};
  std::vector<RunReport> reports(3);
  {
    std::vector<SyncProgress> progress(reports.size());
    const auto run_it = [&](std::size_t i, const SyncRequest& made, ObjectStore& of) {
      return std::jthread([&, i] {
        reports[i] = sync(made, of, *warehouse, progress[i], {});
        ++ended;
      });
    };
    const SyncRequest failing = request();
    const std::jthread moves = run_it(0, moving, moved);
    const std::jthread fails = run_it(1, failing, gone);
    const std::jthread looks = run_it(2, looking, blog.store);
    std::this_thread::sleep_for(std::chrono::milliseconds(700));
    // Redshift has a note of a look, not an entry.
    EXPECT_EQ(ended, GetParam() == Kind::redshift ? 1 : 0);
    ASSERT_TRUE(holder->commit().ok());
  }
  EXPECT_EQ(reports[0].status, RunStatus::success) << reports[0].error;
  EXPECT_EQ(reports[1].status, RunStatus::failure);
  EXPECT_EQ(reports[2].status, RunStatus::success) << reports[2].error;
  EXPECT_THAT(rows("select source, location from _dray.sources order by source"),
              ElementsAre("blog|memory:", "shop|memory:elsewhere"));
  EXPECT_THAT(rows("select count(*), count(distinct run_number) from _dray.runs"),
              ElementsAre("5|5"));
  const SourceStatus status = source_statuses(*warehouse)->at(0);
  EXPECT_EQ(status.source, "blog");
  EXPECT_EQ(status.last_looked, later);
}

TEST_P(LedgerContract, TheLastRunIsTheLastAlsoAfterTheClockWasSetBack) {
  store.add("a.json", sold("m1", "10:00:00", "{}"));
  sync_all();
  SyncRequest set_back = request();
  set_back.now = [] { return system_time() - std::chrono::hours(48); };
  store.add("b.json", sold("m2", "10:00:00", "{}"));
  const RunReport last = sync_with(set_back);
  EXPECT_EQ(last_committed_run(*session(), "shop")->text(), last.run_id.text());
}

// Two syncs of the same objects at once: one begins again and finds them loaded, and a third object
// that is new.
TEST_P(LedgerContract, WhoeverWatchesARunThatBeginsAgainSeesNoMoreDoneThanThereIs) {
  if (GetParam() == Kind::redshift) return;  // it ends
  store.add("a.json", sold("m1", "10:00:00", "{}") + identify("i1", "10:00:00", "{}"));
  SyncProgress progress;
  SyncRequest made = request();
  int loads = 0;
  made.on_step = [&](std::string_view step) {
    EXPECT_LE(progress.objects_done, progress.objects_total) << step;
    EXPECT_LE(progress.bytes_done, progress.bytes_total) << step;
    EXPECT_LE(progress.rows_loaded, progress.rows_total) << step;
    if (!step.starts_with("load;") || ++loads > 1) return;
    sync_all();
    store.add("b.json", sold("m2", "10:00:00", "{}"));
  };
  const RunReport report = sync(made, store, *warehouse, progress, {});
  EXPECT_EQ(report.status, RunStatus::success) << report.error;
  EXPECT_EQ(report.objects_loaded, 1U);
  EXPECT_EQ(loads, 2);
  EXPECT_EQ(progress.objects_total, 2U);
  EXPECT_EQ(progress.objects_done, 2U);
  EXPECT_EQ(progress.bytes_done, progress.bytes_total);
  EXPECT_EQ(progress.rows_loaded, progress.rows_total);
}

INSTANTIATE_TEST_SUITE_P(Each, LedgerContract, every_kind(), name_of_kind);

}  // namespace
}  // namespace dray
