// A warehouse of each kind, empty, and syncs into it: for the suites that every one of them keeps.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "load/open.h"
#include "load/warehouse.h"
#include "run/sync.h"
#include "source/memory.h"
#include "sqlite/sqlite.h"
#include "support/postgres.h"
#include "support/redshift.h"
#include "support/temporary_directory.h"

namespace dray {

enum class Kind { duckdb, postgres, sqlite, redshift };

class WarehouseContract : public testing::TestWithParam<Kind> {
 protected:
  WarehouseContract() {
    switch (GetParam()) {
      case Kind::duckdb:
        address_ = "duckdb::memory:";
        break;
      case Kind::postgres:
        address_ = database_.emplace().url();
        break;
      case Kind::sqlite:
        address_ = "sqlite:" + directory_.emplace().path();
        break;
      case Kind::redshift:
        address_ = testing_support::RedshiftStandIn().url();
        break;
    }
    warehouse = open(Access::read_write);
  }

  std::unique_ptr<Warehouse> open(Access access, std::uint64_t duplicates_bytes = 16U << 20) const {
    WarehouseOptions options;
    options.access = access;
    options.memory_bytes = 128U << 20;
    options.duplicates_bytes = duplicates_bytes;
    auto opened = GetParam() == Kind::sqlite ? open_sqlite(address_, options)
                                             : open_warehouse(address_, options);
    EXPECT_TRUE(opened.ok()) << opened.error().text();
    return std::move(opened).value();
  }

  std::unique_ptr<WarehouseSession> session() const {
    auto opened = warehouse->open_session();
    EXPECT_TRUE(opened.ok()) << opened.error().text();
    return std::move(opened).value();
  }

  // A query that no test waits for.
  const char* endless_query() const {
    switch (GetParam()) {
      case Kind::duckdb:
        return "select count(*) from range(1000000000) a join range(1000) b on a.range % 7 < 3";
      case Kind::postgres:
        return "select count(*) from generate_series(1, 1000000000) a";
      case Kind::sqlite:
        return "with recursive n(i) as (select 1 union all select i + 1 from n) select count(*) "
               "from n";
      case Kind::redshift:
        break;
    }
    // It makes no rows, so there is a table of a thousand.
    std::string many = "(1)";
    for (int i = 1; i < 1'000; ++i)
      many += ", (1)";
    const auto at = session();
    EXPECT_TRUE(at->apply(CreateSchema{"made"}).ok());
    EXPECT_TRUE(at->execute(typed("create table made.many (one integer)")).ok());
    EXPECT_TRUE(at->execute(typed("insert into made.many values " + many)).ok());
    return "select count(*) from made.many a, made.many b, made.many c, made.many d";
  }

  static Sql typed(const std::string& text) { return Sql::typed_by_user(text); }

  // One text per row: "a|b|NULL".
  std::vector<std::string> rows(const std::string& sql) const {
    const auto result = session()->query(typed(sql));
    EXPECT_TRUE(result.ok()) << sql << ": " << result.error().text();
    std::vector<std::string> out;
    if (!result) return out;
    for (const auto& row : result->rows) {
      std::string& text = out.emplace_back();
      for (std::size_t i = 0; i < row.size(); ++i)
        text += (i == 0 ? "" : "|") + row[i].value_or("NULL");
    }
    return out;
  }

  static SyncRequest request() {
    SyncRequest made;
    made.source = "shop";
    made.contract_columns = false;
    made.threads = 1;
    made.memory_bytes = 16U << 20;
    made.temp_directory = testing::TempDir();
    return made;
  }

  RunReport sync_with(const SyncRequest& made) {
    SyncProgress progress;
    RunReport report = sync(made, store, *warehouse, progress, {});
    EXPECT_TRUE(report.counts.conserved());
    return report;
  }
  RunReport sync_all() {
    RunReport report = sync_with(request());
    EXPECT_EQ(report.status, RunStatus::success) << report.error;
    if (report.status != RunStatus::success) {
      for (const Notice& notice : report.notices)
        ADD_FAILURE() << notice.code << ": " << notice.message;
    }
    return report;
  }

  // A track call of the event "Sold".
  static std::string sold(const std::string& id, const std::string& time,
                          const std::string& properties) {
    return R"({"type":"track","event":"Sold","userId":"u","messageId":")" + id +
           R"(","receivedAt":"2024-05-01T)" + time + R"(Z","properties":)" + properties + "}\n";
  }

  // An identify call of the user "u1".
  static std::string identify(const std::string& id, const std::string& time,
                              const std::string& traits) {
    return R"({"type":"identify","userId":"u1","messageId":")" + id +
           R"(","receivedAt":"2024-05-01T)" + time + R"(Z","traits":)" + traits + "}\n";
  }

  // `users` as somebody made it, with columns of their own.
  void make_users(const std::string& columns) const {
    const auto at = session();
    EXPECT_TRUE(at->apply(CreateSchema{"shop"}).ok());
    const auto made = at->execute(
        typed("create table shop.users (id varchar not null, received_at timestamp, uuid bigint, "
              "uuid_ts timestamp, " +
              columns + ")"));
    EXPECT_TRUE(made.ok()) << made.error().text();
  }

  std::optional<testing_support::PostgresDatabase> database_;
  std::optional<TemporaryDirectory> directory_;
  std::string address_;
  std::unique_ptr<Warehouse> warehouse;
  MemoryStore store;
};

inline auto every_kind() {
  return testing::Values(Kind::duckdb, Kind::postgres, Kind::sqlite, Kind::redshift);
}

// The end of a test's name. CMake runs those of Redshift one after the other: there is one
// stand-in.
inline std::string name_of_kind(const testing::TestParamInfo<Kind>& kind) {
  switch (kind.param) {
    case Kind::duckdb:
      return "DuckDB";
    case Kind::postgres:
      return "PostgreSQL";
    case Kind::sqlite:
      return "SQLite";
    case Kind::redshift:
      break;
  }
  return "Redshift";
}

}  // namespace dray
