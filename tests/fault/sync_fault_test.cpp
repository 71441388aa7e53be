// Whatever call of a sync fails, and whether or not it took effect: the next sync makes up for it.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <stop_token>
#include <string>
#include <tuple>
#include <vector>

#include "fault/faulty.h"
#include "load/open.h"
#include "run/sync.h"
#include "source/memory.h"
#include "support/file_warehouse.h"
#include "support/temporary_directory.h"

namespace dray {
namespace {

namespace fs = std::filesystem;

using Objects = std::map<std::string, std::string>;  // bytes by key
using Tables = std::map<std::string, std::vector<std::string>>;

std::string second(unsigned n) {
  return std::string("2026-03-01T10:00:") + (n < 10 ? "0" : "") + std::to_string(n) + ".000Z";
}

// The n-th event of some object. Ids come from a small pool, so that many are of the same id and
// many of these equally old.
std::string event_line(std::mt19937& random, const std::string& object, unsigned n) {
  const auto below = [&](unsigned bound) { return std::to_string(random() % bound); };
  const unsigned kind = static_cast<unsigned>(random() % 8);
  const char* const prefixes[] = {"t", "t", "t", "t", "i", "i", "p", "g"};
  std::string line = R"({"messageId":")" + std::string(prefixes[kind]) + below(14);
  line += R"(","userId":"u)" + below(4) + R"(","receivedAt":")";
  line += second(static_cast<unsigned>(random() % 5)) + R"(","timestamp":")";
  line += second(static_cast<unsigned>(random() % 60)) + R"(","context":{"place":")" + object +
          ":" + std::to_string(n) + R"("},)";
  if (kind < 4) {
    line += R"("type":"track","event":"Event )" + below(3) + R"(","properties":{"amount":)" +
            below(1000) + R"(,"made_)" + below(3) + R"(":"x)" + below(9) + R"("}})";
  } else if (kind < 6) {
    line += R"("type":"identify","traits":{"trait_)" + below(3) + R"(":"v)" + below(99) + R"("}})";
  } else if (kind == 6) {
    line += R"("type":"page","name":"Page )" + below(9) + R"(","properties":{"depth":)" + below(9) +
            "}}";
  } else {
    line += R"("type":"group","groupId":"g)" + below(3) + R"(","traits":{"plan":"p)" + below(9) +
            R"("}})";
  }
  return line + "\n";
}

Objects make_objects(unsigned seed, unsigned object_count, unsigned lines_per_object) {
  std::mt19937 random(seed);
  Objects objects;
  for (unsigned i = 0; i < object_count; ++i) {
    const std::string key = "part-" + std::to_string(i) + ".json";
    std::string& bytes = objects[key];
    for (unsigned n = 0; n < lines_per_object; ++n)
      bytes += event_line(random, key, n);
    bytes += "this is no event\n";
  }
  return objects;
}

void add_all(MemoryStore& store, const Objects& objects) {
  for (const auto& [key, bytes] : objects)
    store.add(key, bytes);
}

std::unique_ptr<Warehouse> open(const std::string& address,
                                std::uint64_t memory_bytes = 128U << 20) {
  WarehouseOptions options;
  options.threads = 1;
  options.memory_bytes = memory_bytes;
  auto warehouse = open_warehouse(address, options);
  if (!warehouse) {
    ADD_FAILURE() << warehouse.error().text();
    return nullptr;
  }
  return std::move(warehouse).value();
}

RunReport run_sync(ObjectStore& store, Warehouse& warehouse,
                   ReloadChanged reload_changed = ReloadChanged::no) {
  SyncRequest request;
  request.reload_changed = reload_changed;
  request.source = "shop";
  request.threads = 1;
  request.memory_bytes = 16U << 20;
  request.temp_directory = testing::TempDir();
  SyncProgress progress;
  return sync(request, store, warehouse, progress, {});
}

RunReport clean_sync(ObjectStore& store, Warehouse& warehouse,
                     ReloadChanged reload_changed = ReloadChanged::no) {
  RunReport report = run_sync(store, warehouse, reload_changed);
  EXPECT_EQ(report.status, RunStatus::success) << report.error;
  EXPECT_TRUE(report.counts.conserved());
  return report;
}

