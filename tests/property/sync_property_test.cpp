// What must hold for any logs: events by seed, so that a failure names the seed that repeats it.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "load/open.h"
#include "property/random_events.h"
#include "run/sync.h"
#include "source/memory.h"

namespace dray::property {
namespace {

// A warehouse in memory, and the syncs into it.
class Sandbox {
 public:
  Sandbox() : Sandbox(usual_options()) {}
  explicit Sandbox(const WarehouseOptions& options)
      : warehouse_(open_warehouse("duckdb::memory:", options).value()) {}

  static WarehouseOptions usual_options() {
    WarehouseOptions options;
    options.threads = 1;
    options.memory_bytes = 128U << 20;
    options.duplicates_bytes = 1'000;  // room for a dozen: settled in parts
    return options;
  }

  void add(const Objects& objects) {
    for (const auto& [key, lines] : objects)
      store_.add(key, to_bytes(lines));
  }

  RunReport sync(unsigned threads = 1) {
    SyncRequest request;
    request.source = "shop";
    request.threads = threads;
    request.memory_bytes = 16U << 20;
    request.temp_directory = testing::TempDir();
    request.contract_columns = contract_columns;
    SyncProgress progress;
    RunReport report = dray::sync(request, store_, *warehouse_, progress, {});
    EXPECT_EQ(report.status, RunStatus::success) << report.error;
    EXPECT_TRUE(report.counts.conserved());
    return report;
  }

  std::vector<std::string> query(const std::string& select) {
    auto session = warehouse_->open_session().value();
    const auto result = session->query(Sql::typed_by_user(select));
    if (!result) {
      ADD_FAILURE() << select << ": " << result.error().text();
      return {};
    }
    std::vector<std::string> rows;
    for (const auto& row : result->rows) {
      std::string& line = rows.emplace_back();
      for (const auto& value : row)
        line += (value ? "'" + *value + "'" : "null") + " ";
    }
    // Not by SQL: a sort that DuckDB does makes -0.0 a 0.0.
    std::ranges::sort(rows);
    return rows;
  }

  std::string number(const std::string& select) {
    const std::vector<std::string> rows = query("select (" + select + ")::varchar");
    return rows.empty() ? "" : rows[0].substr(1, rows[0].size() - 3);
  }

  // Columns by name: their order tells which sync saw them first. Without uuid_ts, which tells
  // when.
  std::map<std::string, std::vector<std::string>> tables() {
    std::map<std::string, std::vector<std::string>> tables;
    Catalog catalog = warehouse_->open_session().value()->catalog("shop").value();
    for (LiveTable& table : catalog.tables) {
      std::ranges::sort(table.columns, {}, &LiveColumn::name);
      std::string select;
      std::string header;
      for (const LiveColumn& column : table.columns) {
        header += column.name + ' ' + column.type_name + ", ";
        if (column.name == "uuid_ts") continue;
        select += (select.empty() ? "select \"" : ", \"") + column.name + '"';
      }
      std::vector<std::string>& rows = tables[table.name];
      rows = query(select + " from shop.\"" + table.name + '"');
      rows.insert(rows.begin(), header);
    }
    return tables;
  }

  // All that is in the warehouse, to the last uuid_ts.
  std::vector<std::string> everything() {
    std::vector<std::string> all;
    for (const std::string schema : {"shop", "_dray"}) {
      const Catalog catalog = warehouse_->open_session().value()->catalog(schema).value();
      for (const LiveTable& table : catalog.tables) {
        all.push_back(schema + '.' + table.name);
        // A sync that finds nothing new says that it looked.
        const std::string columns = table.name == "sources" && schema == "_dray"
                                        ? "* exclude (looked_at, looked_run)"
                                        : "*";
        const auto rows =
            query("select " + columns + " from \"" + schema + "\".\"" + table.name + '"');
        all.insert(all.end(), rows.begin(), rows.end());
      }
    }
    return all;
  }

  std::vector<std::string> rejects() {
    return query(
        "select object, line, kind, reason, table_name, column_name, value from _dray.rejects");
  }

  bool contract_columns = true;