std::vector<std::string> rows_of(WarehouseSession& session, const std::string& select) {
  const auto result = session.query(Sql::typed_by_user(select + " order by all"));
  if (!result) {
    ADD_FAILURE() << result.error().text();
    return {};
  }
  std::vector<std::string> rows;
  for (const auto& row : result->rows) {
    std::string& text = rows.emplace_back();
    for (const auto& value : row)
      text += (value ? "'" + *value + "'" : "null") + " ";
  }
  return rows;
}

// The source's tables less uuid_ts. Columns by name: their order tells which sync saw them first.
Tables read_source(WarehouseSession& session) {
  Tables tables;
  auto catalog = session.catalog("shop");
  if (!catalog) {
    ADD_FAILURE() << catalog.error().text();
    return tables;
  }
  for (LiveTable& table : catalog->tables) {
    std::ranges::sort(table.columns, {}, &LiveColumn::name);
    std::string select;
    std::vector<std::string> header;
    for (const LiveColumn& column : table.columns) {
      header.push_back(column.name + " " + column.type_name);
      if (column.name == "uuid_ts") continue;
      select += (select.empty() ? "select \"" : ", \"") + column.name + "\"";
    }
    tables[table.name + " columns"] = header;
    tables[table.name] = rows_of(session, select + " from shop.\"" + table.name + "\"");
  }
  return tables;
}

// With what the ledger knows of objects, lines and rejects.
Tables read_tables(Warehouse& warehouse) {
  auto session = warehouse.open_session();
  if (!session) {
    ADD_FAILURE() << session.error().text();
    return {};
  }
  Tables tables = read_source(**session);
  tables["ledger objects"] =
      rows_of(**session,
              "select key, size_bytes, state, lines, filtered, rejected, loaded + "
              "duplicate from _dray.objects");
  tables["ledger lineage"] =
      rows_of(**session,
              "select o.key, t.table_name, l.uuid, l.received_at, l.line from _dray.lineage l left "
              "join _dray.objects o using (object_number) left join _dray.tables t using "
              "(table_number)");
  tables["ledger rejects"] =
      rows_of(**session, "select object, line, kind, reason, value from _dray.rejects");
  return tables;
}

// --- one failing call
// -----------------------------------------------------------------------------

enum class Which { first_sync, second_sync };
using Case = std::tuple<Which, FaultTiming, FaultDuration>;

std::string case_name(const testing::TestParamInfo<Case>& info) {
  const auto [which, timing, duration] = info.param;
  return std::string(which == Which::first_sync ? "FirstSync" : "SecondSync") +
         (timing == FaultTiming::before ? "Before" : "After") +
         (duration == FaultDuration::once ? "Once" : "Lasting");
}

enum class OfEachKind { first_and_last, first };

// Which of a run's calls are made to fail, from 1: the first and the last of each kind, of a fault
// that lasts the first alone, and of the others one in `one_in`. The four cases of one test begin
// at different ones, so that of sixteen calls every fourth fails in one of them. DRAY_FAULT_ONE_IN
// in the environment says another number: 1 is all.
std::vector<std::uint64_t> calls_to_fail(const std::vector<std::string>& calls, const Case& which,
                                         OfEachKind of_each = OfEachKind::first_and_last,
                                         std::uint64_t one_in = 16) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (const char* text = std::getenv("DRAY_FAULT_ONE_IN"); text != nullptr)
    one_in = std::stoull(text);
  const auto [_, timing, duration] = which;
  const std::uint64_t first =
      8 * static_cast<std::uint64_t>(timing) + 4 * static_cast<std::uint64_t>(duration);
  if (duration == FaultDuration::lasting) of_each = OfEachKind::first;
  std::vector<std::uint64_t> chosen;
  for (std::uint64_t at = 1; at <= calls.size(); ++at) {
    const auto call = calls.begin() + static_cast<std::ptrdiff_t>(at) - 1;
    const bool is_first = std::find(calls.begin(), call, *call) == call;
    const bool is_last = of_each == OfEachKind::first_and_last &&
                         std::find(call + 1, calls.end(), *call) == calls.end();
    if (is_first || is_last || at % one_in == first % one_in) chosen.push_back(at);
  }
  return chosen;
}

class SyncFault : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    which_ = std::get<Which>(GetParam());
    Objects objects = make_objects(7, 4, 15);
    // Two objects each, so interleaved that ties with stored rows go either way.
    for (unsigned i = 0; auto& [key, bytes] : objects) {
      (i++ % 2 == 0 ? second_ : first_).emplace(key, bytes);
    }
    const auto warehouse = open(address("clean.duckdb"));
    ASSERT_NE(warehouse, nullptr);
    MemoryStore store;
    add_all(store, first_);
    clean_sync(store, *warehouse);
    if (which_ == Which::second_sync) {
      add_all(store, second_);
      const RunReport report = clean_sync(store, *warehouse);
      // Else the paths under test do not run.
      std::uint64_t replaced = 0;
      for (const CollectionReport& collection : report.collections)
        replaced += collection.rows_replaced;
      ASSERT_GT(replaced, 0U);
      ASSERT_GT(report.counts.duplicate, 0U);
    }
    expected_ = read_tables(*warehouse);
    ASSERT_GT(expected_.size(), 14U);
  }

  std::string address(const std::string& file) const { return "duckdb:" + temporary_ / file; }

  void remove_faulty() {
    for (const auto& entry : fs::directory_iterator(directory_)) {
      if (entry.path().filename().string().starts_with("faulty")) fs::remove_all(entry.path());
    }
  }

  // A warehouse file as it is before the sync under test, and the store that this sync sees.
  void prepare(MemoryStore& store) {
    remove_faulty();
    add_all(store, first_);
    if (which_ == Which::first_sync) return;
    const fs::path before = directory_ / "before.duckdb";
    if (!fs::exists(before)) {
      const auto warehouse = open(address("before.duckdb"));
      ASSERT_NE(warehouse, nullptr);
      clean_sync(store, *warehouse);
    }
    fs::copy_file(before, directory_ / "faulty.duckdb");
    add_all(store, second_);
  }

  const TemporaryDirectory temporary_;
  const fs::path directory_ = temporary_.path();
  Which which_ = Which::first_sync;
  Objects first_;
  Objects second_;
  Tables expected_;
};

// What one failed call made of a run.
struct Failed {
  std::string call;
  RunReport report;
};

bool is_of_store(const std::string& call) { return call == "open" || call == "read"; }

// What the run says of itself must be what the next one finds.
void expect_truth(const Failed& failed, FaultTiming timing, FaultDuration duration,
                  std::size_t objects_new, const RunReport& next) {
  const bool committed = failed.call == "commit" && timing == FaultTiming::after;
  const RunReport& report = failed.report;
  if (is_of_store(failed.call) && duration == FaultDuration::once) {
    EXPECT_EQ(report.status, RunStatus::partial);
    EXPECT_EQ(report.objects_set_aside, 1U);
    EXPECT_EQ(report.objects_loaded + 1, objects_new);
    EXPECT_EQ(next.objects_loaded, 1U);
    return;
  }
  EXPECT_EQ(next.objects_loaded, committed ? 0U : objects_new);
  if (committed && duration == FaultDuration::once) {
    EXPECT_EQ(report.status, RunStatus::success);
    EXPECT_EQ(report.objects_loaded, objects_new);
    EXPECT_EQ(report.error, "");
    return;
  }
  EXPECT_EQ(report.status, RunStatus::failure);
  EXPECT_EQ(report.objects_loaded, 0U);
  // Of a store that goes on failing the run hears last from the warehouse, which fails too.
  const std::string last = is_of_store(failed.call) ? "" : failed.call;
  EXPECT_NE(report.error.find("made to fail: " + last), std::string::npos) << report.error;
  EXPECT_NE(report.error.find("run it again"), std::string::npos) << report.error;
  // Nobody may claim that nothing happened when nobody could look.
  const bool in_doubt = failed.call == "commit" && duration == FaultDuration::lasting;
  EXPECT_EQ(report.error.find("could not be read either") != std::string::npos, in_doubt);
}