 private:
  MemoryStore store_;
  std::unique_ptr<Warehouse> warehouse_;
};

class SyncProperty : public testing::TestWithParam<unsigned> {
 protected:
  unsigned seed() const { return GetParam(); }
};

TEST_P(SyncProperty, AnySplitIntoSyncsInAnyOrderGivesTheSame) {
  RandomEvents random(seed(), Kinds::agree, Times::tie);
  const Objects objects = random.objects(6, 15);
  Sandbox at_once;
  at_once.contract_columns = seed() % 2 == 0;
  at_once.add(objects);
  at_once.sync();
  const auto expected = at_once.tables();
  ASSERT_GT(expected.size(), 5U);

  for (int round = 0; round < 2; ++round) {
    std::vector<Objects> parts(2 + random.below(5));
    std::string split;
    for (const auto& [key, lines] : objects) {
      const std::uint32_t part = random.below(static_cast<std::uint32_t>(parts.size()));
      parts[part].emplace(key, lines);
      split += key + " in sync " + std::to_string(part) + "\n";
    }
    Sandbox sandbox;
    sandbox.contract_columns = at_once.contract_columns;
    for (const Objects& part : parts) {
      if (part.empty()) continue;  // a source with nothing to read yet is a failure
      sandbox.add(part);
      sandbox.sync();
    }
    ASSERT_EQ(sandbox.tables(), expected) << split;
    ASSERT_EQ(sandbox.rejects(), at_once.rejects()) << split;
  }
}

TEST_P(SyncProperty, LinesMayStandAnywhere) {
  RandomEvents random(seed(), Kinds::mixed, Times::unique);
  const Objects objects = random.objects(3, 40);
  Sandbox as_made;
  as_made.add(objects);
  const LineCounts counts = as_made.sync().counts;
  const auto expected = as_made.tables();

  Lines lines;
  for (const auto& [key, of_object] : objects)
    lines.insert(lines.end(), of_object.begin(), of_object.end());
  std::ranges::shuffle(lines, random.engine());
  Objects elsewhere;
  for (const std::string& line : lines)
    elsewhere[std::to_string(random.below(7)) + ".json"].push_back(line);
  Sandbox sandbox;
  sandbox.add(elsewhere);
  EXPECT_EQ(sandbox.sync().counts, counts);
  EXPECT_EQ(sandbox.tables(), expected);
}

TEST_P(SyncProperty, AnyNumberOfThreadsGivesTheSame) {
  RandomEvents random(seed(), Kinds::mixed, Times::tie);
  const Objects objects = random.objects(5, 60);
  Sandbox one;
  one.add(objects);
  const RunReport expected = one.sync(1);
  for (const unsigned threads : {2U, 3U, 4U}) {
    Sandbox several;
    several.add(objects);
    const RunReport report = several.sync(threads);
    EXPECT_EQ(report.counts, expected.counts) << threads << " threads";
    EXPECT_EQ(report.notices, expected.notices) << threads << " threads";
    ASSERT_EQ(several.tables(), one.tables()) << threads << " threads";
    ASSERT_EQ(several.rejects(), one.rejects()) << threads << " threads";
  }
}

TEST_P(SyncProperty, ProfilesMergedInPartsAreTheSame) {
  RandomEvents random(seed(), Kinds::mixed, Times::tie);
  WarehouseOptions options = Sandbox::usual_options();
  options.merged_columns_max = 4 + seed() % 4;
  bool is_in_parts = false;
  options.trace = [&](std::string_view sql) {
    if (sql.find("\"dray_s1\"") != std::string_view::npos) is_in_parts = true;
  };
  Sandbox in_parts(options);
  Sandbox at_once;
  for (int sync = 0; sync < 3; ++sync) {
    Objects objects;
    for (const auto& [key, lines] : random.objects(2, 30))
      objects[std::to_string(sync) + key] = lines;
    in_parts.add(objects);
    in_parts.sync();
    at_once.add(objects);
    at_once.sync();
    ASSERT_EQ(in_parts.tables(), at_once.tables());
    ASSERT_EQ(in_parts.rejects(), at_once.rejects());
  }
  EXPECT_TRUE(is_in_parts);
}

// Not only that the run says so: the ledger is asked where every line went.
TEST_P(SyncProperty, EveryLineHasOneEndWhateverIsInIt) {
  RandomEvents random(seed(), Kinds::mixed, Times::tie);
  Objects objects;
  std::uint64_t lines = 0;
  for (int i = 0; i < 200; ++i) {
    Lines& object = objects[std::to_string(i % 3) + ".json"];
    std::string line = random.garbage();
    // At the start of an object it would be skipped.
    if (object.empty() && line.starts_with("\xEF\xBB\xBF")) line.insert(0, 1, '{');
    if (line.find_first_not_of(" \t\r") != std::string::npos) ++lines;
    object.push_back(std::move(line));
  }
  Sandbox sandbox;
  sandbox.add(objects);
  const LineCounts counts = sandbox.sync().counts;
  EXPECT_EQ(counts.lines, lines);
  EXPECT_TRUE(counts.conserved());
  EXPECT_GT(counts.loaded, 0U);
  EXPECT_GT(counts.rejected, 0U);
  EXPECT_EQ(sandbox.number("select count(*) from _dray.rejects where kind = 'line'"),
            std::to_string(counts.rejected));
  EXPECT_EQ(sandbox.number("select count(*) from _dray.lineage"),
            std::to_string(counts.loaded + counts.duplicate));
  EXPECT_EQ(sandbox.number("select sum(lines) from _dray.objects"), std::to_string(lines));
}

TEST_P(SyncProperty, ASecondSyncChangesNothing) {
  RandomEvents random(seed(), Kinds::mixed, Times::tie);
  Sandbox sandbox;
  sandbox.add(random.objects(3, 40));
  sandbox.sync();
  const std::vector<std::string> before = sandbox.everything();
  ASSERT_GT(before.size(), 100U);
  const RunReport again = sandbox.sync();
  EXPECT_EQ(again.counts, LineCounts());
  EXPECT_EQ(again.objects_loaded, 0U);
  EXPECT_EQ(again.objects_known, 3U);
  EXPECT_EQ(sandbox.everything(), before);
}

INSTANTIATE_TEST_SUITE_P(Seeds, SyncProperty, testing::Range(1U, 11U));

}  // namespace
}  // namespace dray::property