TEST_P(SyncFault, NextSyncMakesUpForIt) {
  const auto [which, timing, duration] = GetParam();
  const std::size_t objects_new = which == Which::first_sync ? first_.size() : second_.size();
  std::vector<std::string> calls;
  {
    MemoryStore objects;
    ASSERT_NO_FATAL_FAILURE(prepare(objects));
    FaultPlan none;
    const auto real = open(address("faulty.duckdb"));
    FaultyWarehouse warehouse(*real, none);
    FaultyStore store(objects, none);
    const auto report = run_sync(store, warehouse);
    EXPECT_EQ(report.status, RunStatus::success) << report.error;
    EXPECT_EQ(read_tables(*real), expected_);
    calls = none.calls();
  }
  std::set<std::string> calls_failed;
  for (const std::uint64_t at : calls_to_fail(calls, GetParam())) {
    MemoryStore objects;
    ASSERT_NO_FATAL_FAILURE(prepare(objects));
    FaultPlan faults(at, timing, duration);
    const Failed failed = [&] {
      const auto real = open(address("faulty.duckdb"));
      FaultyWarehouse warehouse(*real, faults);
      FaultyStore store(objects, faults);
      RunReport report = run_sync(store, warehouse);
      return Failed{faults.failed_call(), std::move(report)};
    }();
    SCOPED_TRACE("call " + std::to_string(at) + ", " + failed.call);
    const auto warehouse = open(address("faulty.duckdb"));
    ASSERT_NE(warehouse, nullptr);
    ASSERT_TRUE(faults.fired());
    calls_failed.insert(failed.call);
    const RunReport next = clean_sync(objects, *warehouse);
    expect_truth(failed, timing, duration, objects_new, next);
    EXPECT_EQ(read_tables(*warehouse), expected_);
    if (HasFailure()) return;  // one is enough to look at
  }
  const std::set<std::string> all = {
      "open_session", "catalog", "check_deferred", "list",           "open",
      "read",         "begin",   "apply",          "execute",        "load",
      "append",       "commit",  "query",          "merge_profiles", "lock"};
  EXPECT_EQ(calls_failed, all);
}

// A load of more columns than a transaction may write commits its tables one by one.
TEST_P(SyncFault, NextSyncMakesUpForSomeTablesToo) {
  const auto [which, timing, duration] = GetParam();
  std::vector<std::string> calls;
  {
    MemoryStore objects;
    ASSERT_NO_FATAL_FAILURE(prepare(objects));
    FaultPlan none;
    const auto real = open(address("faulty.duckdb"));
    FaultyWarehouse warehouse(*real, none, 1);
    (void)run_sync(objects, warehouse);
    EXPECT_EQ(read_tables(*real), expected_);
    calls = none.calls();
  }
  const auto rows_now = [](Warehouse& warehouse) {
    return read_source(*warehouse.open_session().value());
  };
  Tables before;
  {
    MemoryStore objects;
    ASSERT_NO_FATAL_FAILURE(prepare(objects));
    if (which == Which::second_sync) before = rows_now(*open(address("faulty.duckdb")));
  }
  std::size_t partly_loaded = 0;
  for (const std::uint64_t at : calls_to_fail(calls, GetParam())) {
    MemoryStore objects;
    ASSERT_NO_FATAL_FAILURE(prepare(objects));
    FaultPlan faults(at, timing, duration);
    RunReport report;
    {
      const auto real = open(address("faulty.duckdb"));
      FaultyWarehouse warehouse(*real, faults, 1);
      report = run_sync(objects, warehouse);
    }
    SCOPED_TRACE("call " + std::to_string(at) + ", " + faults.failed_call());
    const auto warehouse = open(address("faulty.duckdb"));
    ASSERT_NE(warehouse, nullptr);
    ASSERT_TRUE(faults.fired());
    if (report.failure && report.failure->cause != Cause::in_doubt) {
      const bool is_as_before = rows_now(*warehouse) == before;
      EXPECT_TRUE(is_as_before || report.failure->is_partly_loaded) << report.error;
      partly_loaded += report.failure->is_partly_loaded ? 1 : 0;
    }
    (void)clean_sync(objects, *warehouse);
    EXPECT_EQ(read_tables(*warehouse), expected_);
    if (HasFailure()) return;
  }
  EXPECT_GT(partly_loaded, 0U);
}

// What somebody has asked of a table of the ledger's is told of that table, with what is loaded all
// the same.
TEST(LedgerFault, AConstraintOnItIsOfNoTableOfEvents) {
  const TemporaryDirectory directory;
  const auto real = open("duckdb:" + directory / "constraint.duckdb");
  MemoryStore store;
  add_all(store, make_objects(1, 1, 15));
  clean_sync(store, *real);
  for (const std::string table : {"runs", "lineage"}) {
    const bool is_of_runs = table == "runs";
    const auto run_sql = [&](const std::string& sql) {
      const auto session = real->open_session();
      const auto done = (*session)->execute(Sql::typed_by_user(sql));
      ASSERT_TRUE(done.ok()) << sql << ": " << done.error().text();
    };
    run_sql("create unique index only_one on _dray." + table +
            (is_of_runs ? " (source)" : " (object_number, line)"));
    store.add(table + ".json", make_objects(2, 1, 15).begin()->second);
    if (!is_of_runs) {
      // Where the next object's are to stand.
      run_sql(
          "insert into _dray.lineage select 1, max(received_at), 1, (select "
          "max(object_number) from _dray.objects) + 1, line from _dray.lineage group by line");
    }
    FaultPlan none;
    FaultyWarehouse warehouse(*real, none, 1);
    const RunReport report = run_sync(store, warehouse);
    ASSERT_TRUE(report.failure);
    EXPECT_EQ(to_string(report.failure->code), "constraint") << report.error;
    EXPECT_NE(report.error.find("_dray." + table), std::string::npos) << report.error;
    EXPECT_EQ(report.failure->is_partly_loaded, is_of_runs) << report.error;
    EXPECT_EQ(report.error.find("could not be recorded") != std::string::npos, is_of_runs)
        << report.error;
    run_sql("drop index _dray.only_one");
    EXPECT_EQ(clean_sync(store, *real).objects_loaded, 1U);
  }
}

// Objects that are loaded again, a table at a time: the next sync, which nobody tells to load them
// again, leaves all as it was or finishes it.
class ReloadFault : public SyncFault {};

TEST_P(ReloadFault, NextSyncFindsAllOfItOrNone) {
  const auto [which, timing, duration] = GetParam();
  const Objects changed = make_objects(8, 4, 15);
  const auto change = [&](MemoryStore& store) {
    for (const auto& [key, bytes] : first_)
      store.replace(key, changed.at(key));
  };
  MemoryStore store;
  ASSERT_NO_FATAL_FAILURE(prepare(store));
  const fs::path before = directory_ / "before.duckdb";
  fs::copy_file(directory_ / "clean.duckdb", before);
  change(store);
  clean_sync(store, *open(address("clean.duckdb")), ReloadChanged::yes);
  const Tables reloaded = read_tables(*open(address("clean.duckdb")));
  ASSERT_NE(reloaded, expected_);
  const auto reload = [&](FaultPlan& faults) {
    remove_faulty();
    fs::copy_file(before, directory_ / "faulty.duckdb");
    const auto real = open(address("faulty.duckdb"));
    FaultyWarehouse warehouse(*real, faults, 1);
    (void)run_sync(store, warehouse, ReloadChanged::yes);
  };
  FaultPlan none;
  reload(none);
  std::set<bool> outcomes;
  for (const std::uint64_t at : calls_to_fail(none.calls(), GetParam())) {
    FaultPlan faults(at, timing, duration);
    reload(faults);
    SCOPED_TRACE("call " + std::to_string(at) + ", " + faults.failed_call());
    ASSERT_TRUE(faults.fired());
    const auto warehouse = open(address("faulty.duckdb"));
    ASSERT_NE(warehouse, nullptr);
    clean_sync(store, *warehouse);
    const Tables tables = read_tables(*warehouse);
    outcomes.insert(tables == reloaded);
    if (tables != expected_) {
      EXPECT_EQ(tables, reloaded);
    }
    if (HasFailure()) break;
  }
  EXPECT_EQ(outcomes.size(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Calls, ReloadFault,
                         testing::Combine(testing::Values(Which::first_sync),
                                          testing::Values(FaultTiming::before, FaultTiming::after),
                                          testing::Values(FaultDuration::once)),
                         case_name);

INSTANTIATE_TEST_SUITE_P(Calls, SyncFault,
                         testing::Combine(testing::Values(Which::first_sync, Which::second_sync),
                                          testing::Values(FaultTiming::before, FaultTiming::after),
                                          testing::Values(FaultDuration::once,
                                                          FaultDuration::lasting)),
                         case_name);

// Rows and profiles so long that a table's are committed a few at a time.
TEST(LongRowsFault, NextSyncMakesUpForSomeRows) {
  constexpr std::uint64_t memory_bytes = 32U << 20;
  std::string lines;
  for (unsigned i = 0; i < 10; ++i) {
    const std::string number = std::to_string(i);
    const std::string text(1'500'000, static_cast<char>('a' + i));
    lines += R"({"type":")" + std::string(i % 2 == 0 ? "track" : "identify") +
             R"(","event":"Long","messageId":"m)" + number + R"(","userId":"u)" + number +
             R"(","receivedAt":"2026-11-20T10:00:00Z","properties":{"text":")" + text +
             R"("},"traits":{"text":")" + text + "\"}}\n";
  }
  MemoryStore store;
  store.add("long.json", lines);
  const TemporaryDirectory directory;
  const auto address = [&](const std::string& file) { return "duckdb:" + directory / file; };
  FaultPlan none;
  Tables expected;
  {
    const auto real = open(address("clean.duckdb"), memory_bytes);
    FaultyWarehouse warehouse(*real, none);
    ASSERT_FALSE(run_sync(store, warehouse).failure);
    expected = read_tables(*real);
    ASSERT_EQ(expected["long"].size(), 5U);
    ASSERT_EQ(expected["users"].size(), 5U);
  }
  const std::vector<std::string> calls = none.calls();
  ASSERT_GT(std::ranges::count(calls, "commit_some"), 3);  // of rows, and of profiles
  for (std::uint64_t at = 1; at <= calls.size(); ++at) {
    if (!calls[at - 1].starts_with("commit")) continue;
    const std::string file = std::to_string(at) + ".duckdb";
    const FaultTiming timing = at % 2 == 0 ? FaultTiming::before : FaultTiming::after;
    FaultPlan faults(at, timing, FaultDuration::once);
    {
      const auto real = open(address(file), memory_bytes);
      FaultyWarehouse warehouse(*real, faults);
      (void)run_sync(store, warehouse);
    }
    SCOPED_TRACE("call " + std::to_string(at));
    ASSERT_TRUE(faults.fired());
    const auto warehouse = open(address(file), memory_bytes);
    ASSERT_NE(warehouse, nullptr);
    clean_sync(store, *warehouse);
    EXPECT_TRUE(read_tables(*warehouse) == expected);  // megabytes are not to be shown
    if (HasFailure()) return;
  }
}

// --- a warehouse that loads files
// -----------------------------------------------------------------

using testing_support::FileWarehouse;
using testing_support::KeptFiles;

// One table at a time, so that a difference can be read.
void expect_same(const Tables& tables, const Tables& expected) {
  ASSERT_EQ(tables.size(), expected.size());
  for (const auto& [name, rows] : expected) {
    const auto found = tables.find(name);
    ASSERT_NE(found, tables.end()) << name;
    EXPECT_EQ(found->second, rows) << name;
  }
}

// What a first sync left in files is loaded by the second, which fails at one call.
class FileFault : public testing::TestWithParam<std::tuple<FaultTiming, FaultDuration>> {
 protected:
  void SetUp() override {
    Objects objects = make_objects(7, 4, 15);
    for (unsigned i = 0; auto& [key, bytes] : objects) {
      (i++ % 2 == 0 ? second_ : first_).emplace(key, bytes);
    }
    const auto clean = open(directory_ / "clean.duckdb");
    ASSERT_NE(clean, nullptr);
    MemoryStore store;
    add_all(store, first_);
    clean_sync(store, *clean);
    add_all(store, second_);
    clean_sync(store, *clean);
    expected_ = read_tables(*clean);
    const auto before = open(directory_ / "before.duckdb");
    FileWarehouse refusing(*before, kept_before_, [](const std::string& table) {
      const bool refused = table == "identifies" || table == "event_0";
      return refused ? std::optional(bad_data_error("refused")) : std::nullopt;
    });
    MemoryStore only_first;
    add_all(only_first, first_);
    const auto report = run_sync(only_first, refusing);
    ASSERT_EQ(report.status, RunStatus::partial) << report.error;
    ASSERT_EQ(kept_before_.files.size(), 2U);
  }

  static std::unique_ptr<Warehouse> open(const std::string& path) {
    return dray::open("duckdb:" + path);
  }

  // The second sync through a wrapper, on a copy of what the first one left.
  RunReport second_sync(FaultPlan& faults, KeptFiles& kept) {
    fs::remove(directory_ / "faulty.duckdb");
    fs::copy_file(directory_ / "before.duckdb", directory_ / "faulty.duckdb");
    kept = kept_before_;
    MemoryStore store;
    add_all(store, first_);
    add_all(store, second_);
    const auto real = open(directory_ / "faulty.duckdb");
    FileWarehouse files(*real, kept);
    FaultyWarehouse warehouse(files, faults);
    return run_sync(store, warehouse);
  }

  const TemporaryDirectory directory_;
  Objects first_;
  Objects second_;
  KeptFiles kept_before_;
  Tables expected_;
};

TEST_P(FileFault, NextSyncMakesUpForIt) {
  const auto [timing, duration] = GetParam();
  KeptFiles kept;
  FaultPlan none;
  const auto clean = second_sync(none, kept);
  EXPECT_EQ(clean.status, RunStatus::success) << clean.error;
  EXPECT_TRUE(kept.files.empty());
  expect_same(read_tables(*open(directory_ / "faulty.duckdb")), expected_);
  std::set<std::string> failed;
  std::set<std::string> seen;
  for (const std::uint64_t at :
       calls_to_fail(none.calls(), {Which::second_sync, timing, duration}, OfEachKind::first, 64)) {
    FaultPlan faults(at, timing, duration);
    const auto report = second_sync(faults, kept);
    SCOPED_TRACE("call " + std::to_string(at) + ", " + faults.failed_call());
    ASSERT_TRUE(faults.fired());
    failed.insert(faults.failed_call());
    seen.insert(faults.calls().begin(), faults.calls().end());
    MemoryStore store;
    add_all(store, first_);
    add_all(store, second_);
    const auto real = open(directory_ / "faulty.duckdb");
    ASSERT_NE(real, nullptr);
    FileWarehouse warehouse(*real, kept);
    clean_sync(store, warehouse);
    expect_same(read_tables(*real), expected_);
    const auto session = real->open_session();
    EXPECT_EQ(rows_of(**session, "select table_name from _dray.pending"),
              std::vector<std::string>());
    if (HasFailure()) return;  // one is enough to look at
  }
  const std::set<std::string> all = {
      "open_session", "catalog", "begin",      "apply", "execute",        "append", "load",
      "commit",       "query",   "read_files", "stage", "merge_profiles", "lock"};
  EXPECT_EQ(failed, all);
  // Asked for once another call has failed; where all fail from then on, it fails too.
  EXPECT_TRUE(seen.contains("rollback"));
}

std::string file_case_name(
    const testing::TestParamInfo<std::tuple<FaultTiming, FaultDuration>>& made) {
  const auto [timing, duration] = made.param;
  return std::string(timing == FaultTiming::before ? "Before" : "After") +
         (duration == FaultDuration::once ? "Once" : "Lasting");
}

INSTANTIATE_TEST_SUITE_P(Calls, FileFault,
                         testing::Combine(testing::Values(FaultTiming::before, FaultTiming::after),
                                          testing::Values(FaultDuration::once,
                                                          FaultDuration::lasting)),
                         file_case_name);

// --- the wrapper itself
// ---------------------------------------------------------------------------

// One wrapper around another: what the inner one hears is what the outer one was asked.
TEST(Faulty, PassesEveryCallOn) {
  const Objects objects = make_objects(7, 2, 15);
  std::set<std::string> heard;
  for (const bool loads_files : {false, true}) {
    const auto real = open("duckdb::memory:");
    KeptFiles kept;
    FileWarehouse files(*real, kept);
    FaultPlan inner;
    FaultPlan outer;
    FaultyWarehouse wrapped(loads_files ? static_cast<Warehouse&>(files) : *real, inner, 1);
    FaultyWarehouse twice(wrapped, outer);
    MemoryStore store;
    add_all(store, objects);
    clean_sync(store, twice);
    EXPECT_EQ(inner.calls(), outer.calls());
    heard.insert(inner.calls().begin(), inner.calls().end());
    EXPECT_EQ(&twice.dialect(), &real->dialect());
    EXPECT_EQ(twice.notes(), nullptr);
    EXPECT_EQ(twice.location(), real->location());
  }
  for (const char* call : {"stage", "load", "merge_profiles", "commit_some", "commit", "append"})
    EXPECT_TRUE(heard.contains(call)) << call;
}

// Those that a clean sync does not make, asked one by one.
TEST(Faulty, FailsTheRareCallsOfAFileLoaderBeforeAndAfter) {
  const auto real = open("duckdb::memory:");
  for (const FaultTiming timing : {FaultTiming::before, FaultTiming::after}) {
    KeptFiles kept;
    kept.files["there"] = {};
    FileWarehouse files(*real, kept);
    FaultPlan inner;
    FaultyWarehouse heard(files, inner);
    FaultPlan faults(2, timing, FaultDuration::lasting);  // the session opens
    FaultyWarehouse warehouse(heard, faults);
    const auto session = warehouse.open_session();
    ASSERT_TRUE(session.ok());
    FileLoader& loader = *std::get<FileLoader*>((*session)->loader());
    EXPECT_EQ(loader.read_files("there").error().cause, Cause::transient);
    EXPECT_EQ(loader.rollback().error().cause, Cause::transient);
    const std::vector<std::string> reached = {"open_session", "read_files", "rollback"};
    EXPECT_EQ(inner.calls(),
              timing == FaultTiming::after ? reached : std::vector<std::string>{"open_session"});
  }
}

// What was written last, of whatever kind and source.
class OneNote final : public Notes {
 public:
  bool keeps(NoteKind kind) const override { return kind == NoteKind::look; }
  Result<std::optional<std::string>> read(NoteKind, const std::string&) override { return note; }
  Result<void> write(NoteKind, const std::string&, const std::string& text) override {
    note = text;
    return {};
  }

  std::optional<std::string> note;
};

TEST(Faulty, FailsNotesBeforeAndAfter) {
  OneNote real;
  FaultPlan never;
  FaultyNotes passed_on(real, never);
  EXPECT_TRUE(passed_on.keeps(NoteKind::look));
  EXPECT_FALSE(passed_on.keeps(NoteKind::listing));
  EXPECT_TRUE(passed_on.write(NoteKind::look, "shop", "first").ok());
  EXPECT_EQ(passed_on.read(NoteKind::look, "shop").value(), "first");
  for (const FaultTiming timing : {FaultTiming::before, FaultTiming::after}) {
    FaultPlan faults(1, timing, FaultDuration::lasting);
    FaultyNotes notes(real, faults);
    EXPECT_FALSE(notes.write(NoteKind::look, "shop", "second").ok());
    EXPECT_EQ(real.note, timing == FaultTiming::before ? "first" : "second");
    EXPECT_FALSE(notes.read(NoteKind::look, "shop").ok());
  }
}

// --- splits
// ---------------------------------------------------------------------------------------

// Each is made behind the lock, where other syncs wait.
TEST(SyncCalls, DoNotGrowWithTheObjectsThatAreLoadedAgain) {
  const auto calls_of_reload = [](unsigned objects) {
    const TemporaryDirectory directory;
    const auto real = open("duckdb:" + directory / "calls.duckdb");
    MemoryStore store;
    add_all(store, make_objects(1, objects, 3));
    clean_sync(store, *real);
    for (const auto& [key, bytes] : make_objects(2, objects, 3))
      store.replace(key, bytes);
    FaultPlan none;
    FaultyWarehouse warehouse(*real, none);
    EXPECT_EQ(clean_sync(store, warehouse, ReloadChanged::yes).objects_loaded, objects);
    return std::ranges::count(none.calls(), "execute");
  };
  const auto few = calls_of_reload(20);
  EXPECT_GT(few, 0);
  EXPECT_LE(calls_of_reload(60), few + 5);
}

class SyncSplit : public testing::TestWithParam<unsigned> {};

TEST_P(SyncSplit, AnySplitIntoSyncsEqualsOneSync) {
  const unsigned seed = GetParam();
  const Objects objects = make_objects(seed, 6, 12);
  const auto at_once = open("duckdb::memory:");
  ASSERT_NE(at_once, nullptr);
  MemoryStore all;
  add_all(all, objects);
  clean_sync(all, *at_once);
  const Tables expected = read_tables(*at_once);

  std::mt19937 random(seed + 1'000);
  for (int round = 0; round < 3; ++round) {
    std::vector<Objects> parts(2 + random() % 4);
    std::string split;
    for (const auto& [key, bytes] : objects) {
      const std::size_t part = random() % parts.size();
      parts[part].emplace(key, bytes);
      split += key + " in sync " + std::to_string(part) + "\n";
    }
    const auto warehouse = open("duckdb::memory:");
    ASSERT_NE(warehouse, nullptr);
    MemoryStore store;
    for (const Objects& part : parts) {
      if (part.empty()) continue;  // a source with nothing to read yet is a failure
      add_all(store, part);
      clean_sync(store, *warehouse);
    }
    EXPECT_EQ(read_tables(*warehouse), expected) << split;
    if (HasFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Seeds, SyncSplit, testing::Range(1U, 9U));

}  // namespace
}  // namespace dray
