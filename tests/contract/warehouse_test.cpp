// What every warehouse promises behind load/warehouse.h. The tables that come of events are held by
// the golden cases, which run on each of them too.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "contract/warehouse_contract.h"
#include "load/open.h"
#include "load/postgres_locks.h"
#include "load/warehouse.h"
#include "run/records.h"
#include "run/skips.h"
#include "run/sync.h"
#include "sql/pq_connection.h"

namespace dray {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const Column text{"a_text", ColumnType::varchar};
const Column number{"a_number", ColumnType::bigint};
const Column real{"a_real", ColumnType::double_precision};
const Column truth{"a_truth", ColumnType::boolean};
const Column time_column{"a_time", ColumnType::timestamp};

class FewRows final : public RowSource {
 public:
  explicit FewRows(std::vector<std::vector<PlainValue>> rows) : rows_(std::move(rows)) {}
  Result<bool> next(std::vector<PlainValue>& row) override {
    if (at_ == rows_.size()) return false;
    row = rows_[at_++];
    return true;
  }

 private:
  std::vector<std::vector<PlainValue>> rows_;
  std::size_t at_ = 0;
};

TEST_P(WarehouseContract, AClockThatWasSetBackDoesNotLowerUuidTs) {
  SyncRequest set_back = request();
  store.add("a.json", sold("m1", "10:00:00", "{}"));
  sync_all();
  store.add("b.json", sold("m2", "10:00:01", "{}"));
  set_back.now = [] { return system_time() - std::chrono::hours(48); };
  EXPECT_EQ(sync_with(set_back).status, RunStatus::success);
  store.add("c.json", sold("m3", "10:00:02", "{}"));
  EXPECT_EQ(sync_with(set_back).status, RunStatus::success);
  EXPECT_THAT(rows("select id from shop.sold order by uuid_ts"), ElementsAre("m1", "m2", "m3"));
  EXPECT_THAT(rows("select count(distinct uuid_ts) from shop.sold"), ElementsAre("3"));
}

// Two syncs bring one id under two events: `tracks` keeps the later, whichever came first.
TEST_P(WarehouseContract, OneIdUnderTwoEventsLeavesTheLaterInTracks) {
  const std::string earlier = sold("m1", "10:00:00", "{}");
  std::string later = sold("m1", "11:00:00", "{}");
  later.replace(later.find("Sold"), 4, "Sent");
  for (const bool is_later_first : {false, true}) {
    SyncRequest made = request();
    made.source = is_later_first ? "later_first" : "later_last";
    const std::string key = made.source + "/";
    store.add(key + "1.json", is_later_first ? later : earlier);
    EXPECT_EQ(sync_with(made).status, RunStatus::success);
    store.add(key + "2.json", is_later_first ? earlier : later);
    EXPECT_EQ(sync_with(made).status, RunStatus::success);
    EXPECT_THAT(rows("select id, event from " + made.source + ".tracks"), ElementsAre("m1|sent"));
    store.remove(key + "1.json");
    store.remove(key + "2.json");
  }
}

TEST_P(WarehouseContract, CatalogTellsWhatWasCreated) {
  const auto at = session();
  EXPECT_FALSE(at->catalog("made").value().schema_exists);
  ASSERT_TRUE(at->begin().ok());
  ASSERT_TRUE(at->apply(CreateSchema{"made"}).ok());
  EXPECT_TRUE(at->catalog("made").value().schema_exists);
  ASSERT_TRUE(at->apply(CreateTable{"made", "things", {text, number, real, truth}}).ok());
  ASSERT_TRUE(at->apply(AddColumn{"made", "things", time_column}).ok());
  ASSERT_TRUE(at->commit().ok());
  const Catalog catalog = session()->catalog("made").value();
  ASSERT_EQ(catalog.tables.size(), 1U);
  std::vector<std::pair<std::string, ColumnType>> columns;
  for (const LiveColumn& column : catalog.tables[0].columns) {
    EXPECT_TRUE(column.writable);
    columns.emplace_back(column.name, column.type);
  }
  EXPECT_THAT(columns,
              ElementsAre(std::pair(text.name, text.type), std::pair(number.name, number.type),
                          std::pair(real.name, real.type), std::pair(truth.name, truth.type),
                          std::pair(time_column.name, time_column.type)));
}

TEST_P(WarehouseContract, DdlIsTheStatementThatApplyRuns) {
  const auto at = session();
  ASSERT_TRUE(at->execute(ddl_of(warehouse->dialect(), CreateSchema{"made"})).ok());
  ASSERT_TRUE(
      at->execute(ddl_of(warehouse->dialect(), CreateTable{"made", "things", {text}})).ok());
  ASSERT_TRUE(
      at->execute(ddl_of(warehouse->dialect(), CreateTable{"made", "things", {text}, true})).ok());
  ASSERT_TRUE(at->execute(ddl_of(warehouse->dialect(), AddColumn{"made", "things", number})).ok());
  EXPECT_EQ(at->catalog("made").value().tables[0].columns.size(), 2U);
}

// Whoever named an event or a property may have tried to be clever.
TEST_P(WarehouseContract, CommentsAreThereWhateverIsInThem) {
  if (GetParam() == Kind::sqlite) return;  // has no comments
  const std::string hostile = "it's \"x\"; drop table made.things; -- \\' \xF0\x9F\x98\x80\n$$";
  const auto at = session();
  ASSERT_TRUE(at->begin().ok());
  ASSERT_TRUE(at->apply(CreateSchema{"made"}).ok());
  ASSERT_TRUE(at->apply(CreateTable{"made", "things", {text, number}}).ok());
  ASSERT_TRUE(at->apply(CommentOn{"made", "things", hostile, {{text.name, hostile}}}).ok());
  ASSERT_TRUE(at->apply(CommentOn{"made", "things", "", {{number.name, "properties.n"}}}).ok());
  ASSERT_TRUE(at->commit().ok());
  const bool is_duckdb = warehouse->location().starts_with("duckdb:");
  const auto comments = session()->query(typed(
      is_duckdb ? "select comment, column_index from (select comment, column_index from "
                  "duckdb_columns() where schema_name = 'made' union all select comment, 0 from "
                  "duckdb_tables() where schema_name = 'made') order by 2"
                : "select description, objsubid from pg_description where objoid = "
                  "'made.things'::regclass order by 2"));
  ASSERT_TRUE(comments.ok()) << comments.error().text();
  ASSERT_EQ(comments->rows.size(), 3U);
  EXPECT_EQ(comments->rows[0][0], hostile);
  EXPECT_EQ(comments->rows[1][0], hostile);
  EXPECT_EQ(comments->rows[2][0], "properties.n");
}

TEST_P(WarehouseContract, ViewsAreToldFromTables) {
  const auto at = session();
  ASSERT_TRUE(at->apply(CreateSchema{"made"}).ok());
  ASSERT_TRUE(at->execute(typed("create view made.seen as select 1 as one")).ok());
  EXPECT_TRUE(at->catalog("made").value().tables.at(0).is_view);
}

TEST_P(WarehouseContract, TypesThatAreNotDraysAreNotWritten) {
  const auto at = session();
  ASSERT_TRUE(at->apply(CreateSchema{"made"}).ok());
  ASSERT_TRUE(at->execute(typed("create table made.things (a integer, b numeric(10, 2), c date, "
                                "d varchar)"))
                  .ok());
  std::vector<bool> writable;
  const Catalog catalog = at->catalog("made").value();
  for (const LiveColumn& column : catalog.tables[0].columns)
    writable.push_back(column.writable);
  EXPECT_THAT(writable, ElementsAre(false, false, false, true));
}

TEST_P(WarehouseContract, AppendedValuesComeBack) {
  const auto at = session();
  ASSERT_TRUE(at->begin().ok());
  ASSERT_TRUE(at->apply(CreateSchema{"made"}).ok());
  ASSERT_TRUE(at->apply(CreateTable{"made", "things", {text, number, truth, time_column}}).ok());
  FewRows few(
      {{std::string_view("it's \\ \"quoted\"\n\tü"), std::int64_t{-5}, true,
        from_micros(1'714'556'245'123'456)},
       {std::monostate(), std::int64_t{INT64_MIN}, false, from_micros(-62'135'596'800'000'000)},
       {std::string_view(""), std::monostate(), std::monostate(), std::monostate()}});
  ASSERT_TRUE(at->append("made", "things", few).ok());
  ASSERT_TRUE(at->commit().ok());
  EXPECT_THAT(
      rows("select * from made.things order by a_number is null, a_number"),
      ElementsAre("NULL|-9223372036854775808|false|0001-01-01 00:00:00",
                  "it's \\ \"quoted\"\n\tü|-5|true|2024-05-01 09:37:25.123456", "|NULL|NULL|NULL"));
}

TEST_P(WarehouseContract, WhatIsNotCommittedNeverWas) {
  {
    const auto at = session();
    ASSERT_TRUE(at->begin().ok());
    ASSERT_TRUE(at->apply(CreateSchema{"made"}).ok());
  }
  EXPECT_FALSE(session()->catalog("made").value().schema_exists);
}

TEST_P(WarehouseContract, HostileNamesAreNames) {
  const auto at = session();
  ASSERT_TRUE(at->begin().ok());
  const std::vector<std::string> hostile = {"\"; drop schema made; --",
                                            "it's",
                                            "back\\slash",
                                            "a b",
                                            "Ünï",
                                            "select",
                                            "%s",
                                            "$1",
                                            "A",
                                            "a"};
  ASSERT_TRUE(at->apply(CreateSchema{"made"}).ok());
  std::vector<Column> columns;
  for (const std::string& name : hostile)
    columns.push_back({name == "A" ? "a_" : name, ColumnType::varchar});
  for (std::size_t i = 0; i < 3; ++i) {
    const std::string& name = hostile[i];
    ASSERT_TRUE(at->apply(CreateTable{"made", name, columns}).ok());
    std::vector<PlainValue> row(columns.size(), std::string_view("'); drop schema made; --\\"));
    FewRows one({row});
    ASSERT_TRUE(at->append("made", name, one).ok());
  }
  ASSERT_TRUE(at->commit().ok());
  EXPECT_EQ(session()->catalog("made").value().tables.size(), 3U);
}

TEST_P(WarehouseContract, QuotedTextsAreData) {
  SqlBuilder sql("select ");
  const std::string hostile = "'; drop table x; -- \\' \\\\ \" $$ %";
  const auto result = session()->query(std::move(sql.text(hostile)).done());
  ASSERT_TRUE(result.ok()) << result.error().text();
  EXPECT_EQ(result->rows[0][0], hostile);
}

TEST_P(WarehouseContract, DoublesAreTheirShortestText) {
  EXPECT_THAT(rows("select cast(0.1 as double precision), cast(1e20 as double precision), "
                   "cast(100000 as double precision), cast(1 as double precision) / 3"),
              ElementsAre("0.1|1e+20|1e+05|0.3333333333333333"));
}

TEST_P(WarehouseContract, AnErrorSaysWhatTheServerSaid) {
  const auto result = session()->query(typed("select * from nowhere.nothing"));
  ASSERT_FALSE(result.ok());
  EXPECT_THAT(result.error().text(), HasSubstr("nothing"));
}

TEST_P(WarehouseContract, AnInterruptEndsTheStatementAndEveryLaterOne) {
  const auto endless = typed(endless_query());
  const auto at = session();
  ASSERT_TRUE(at->begin().ok());
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    at->interrupt();
  });
  const auto begun = std::chrono::steady_clock::now();
  const auto result = at->query(endless);
  ASSERT_FALSE(result.ok());
  EXPECT_EQ(result.error().cause, Cause::cancelled);
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
  EXPECT_EQ(at->execute(typed("select 1")).error().cause, Cause::cancelled);
}

TEST_P(WarehouseContract, ReadOnlyRefusesToWrite) {
  if (GetParam() == Kind::duckdb) return;    // its own unit tests have that: it takes a file
  if (GetParam() == Kind::redshift) return;  // has no session that only reads
  const auto reader = open(Access::read_only);
  const auto at = std::move(reader->open_session()).value();
  EXPECT_TRUE(at->query(typed("select 1")).ok());
  EXPECT_FALSE(at->apply(CreateSchema{"made"}).ok());
}

// --- syncs
// ------------------------------------------------------------------------------------------

TEST_P(WarehouseContract, ALaterDuplicateReplacesTheStoredRowAndAnEarlierOneDoesNot) {
  store.add("a.json",
            sold("m1", "10:00:00", R"({"price":1})") + sold("m2", "10:00:00", R"({"price":1})"));
  sync_all();
  store.add("b.json",
            sold("m1", "11:00:00", R"({"price":2})") + sold("m2", "09:00:00", R"({"price":2})"));
  const RunReport report = sync_all();
  EXPECT_EQ(report.counts.duplicate, 1U);
  EXPECT_THAT(rows("select id, price from shop.sold order by id"), ElementsAre("m1|2", "m2|1"));
  EXPECT_THAT(rows("select count(*) from shop.tracks"), ElementsAre("2"));
}

TEST_P(WarehouseContract, ARowThatHasLostItsReceivedAtIsReplacedByAnyOther) {
  store.add("a.json",
            sold("m1", "10:00:00", R"({"price":1})") + sold("m2", "10:00:00", R"({"price":1})"));
  sync_all();
  for (const char* table : {"sold", "tracks"}) {
    ASSERT_TRUE(session()
                    ->execute(typed("update shop." + std::string(table) +
                                    " set received_at = null where id = 'm1'"))
                    .ok());
  }
  const auto of_1960 = [](const std::string& id) {
    return R"({"type":"track","event":"Sold","userId":"u","messageId":")" + id +
           R"(","receivedAt":"1960-05-01T10:00:00Z","properties":{"price":2}})" + "\n";
  };
  store.add("b.json", of_1960("m1") + of_1960("m2"));
  sync_all();
  EXPECT_THAT(rows("select id, price from shop.sold order by id"), ElementsAre("m1|2", "m2|1"));
  EXPECT_THAT(rows("select id from shop.tracks order by id"), ElementsAre("m1", "m2"));
}

TEST_P(WarehouseContract, ATieIsSettledByWhereTheStoredRowCameFrom) {
  store.add("b.json", sold("m1", "10:00:00", R"({"price":2})"));
  sync_all();
  store.add("a.json", sold("m1", "10:00:00", R"({"price":1})"));
  sync_all();
  EXPECT_THAT(rows("select price from shop.sold"), ElementsAre("2"));
  store.add("c.json", sold("m1", "10:00:00", R"({"price":3})"));
  sync_all();
  EXPECT_THAT(rows("select price from shop.sold"), ElementsAre("3"));
  EXPECT_THAT(rows("select count(*) from _dray.lineage"), ElementsAre("3"));
}

TEST_P(WarehouseContract, ThousandsOfDuplicatesAreFound) {
  std::string first;
  std::string second;
  for (int i = 0; i < 3'000; ++i) {
    const std::string id = "m" + std::to_string(i);
    first += sold(id, "10:00:00", R"({"n":1})");
    if (i % 3 == 0) second += sold(id, i % 2 == 0 ? "11:00:00" : "09:00:00", R"({"n":2})");
  }
  store.add("a.json", first);
  sync_all();
  store.add("b.json", second);
  sync_all();
  EXPECT_THAT(rows("select n, count(*) from shop.sold group by n order by n"),
              ElementsAre("1|2500", "2|500"));
}

TEST_P(WarehouseContract, DuplicatesForWhichThereIsNoRoomAreSettledInParts) {
  constexpr int count = 300;
  // Room for some fifty.
  warehouse = open(Access::read_write, 4'096);
  const auto object = [](const std::string& n, const std::vector<std::string>& times) {
    std::string lines;
    for (int i = 0; i < count; ++i) {
      const std::string id = std::to_string(i);
      const std::string& time = times[static_cast<std::size_t>(i) % times.size()];
      lines += sold("m" + id, time, R"({"n":)" + n + "}");
      lines += R"({"type":"identify","userId":"u)" + id + R"(","messageId":"i)" + id +
               R"(","receivedAt":"2024-05-01T)" + time + R"(Z","traits":{"n":)" + n + "}}\n";
    }
    return lines;
  };
  store.add("b.json", object("1", {"10:00:00"}));
  sync_all();
  store.add("a.json", object("2", {"11:00:00", "09:00:00", "10:00:00"}));
  EXPECT_EQ(sync_all().counts.duplicate, 400U);
  for (const char* table : {"sold", "identifies", "users"}) {
    EXPECT_THAT(
        rows(std::string("select n, count(*) from shop.") + table + " group by n order by n"),
        ElementsAre("1|200", "2|100"));
  }
  store.add("c.json", object("3", {"10:00:00"}));
  EXPECT_EQ(sync_all().counts.duplicate, 200U);
  for (const char* table : {"sold", "identifies", "users"}) {
    EXPECT_THAT(
        rows(std::string("select n, count(*) from shop.") + table + " group by n order by n"),
        ElementsAre("2|100", "3|200"));
  }
  EXPECT_THAT(rows("select count(*), count(distinct id) from shop.tracks"), ElementsAre("300|300"));
}

TEST_P(WarehouseContract, ProfilesHaveTheLatestValueOfEachTraitThatIsNotNull) {
  store.add("a.json", identify("m1", "10:00:00", R"({"name":"Ada","place":"London","vip":true})") +
                          identify("m2", "11:00:00", R"({"name":"Ada L","vip":null})"));
  sync_all();
  EXPECT_THAT(rows("select id, name, place, vip, received_at from shop.users"),
              ElementsAre("u1|Ada L|London|true|2024-05-01 11:00:00"));
  store.add("b.json", identify("m3", "09:00:00", R"({"name":"A","age":36})"));
  sync_all();
  EXPECT_THAT(rows("select id, name, place, vip, age from shop.users"),
              ElementsAre("u1|Ada L|London|true|36"));
  store.add("c.json", identify("m2", "12:00:00", R"({"place":"Paris"})"));
  sync_all();
  EXPECT_THAT(rows("select id, name, place, vip, age from shop.users"),
              ElementsAre("u1|Ada|Paris|true|36"));
}

// More of them than one answer of the warehouse's holds.
TEST_P(WarehouseContract, ProfilesThatSomebodyDroppedAreAllMadeAgain) {
  constexpr int users = 12'000;
  std::string identifies;
  for (int i = 0; i < users; ++i) {
    const std::string user = std::to_string(i);
    identifies += R"({"type":"identify","userId":"v)" + user + R"(","messageId":"i)" + user +
                  R"(","receivedAt":"2024-05-01T10:00:00Z","traits":{"seats":2}})" + "\n";
  }
  store.add("a.json", identifies);
  sync_all();
  const std::vector<std::string> known =
      rows("select uuid, id from shop.users order by id limit 9");
  for (const char* gone : {"drop table shop.users", "alter table shop.users drop column seats"}) {
    const auto dropped = session()->execute(typed(gone));
    ASSERT_TRUE(dropped.ok()) << dropped.error().text();
    store.add(std::string(gone) + ".json", identify(gone, "11:00:00", R"({"seats":1})"));
    const RunReport report = sync_all();
    ASSERT_EQ(report.notices.size(), 1U) << gone;
    EXPECT_EQ(report.notices[0].code, "profiles_made_again");
    EXPECT_THAT(rows("select count(*), count(distinct id), sum(seats) from shop.users"),
                ElementsAre("12001|12001|24001"));
    EXPECT_EQ(rows("select uuid, id from shop.users where id <> 'u1' order by id limit 9"), known);
  }
}

// A column of users that is not of the type which its values have in identifies.
struct OtherType {
  const char* column;
  const char* type;      // in users
  const char* fits;      // as JSON
  const char* does_not;  // likewise
  const char* kept;      // what users has then
  const char* rejected;  // the reject's value
};
constexpr OtherType other_types[] = {
    // Redshift takes the two for equal.
    {"text_whole", "bigint", R"("41")", R"("41 ")", "41", "41 "},
    {"text_real", "double precision", R"("0.1")", R"("01.0")", "0.1", "01.0"},
    {"text_truth", "boolean", R"("true")", R"("yes")", "true", "yes"},
    {"text_time", "timestamp", R"("1991-02-03T04:05:06.5+01:00")", R"("in 'spring' \\")",
     "1991-02-03 03:05:06.5", "in 'spring' \\"},
    {"whole_real", "double precision", "-7", "9007199254740993", "-7", "9007199254740993"},
    {"whole_truth", "boolean", "null", "1", "NULL", "1"},
    {"whole_text", "varchar", "12", "null", "12", nullptr},
    {"real_whole", "bigint", "1e3", "1.5", "1000", "1.5"},
    {"real_text", "varchar", "1e20", "null", "1e+20", nullptr},
    {"truth_whole", "bigint", "null", "true", "NULL", "true"},
    {"truth_text", "varchar", "false", "null", "false", nullptr},
    {"time_whole", "bigint", "null", R"("1990-01-01")", "NULL", "1990-01-01 00:00:00"},
    {"time_text", "varchar", R"("1990-01-01")", "null", "1990-01-01 00:00:00", nullptr},
};

TEST_P(WarehouseContract, ProfilesOfOtherTypesTakeWhatFitsWithoutLoss) {
  std::string columns;
  std::string names;
  std::string fitting = "{";
  std::string unfit = "{";
  std::string kept;
  std::vector<std::string> rejects;
  for (const OtherType& other : other_types) {
    const std::string comma = columns.empty() ? "" : ", ";
    columns += comma + other.column + " " + other.type;
    names += comma + other.column;
    fitting += comma + "\"" + other.column + "\":" + other.fits;
    unfit += comma + "\"" + other.column + "\":" + other.does_not;
    kept += (kept.empty() ? "" : "|") + std::string(other.kept);
    if (other.rejected != nullptr) {
      rejects.push_back(std::string(other.column) + "|does_not_fit|" + other.rejected);
    }
  }
  make_users(columns);
  store.add("a.json",
            identify("m1", "09:00:00", unfit + "}") + identify("m2", "10:00:00", fitting + "}"));
  EXPECT_EQ(sync_all().values_rejected, rejects.size());
  EXPECT_EQ(rows("select " + names + " from shop.users"), std::vector{kept});
  // What fits is stored by now, and nothing of it comes again.
  store.add("b.json", identify("m3", "11:00:00", unfit + "}"));
  sync_all();
  EXPECT_EQ(rows("select " + names + " from shop.users"), std::vector{kept});
  EXPECT_THAT(rows("select column_name, reason, value from _dray.rejects where object = 'b.json' "
                   "and table_name = 'users'"),
              testing::UnorderedElementsAreArray(rejects));
}

// More than one answer of the warehouse's holds, or one statement to it.
TEST_P(WarehouseContract, ThousandsOfValuesOfProfilesAreConverted) {
  make_users("age bigint");
  constexpr int users = 25'000;
  std::string identifies;
  for (int i = 0; i < users; ++i) {
    const std::string age = std::to_string(100'000 + i);
    identifies += R"({"type":"identify","userId":"u)" + age + R"(","messageId":"m)" + age +
                  R"(","receivedAt":"2024-05-01T10:00:00Z","traits":{"age":")" + age + "\"}}\n";
  }
  store.add("a.json", identifies + identify("m", "10:00:00", R"({"age":"x"})"));
  EXPECT_EQ(sync_all().values_rejected, 1U);
  EXPECT_THAT(rows("select count(*), count(age) from shop.users"), ElementsAre("25001|25000"));
  EXPECT_THAT(rows("select count(*) from shop.users where 'u' || cast(age as varchar) <> id"),
              ElementsAre("0"));
}

TEST_P(WarehouseContract, AColumnOfProfilesThatCannotBeWidenedTakesWhatFits) {
  if (GetParam() == Kind::duckdb || GetParam() == Kind::sqlite) return;  // have no bounds
  const bool is_redshift = GetParam() == Kind::redshift;
  make_users(is_redshift ? "note varchar(4) encode bytedict" : "note varchar(4)");
  if (!is_redshift) {
    ASSERT_TRUE(
        session()->execute(typed("create view shop.notes as select note from shop.users")).ok());
  }
  store.add("a.json",
            identify("m1", "10:00:00", R"({"note":"abcd"})") +
                identify("m2", "11:00:00", R"({"note":")" + std::string(600, 'e') + "\"}"));
  const RunReport report = sync_all();
  EXPECT_THAT(report.notices,
              testing::Contains(testing::Field(&Notice::code, "column_not_widened")));
  EXPECT_THAT(rows("select note from shop.users"), ElementsAre("abcd"));
  EXPECT_THAT(
      rows("select line, reason, table_name, column_name, detail from _dray.rejects"),
      ElementsAre("2|too_long|users|note|the value is longer than its column can hold; widen the "
                  "column and retry"));
}

TEST_P(WarehouseContract, ProfilesOfMoreTraitsThanAStatementTakesAreWhole) {
  std::string traits;
  for (int i = 0; i < 600; ++i)
    traits +=
        (i == 0 ? "{" : ",") + std::string("\"t") + std::to_string(i) + "\":" + std::to_string(i);
  store.add(
      "a.json",
      R"({"type":"identify","userId":"u1","messageId":"m","receivedAt":"2024-05-01T10:00:00Z","traits":)" +
          traits + "}}\n");
  sync_all();
  EXPECT_THAT(rows("select t0, t499, t500, t599 from shop.users"), ElementsAre("0|499|500|599"));
}

TEST_P(WarehouseContract, ValuesThatDoNotFitAreRejectsAndTheRowIsLoaded) {
  store.add("a.json", sold("m1", "10:00:00", R"({"price":1})"));
  sync_all();
  store.add("b.json", sold("m2", "10:00:00", R"({"price":"much"})"));
  sync_all();
  EXPECT_THAT(rows("select id, price from shop.sold order by id"), ElementsAre("m1|1", "m2|NULL"));
  EXPECT_THAT(rows("select object, line, reason, column_name, value from _dray.rejects"),
              ElementsAre("b.json|1|does_not_fit|price|much"));
}

// The columns of Dray's own that somebody may have given another type, in a table for each type; of
// `event` no cell of a row tells.
TEST_P(WarehouseContract, StandardColumnsOfOtherTypesTakeWhatFits) {
  struct Table {
    const char* name;
    const char* type;
    const char* event;     // as it is called
    const char* expected;  // event, event_text, user_id, anonymous_id, sent_at, timestamp
  };
  constexpr Table tables[] = {
      {"to_boolean", "boolean", "To boolean", "NULL|NULL|NULL|true|NULL|NULL"},
      {"_true", "boolean", "true", "true|true|NULL|true|NULL|NULL"},
      {"to_bigint", "bigint", "To bigint", "NULL|NULL|7|NULL|NULL|NULL"},
      {"_42", "bigint", "42", "42|42|7|NULL|NULL|NULL"},
      {"to_double", "double precision", "To double", "NULL|NULL|7|NULL|NULL|NULL"},
      {"_43", "double precision", "43", "43|43|7|NULL|NULL|NULL"},
      {"to_timestamp", "timestamp", "To timestamp",
       "NULL|NULL|NULL|NULL|2024-05-01 10:00:00|2024-05-01 10:00:00"},
      {"to_text", "varchar", "To text",
       "to_text|To text|7|true|2024-05-01 10:00:00|2024-05-01 10:00:00"},
      {"tracks", "bigint", nullptr, nullptr},
  };
  std::string events;
  {
    const auto at = session();
    ASSERT_TRUE(at->apply(CreateSchema{"shop"}).ok());
    for (const auto& [name, type, event, expected] : tables) {
      std::string columns =
          "id varchar not null, received_at timestamp, uuid bigint, uuid_ts timestamp";
      for (const char* column : {"event", "event_text", "user_id", "anonymous_id", "sent_at",
                                 "\"timestamp\"", "original_timestamp"}) {
        columns += std::string(", ") + column + " " + type;
      }
      const auto made =
          at->execute(typed("create table shop." + std::string(name) + " (" + columns + ")"));
      ASSERT_TRUE(made.ok()) << made.error().text();
      if (event == nullptr) continue;
      events += R"({"type":"track","userId":"7","anonymousId":"true","messageId":"m-)" +
                std::string(name) + R"(","event":")" + event +
                R"(","receivedAt":"2024-05-01T10:00:00Z"})" + "\n";
    }
    // Nobody can put a text into this one.
    ASSERT_TRUE(at->execute(typed("create table shop.to_date (id varchar not null, received_at "
                                  "timestamp, uuid bigint, uuid_ts timestamp, event date)"))
                    .ok());
  }
  // More rows than one chunk of an engine's has.
  for (int i = 0; i < 3'000; ++i) {
    events += R"({"type":"track","userId":"7","messageId":"d)" + std::to_string(i) +
              R"(","event":"To date","receivedAt":"2024-05-01T10:00:00Z"})" + "\n";
  }
  store.add("a.json", events);
  sync_all();
  for (const auto& [name, type, event, expected] : tables) {
    if (event == nullptr) continue;
    EXPECT_THAT(rows("select event, event_text, user_id, anonymous_id, sent_at, \"timestamp\" from "
                     "shop." +
                     std::string(name)),
                ElementsAre(expected))
        << name << " " << type;
  }
  EXPECT_THAT(rows("select count(*), count(event), min(event), count(user_id) from shop.tracks"),
              ElementsAre("3008|2|42|3008"));
  EXPECT_THAT(rows("select count(*), count(event) from shop.to_date"), ElementsAre("3000|0"));
  EXPECT_THAT(
      rows("select table_name, reason, value, count(*) from _dray.rejects where "
           "column_name = 'event' and table_name <> 'tracks' group by 1, 2, 3 order by 1"),
      ElementsAre("to_bigint|does_not_fit|to_bigint|1", "to_boolean|does_not_fit|to_boolean|1",
                  "to_date|unknown_column_type|to_date|3000", "to_double|does_not_fit|to_double|1",
                  "to_timestamp|does_not_fit|to_timestamp|1"));
  EXPECT_THAT(rows("select count(*) from _dray.rejects where column_name = 'event' and reason = "
                   "'does_not_fit' and table_name = 'tracks'"),
              ElementsAre("3006"));
}

TEST_P(WarehouseContract, LongTextsArriveWhole) {
  const std::string value(300'000, 'x');
  store.add("a.json", sold("m1", "10:00:00", R"({"note":")" + value + R"("})"));
  sync_all();
  // Redshift's widest column has 65,535 bytes; what is cut is a reject.
  const bool is_cut = GetParam() == Kind::redshift;
  EXPECT_THAT(rows("select length(note) from shop.sold"), ElementsAre(is_cut ? "65535" : "300000"));
  EXPECT_THAT(rows("select count(*) from _dray.rejects"), ElementsAre(is_cut ? "1" : "0"));
}

TEST_P(WarehouseContract, LongNamesAreCutWithAHashAndTold) {
  const std::string name(500, 'n');
  store.add("a.json", sold("m1", "10:00:00", "{\"" + name + "a\":1,\"" + name + "b\":2}"));
  const RunReport report = sync_all();
  EXPECT_THAT(report.notices, testing::Contains(testing::Field(&Notice::code, "long_name")));
  std::size_t long_names = 0;
  const Catalog catalog = session()->catalog("shop").value();
  for (const LiveTable& table : catalog.tables) {
    for (const LiveColumn& column : table.columns) {
      if (table.name != "sold" || !column.name.starts_with("nnn")) continue;
      EXPECT_EQ(column.name.size(), warehouse->dialect().limits().name_bytes_max);
      ++long_names;
    }
  }
  EXPECT_EQ(long_names, 2U);
  store.add("b.json", sold("m2", "10:00:00", "{\"" + name + "a\":3}"));
  EXPECT_TRUE(sync_all().collections.at(0).new_columns.empty());
}

// Also where the ledger is one of before there were any.
TEST_P(WarehouseContract, SkippedObjectsAreNotRead) {
  store.add("good.json", sold("m1", "00:00:01", "{}"));
  store.add("it's.gz", "not gzip");
  EXPECT_EQ(sync_with(request()).status, RunStatus::partial);
  const auto drop = [&] {
    const auto at = session();
    ASSERT_TRUE(at->execute(typed("drop table _dray.skipped")).ok());
  };
  drop();
  EXPECT_TRUE(source_statuses(*warehouse)->at(0).objects_skipped.empty());
  EXPECT_EQ(sync_with(request()).status, RunStatus::partial);
  drop();
  const SkipRequest skip{"shop", {"it's.gz", "later.gz"}, "it's broken", "ana@host"};
  EXPECT_THAT(skip_objects(*warehouse, skip).value(), ElementsAre("later.gz"));
  EXPECT_THAT(skip_objects(*warehouse, skip).value(), ElementsAre());
  const RunReport report = sync_all();
  EXPECT_EQ(report.objects_skipped, 1U);
  EXPECT_TRUE(report.notices.empty());
  const SourceStatus status = source_statuses(*warehouse)->at(0);
  EXPECT_TRUE(status.objects_set_aside.empty());
  ASSERT_EQ(status.objects_skipped.size(), 2U);
  EXPECT_EQ(status.objects_skipped[0].key, "it's.gz");
  EXPECT_EQ(status.objects_skipped[0].reason, "it's broken");
  EXPECT_EQ(status.objects_skipped[0].skipped_by, "ana@host");
  EXPECT_GT(status.objects_skipped[0].since, Timestamp());
  EXPECT_FALSE(unskip_objects(*warehouse, "shop", {"it's.gz", "good.json"}).ok());
  EXPECT_EQ(sync_all().objects_skipped, 1U) << "all or none";
  EXPECT_TRUE(unskip_objects(*warehouse, "shop", {"it's.gz"}).ok());
  EXPECT_EQ(sync_with(request()).status, RunStatus::partial);
}

// What people do to the tables of _dray is told by table and column before anything is read, and
// what can be made again is.
TEST_P(WarehouseContract, TablesOfItsOwnThatSomebodyChanged) {
  store.add("a.json", sold("m1", "10:00:00", R"({"price":1})") + "no event\n");
  sync_all();
  const auto refused = [&](const std::string& change, const std::string& back) {
    EXPECT_TRUE(session()->execute(typed(change)).ok()) << change;
    std::string told;
    SyncProgress progress;
    const auto report = sync(request(), store, *warehouse, progress, {});
    const auto statuses = source_statuses(*warehouse);
    EXPECT_TRUE(report.failure) << change;
    EXPECT_FALSE(statuses.ok()) << change;
    if (report.failure && !statuses) {
      EXPECT_EQ(report.failure->cause, Cause::config) << report.failure->message;
      EXPECT_EQ(report.failure->text(), statuses.error().text());
      EXPECT_FALSE(report.failure->remedy.empty());
      told = report.failure->message;
    }
    EXPECT_TRUE(session()->execute(typed(back)).ok()) << back;
    return told;
  };
  for (const char* table : {"objects", "lineage", "tables"}) {
    const std::string name = std::string("_dray.") + table;
    const std::string there = "alter table " + name + " rename to kept";
    const std::string back = "alter table _dray.kept rename to " + std::string(table);
    EXPECT_THAT(refused(there, back), HasSubstr(name + " is gone, and with it"));
  }
  EXPECT_THAT(refused("alter table _dray.objects rename column version to mark",
                      "alter table _dray.objects rename column mark to version"),
              HasSubstr("_dray.objects has no column version"));
  EXPECT_TRUE(session()->execute(typed("alter table _dray.notices rename to kept")).ok());
  EXPECT_THAT(
      refused("create view _dray.notices as select * from _dray.kept", "drop view _dray.notices"),
      HasSubstr("_dray.notices is a view"));
  EXPECT_TRUE(session()->execute(typed("alter table _dray.kept rename to notices")).ok());
  if (GetParam() == Kind::duckdb || GetParam() == Kind::postgres) {
    EXPECT_THAT(refused("alter table _dray.rejects alter column line type double precision",
                        "alter table _dray.rejects alter column line type bigint"),
                HasSubstr("_dray.rejects: the column line is "));
  }
  for (const char* table : {"sources", "runs", "collections", "notices", "rejects"}) {
    const std::string name = std::string("_dray.") + table;
    ASSERT_TRUE(session()->execute(typed("drop table " + name)).ok());
    const auto statuses = source_statuses(*warehouse);
    ASSERT_FALSE(statuses.ok());
    EXPECT_THAT(statuses.error().text(), HasSubstr(name + " is gone\ntry: dray sync"));
    const RunReport report = sync_with(request());
    EXPECT_EQ(report.counts.lines, 0U) << "what is loaded stays so";
    ASSERT_EQ(report.notices.size(), 1U) << report.notices.back().message;
    EXPECT_THAT(report.notices[0].message, HasSubstr(name + " was gone and is made again"));
    EXPECT_TRUE(sync_with(request()).notices.empty());
  }
  store.add("b.json", sold("m2", "10:00:00", "{}"));
  EXPECT_EQ(sync_all().counts.loaded, 1U);
  EXPECT_THAT(rows("select count(*) from shop.sold"), ElementsAre("2"));
}

TEST_P(WarehouseContract, AStopLeavesNothingBehind) {
  store.add("a.json", sold("m1", "10:00:00", R"({"price":1})"));
  std::stop_source stop;
  stop.request_stop();
  SyncProgress progress;
  const auto report = sync(request(), store, *warehouse, progress, stop.get_token());
  EXPECT_EQ(report.status, RunStatus::failure);
  EXPECT_EQ(report.source, "shop");
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->cause, Cause::cancelled);
  EXPECT_FALSE(session()->catalog("shop").value().schema_exists);
}

// --- several syncs at once
// ----------------------------------------------------------------------

TEST_P(WarehouseContract, OneLoadAtATime) {
  const auto first = session();
  ASSERT_TRUE(first->begin().ok());
  ASSERT_TRUE(first->lock(std::chrono::seconds(5)).ok());
  {
    const auto second = session();
    ASSERT_TRUE(second->begin().ok());
    const auto refused = second->lock(std::chrono::seconds(1));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().cause, Cause::transient) << refused.error().text();
    EXPECT_THAT(refused.error().text(), HasSubstr("another"));
  }
  const auto third = session();
  ASSERT_TRUE(third->begin().ok());
  ASSERT_TRUE(first->apply(CreateSchema{"made"}).ok());
  std::jthread ender([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    EXPECT_TRUE(first->commit().ok());
  });
  ASSERT_TRUE(third->lock(std::chrono::seconds(20)).ok());
  EXPECT_TRUE(third->catalog("made").value().schema_exists) << "it sees what they committed";
}

TEST_P(WarehouseContract, AWaitForAnotherLoadEndsWithAnInterrupt) {
  const auto first = session();
  ASSERT_TRUE(first->begin().ok());
  ASSERT_TRUE(first->lock(std::chrono::seconds(5)).ok());
  const auto second = session();
  ASSERT_TRUE(second->begin().ok());
  std::jthread stopper([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    second->interrupt();
  });
  const auto begun = std::chrono::steady_clock::now();
  const auto stopped = second->lock(std::chrono::seconds(60));
  ASSERT_FALSE(stopped.ok());
  EXPECT_EQ(stopped.error().cause, Cause::cancelled) << stopped.error().text();
  EXPECT_LT(std::chrono::steady_clock::now() - begun, std::chrono::seconds(20));
}

TEST_P(WarehouseContract, ASessionThatEndsLetsTheNextOneIn) {
  auto first = session();
  ASSERT_TRUE(first->begin().ok());
  ASSERT_TRUE(first->lock(std::chrono::seconds(5)).ok());
  first.reset();
  const auto second = session();
  ASSERT_TRUE(second->begin().ok());
  EXPECT_TRUE(second->lock(std::chrono::seconds(5)).ok());
}

// Redshift has staged files by then: one of the two ends, and says so.
TEST_P(WarehouseContract, ASyncThatAnotherHasOvertakenLoadsNothingTwice) {
  if (GetParam() == Kind::redshift) return;
  store.add("a.json", sold("m1", "10:00:00", R"({"price":1})"));
  sync_all();
  store.add("b.json", sold("m2", "10:00:00", R"({"price":1})"));
  // Holds the load of the second back until the first is through.
  auto holder = session();
  ASSERT_TRUE(holder->begin().ok());
  ASSERT_TRUE(holder->lock(std::chrono::seconds(5)).ok());
  std::vector<RunReport> reports(2);
  {
    std::vector<std::jthread> runs;
    for (RunReport& report : reports)
      runs.emplace_back([this, &report] { report = sync_with(request()); });
    std::this_thread::sleep_for(std::chrono::seconds(1));
    ASSERT_TRUE(holder->commit().ok());
  }
  for (const RunReport& report : reports)
    EXPECT_EQ(report.status, RunStatus::success) << report.error;
  EXPECT_EQ(reports[0].objects_loaded + reports[1].objects_loaded, 1U);
  EXPECT_THAT(rows("select id from shop.sold order by id"), ElementsAre("m1", "m2"));
  EXPECT_THAT(rows("select count(*) from _dray.lineage"), ElementsAre("2"));
  EXPECT_EQ(sync_all().objects_loaded, 0U);
}

// What a sync has read is not read again because another has loaded other objects meanwhile.
TEST_P(WarehouseContract, ASyncThatAnotherHasOvertakenWithOtherObjectsPlansAnew) {
  if (GetParam() == Kind::redshift) return;
  store.add("a.json", sold("m1", "10:00:00", R"({"price":1})"));
  sync_all();
  store.add("b.json", sold("m2", "10:00:00", R"({"price":1,"size":1})") +
                          sold("m1", "11:00:00", R"({"price":2})"));
  MemoryStore others;
  others.add("c.json", sold("m2", "11:00:00", R"({"price":3,"colour":"red"})") +
                           sold("m1", "10:30:00", R"({"price":4})"));
  SyncRequest first = request();
  int loads = 0;
  int reads = 0;
  first.on_step = [&](std::string_view step) {
    reads += step.starts_with("read;") ? 1 : 0;
    if (!step.starts_with("load;") || ++loads > 1) return;
    SyncProgress progress;
    const RunReport other = sync(request(), others, *warehouse, progress, {});
    EXPECT_EQ(other.status, RunStatus::success) << other.error;
    EXPECT_EQ(other.objects_loaded, 1U);
  };
  const RunReport report = sync_with(first);
  EXPECT_EQ(report.status, RunStatus::success) << report.error;
  EXPECT_EQ(report.objects_loaded, 1U);
  EXPECT_EQ(reads, 1);
  EXPECT_THAT(rows("select id, price, size, colour from shop.sold order by id"),
              ElementsAre("m1|2|NULL|NULL", "m2|3|NULL|red"));
  EXPECT_THAT(rows("select count(*), count(distinct object_number) from _dray.objects"),
              ElementsAre("3|3"));
  EXPECT_EQ(sync_all().objects_loaded, 0U);
}

// The next object is there before the overtaken one has looked again, time after time.
TEST_P(WarehouseContract, ASyncThatOthersOvertakeAgainAndAgainGetsThrough) {
  if (GetParam() == Kind::redshift) return;
  constexpr int overtaken = 7;
  const auto add = [this](int i) {
    store.add(std::to_string(i) + ".json",
              sold("m" + std::to_string(i), "10:00:00", R"({"price":1})"));
  };
  add(0);
  SyncRequest first = request();
  int others = 0;
  first.on_step = [&](std::string_view step) {
    if (!step.starts_with("load;") || others == overtaken) return;
    SyncProgress progress;
    const RunReport other = sync(request(), store, *warehouse, progress, {});
    EXPECT_EQ(other.objects_loaded, 1U) << other.error;
    add(++others);
  };
  const RunReport report = sync_with(first);
  EXPECT_EQ(report.status, RunStatus::success) << report.error;
  EXPECT_EQ(report.objects_loaded, 1U);
  EXPECT_THAT(rows("select count(*), count(distinct id) from shop.sold"), ElementsAre("8|8"));
}

// The first two there: both find no ledger, and each would make one.
TEST_P(WarehouseContract, TwoSourcesAtOnceShareALedgerAndNoNumbers) {
  store.add("a.json", sold("m1", "10:00:00", R"({"price":1})"));
  auto holder = session();
  ASSERT_TRUE(holder->begin().ok());
  ASSERT_TRUE(holder->lock(std::chrono::seconds(5)).ok());
  {
    std::vector<std::jthread> runs;
    for (const char* source : {"one", "two"}) {
      runs.emplace_back([this, source] {
        SyncRequest made = request();
        made.source = source;
        const RunReport report = sync_with(made);
        EXPECT_EQ(report.status, RunStatus::success) << report.error;
      });
    }
    std::this_thread::sleep_for(std::chrono::seconds(1));
    ASSERT_TRUE(holder->commit().ok());
  }
  EXPECT_THAT(rows("select count(*), count(distinct table_number) from _dray.tables"),
              ElementsAre("2|2"));
  EXPECT_THAT(rows("select count(*), count(distinct object_number) from _dray.objects"),
              ElementsAre("2|2"));
  EXPECT_THAT(rows("select count(*) from _dray.lineage l join _dray.tables t on t.table_number = "
                   "l.table_number join _dray.objects o on o.object_number = l.object_number and "
                   "o.source = t.source"),
              ElementsAre("2"));
}

INSTANTIATE_TEST_SUITE_P(Each, WarehouseContract, every_kind(), name_of_kind);

// --- PostgreSQL alone: several sessions on one server
// ------------------------------------------------

class PostgresContract : public WarehouseContract {
 protected:
  // Of a session in the same database.
  std::string pid_of(WarehouseSession& at) const {
    return *at.query(typed("select pg_backend_pid()")).value().rows[0][0];
  }
};

TEST_P(PostgresContract, WhoLoadsIsTold) {
  const auto first = session();
  const auto second = session();
  ASSERT_TRUE(first->begin().ok());
  ASSERT_TRUE(first->lock(std::chrono::seconds(5)).ok());
  ASSERT_TRUE(second->begin().ok());
  const auto refused = second->lock(std::chrono::seconds(1));
  ASSERT_FALSE(refused.ok());
  EXPECT_THAT(refused.error().text(), HasSubstr("it is pid " + pid_of(*first)));
}

TEST_P(PostgresContract, AnArrayIsNotItsElementsType) {
  const auto at = session();
  ASSERT_TRUE(at->execute(typed("create schema made")).ok());
  ASSERT_TRUE(at->execute(typed("create table made.things (a varchar(9)[], b varchar[], c text[], "
                                "d varchar(9))"))
                  .ok());
  const LiveTable table = at->catalog("made").value().tables.at(0);
  std::vector<bool> writable;
  for (const LiveColumn& column : table.columns)
    writable.push_back(column.writable);
  EXPECT_THAT(writable, ElementsAre(false, false, false, true));
}

TEST_P(PostgresContract, ACommitOfASessionThatEndedIsInDoubt) {
  const auto at = session();
  ASSERT_TRUE(at->begin().ok());
  ASSERT_TRUE(at->apply(CreateSchema{"made"}).ok());
  ASSERT_EQ(rows("select pg_terminate_backend(" + pid_of(*at) + ")"),
            std::vector<std::string>{"true"});
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  const auto committed = at->commit();
  ASSERT_FALSE(committed.ok());
  EXPECT_EQ(committed.error().cause, Cause::in_doubt);
}

TEST_P(PostgresContract, ALostConnectionIsTransient) {
  const auto at = session();
  ASSERT_TRUE(at->begin().ok());
  rows("select pg_terminate_backend(" + pid_of(*at) + ")");
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  EXPECT_EQ(at->execute(typed("select 1")).error().cause, Cause::transient);
  EXPECT_EQ(at->execute(typed("select 1")).error().cause, Cause::transient);
}

TEST_P(PostgresContract, ACommitOfWhatFailedIsNoCommit) {
  const auto at = session();
  ASSERT_TRUE(at->begin().ok());
  EXPECT_FALSE(at->execute(typed("select 1 / 0")).ok());
  const auto committed = at->commit();
  ASSERT_FALSE(committed.ok());
  EXPECT_EQ(committed.error().cause, Cause::internal);
}

TEST_P(PostgresContract, TablesHaveTheIndexesThatALoadNeeds) {
  store.add(
      "a.json",
      sold("m1", "10:00:00", R"({"price":1})") +
          R"({"type":"identify","userId":"u1","messageId":"m2","receivedAt":"2024-05-01T10:00:00Z"})");
  sync_all();
  store.add("b.json", sold("m3", "10:00:00", R"({"price":1})"));
  sync_all();
  EXPECT_THAT(
      rows("select indexdef from pg_indexes where schemaname in ('shop', '_dray') order by "
           "schemaname, tablename, indexdef"),
      ElementsAre("CREATE INDEX \"lineage$uuid\" ON _dray.lineage USING btree (uuid)",
                  "CREATE INDEX \"identifies$user_id\" ON shop.identifies USING hash (user_id)",
                  "CREATE INDEX \"identifies$uuid\" ON shop.identifies USING btree (uuid)",
                  "CREATE INDEX \"sold$uuid\" ON shop.sold USING btree (uuid)",
                  "CREATE INDEX \"tracks$uuid\" ON shop.tracks USING btree (uuid)",
                  "CREATE INDEX \"users$id\" ON shop.users USING hash (id)"));
}

TEST_P(PostgresContract, ARowOfMoreValuesThanAPageHoldsLosesTheRestAsRejects) {
  std::string properties;
  for (int i = 0; i < 600; ++i) {
    properties += (i == 0 ? "{" : ",") + std::string("\"p") + std::to_string(1000 + i) +
                  "\":\"twenty bytes of text\"";
  }
  store.add("a.json",
            sold("m1", "10:00:00", properties + "}") + sold("m2", "10:00:00", R"({"p1599":"x"})"));
  const RunReport report = sync_all();
  EXPECT_GT(report.values_rejected, 200U);
  EXPECT_LT(report.values_rejected, 260U);
  EXPECT_THAT(rows("select distinct reason from _dray.rejects"), ElementsAre("row_too_wide"));
  EXPECT_THAT(rows("select id, p1000, p1599 from shop.sold order by id"),
              ElementsAre("m1|twenty bytes of text|NULL", "m2|NULL|x"));
}

TEST_P(PostgresContract, ARowOfManyLongTextsOrNumbersFits) {
  std::string properties;
  for (int i = 0; i < 420; ++i) {
    properties += (i == 0 ? "{" : ",") + std::string("\"p") + std::to_string(1000 + i) + "\":\"" +
                  std::string(100, 'x') + "\"";
  }
  std::string numbers;
  for (int i = 0; i < 900; ++i)
    numbers += (i == 0 ? "{" : ",") + std::string("\"n") + std::to_string(1000 + i) + "\":1";
  store.add("a.json", sold("m1", "10:00:00", properties + "}"));
  store.add(
      "b.json",
      R"({"type":"page","userId":"u","messageId":"m2","receivedAt":"2024-05-01T10:00:00Z","properties":)" +
          numbers + "}}\n");
  EXPECT_EQ(sync_all().values_rejected, 0U);
  EXPECT_THAT(rows("select length(p1419) from shop.sold"), ElementsAre("100"));
}

// Each compresses to what is short enough to stay in the row, and longer than what stands for a
// text that was moved out.
TEST_P(PostgresContract, TextsThatCompressToLessThanTheyAreTakenForStopNothing) {
  const auto text_of = [](int i) {
    const std::string piece = std::to_string(10'000'000 + i);
    std::string made;
    for (int times = 0; times < 8; ++times)
      made += piece;
    return made;
  };
  std::string properties;
  for (int i = 0; i < 450; ++i) {
    properties += (i == 0 ? "{" : ",") + std::string("\"p") + std::to_string(1000 + i) + "\":\"" +
                  text_of(i) + "\"";
  }
  store.add("a.json",
            sold("m1", "10:00:00", properties + "}") + sold("m2", "10:00:00", R"({"p1449":"x"})"));
  const RunReport report = sync_all();
  EXPECT_GT(report.values_rejected, 0U);
  EXPECT_LT(report.values_rejected, 130U);
  EXPECT_THAT(rows("select distinct reason from _dray.rejects"), ElementsAre("row_too_wide"));
  EXPECT_THAT(rows("select id, p1000, p1449 from shop.sold order by id"),
              ElementsAre("m1|" + text_of(0) + "|NULL", "m2|NULL|x"));
}

// Each identify has room, and their profile has not.
TEST_P(PostgresContract, AProfileOfMoreValuesThanAPageHoldsLosesTheRestAsRejects) {
  const auto traits = [](int first, int count) {
    std::string made;
    for (int i = first; i < first + count; ++i) {
      made += (i == first ? "{" : ",") + std::string("\"p") + std::to_string(1000 + i) + "\":\"" +
              std::to_string(10'000 + i) + " bytes of text\"";
    }
    return made + "}";
  };
  store.add("a.json", identify("m1", "10:00:00", traits(0, 300)) +
                          identify("m2", "10:00:01", traits(300, 300)) +
                          R"({"type":"identify","userId":"u2","messageId":"m3",)" +
                          R"("receivedAt":"2024-05-01T10:00:00Z","traits":{"p1599":"x"}})" + "\n");
  const RunReport report = sync_all();
  EXPECT_GT(report.values_rejected, 150U);
  EXPECT_LT(report.values_rejected, 260U);
  EXPECT_THAT(rows("select distinct table_name, reason from _dray.rejects"),
              ElementsAre("users|row_too_wide"));
  EXPECT_THAT(rows("select id, p1000, p1599 from shop.users order by id"),
              ElementsAre("u1|10000 bytes of text|NULL", "u2|NULL|x"));
  EXPECT_THAT(rows("select count(*) from shop.identifies"), ElementsAre("3"));
  // Later ones change what is there and leave the rest out again.
  store.add("b.json",
            identify("m4", "11:00:00", R"({"p1000":"new","p1599":"a text that was moved out"})"));
  EXPECT_EQ(sync_all().values_rejected, 1U);
  EXPECT_THAT(rows("select id, p1000, p1599 from shop.users order by id"),
              ElementsAre("u1|new|NULL", "u2|NULL|x"));
}

TEST_P(PostgresContract, WhatSomebodysIndexHasNoRoomForIsAReject) {
  store.add("a.json", sold("m1", "10:00:00", R"({"note":"x","size":1})"));
  sync_all();
  ASSERT_TRUE(session()->execute(typed("create index on shop.sold (note)")).ok());
  std::string long_text;  // that does not compress
  for (unsigned i = 0; i < 3'000; ++i)
    long_text += static_cast<char>('a' + (i * i + i / 7) * 2'654'435'761U % 4'294'967'291U % 26);
  const std::string note = R"({"note":")" + long_text + R"(","size":"no"})";
  const std::string repeated = R"({"note":")" + std::string(3'000, 'y') + R"(","size":2})";
  store.add("b.json", sold("m2", "10:00:00", note) + sold("m3", "10:00:00", R"({"note":"short"})"));
  EXPECT_EQ(sync_all().values_rejected, 2U);
  EXPECT_THAT(rows("select id, note from shop.sold order by 1"),
              ElementsAre("m1|x", "m2|NULL", "m3|short"));
  EXPECT_THAT(rows("select column_name, reason from _dray.rejects order by 1"),
              ElementsAre("note|row_too_wide", "size|does_not_fit"));
  store.add("c.json", sold("m4", "10:00:00", repeated));
  EXPECT_EQ(sync_all().values_rejected, 0U) << "an index compresses what it can";
}

TEST_P(PostgresContract, AnIdThatSomebodysIndexHasNoRoomForStopsNothing) {
  store.add("a.json", sold("m1", "10:00:00", R"({"price":1})") +
                          identify("i1", "10:00:00", R"({"plan":"free"})"));
  sync_all();
  for (const char* sql :
       {"alter table shop.sold add primary key (id)", "create unique index on shop.identifies (id)",
        "create index on shop.users (id)"}) {
    ASSERT_TRUE(session()->execute(typed(sql)).ok()) << sql;
  }
  std::string id;
  for (unsigned i = 0; i < 3'000; ++i)
    id += static_cast<char>('a' + (i * i + i / 7) * 2'654'435'761U % 4'294'967'291U % 26);
  std::string user = identify("i2", "10:00:00", R"({"plan":"gold"})");
  user.replace(user.find("u1"), 2, id);
  store.add("b.json", sold(id, "10:00:00", R"({"price":2})") + sold("m2", "10:00:00", "{}") +
                          identify(id, "10:00:00", R"({"plan":"lost"})") + user +
                          identify("i3", "11:00:00", R"({"plan":"paid"})"));
  const RunReport report = sync_all();
  EXPECT_EQ(report.counts.rejected, 1U) << "the track is in tracks";
  EXPECT_EQ(report.counts.duplicate, 0U);
  EXPECT_THAT(rows("select id from shop.sold order by 1"), ElementsAre("m1", "m2"));
  EXPECT_THAT(rows("select count(*) from shop.tracks"), ElementsAre("3"));
  EXPECT_THAT(rows("select id from shop.identifies order by 1"), ElementsAre("i1", "i2", "i3"));
  EXPECT_THAT(rows("select id, plan from shop.users"), ElementsAre("u1|paid"));
  EXPECT_THAT(rows("select table_name, column_name, reason from _dray.rejects order by 1"),
              ElementsAre("identifies|id|row_too_wide", "sold|id|row_too_wide",
                          "users|user_id|row_too_wide"));
}

TEST_P(PostgresContract, DefaultsOfColumnsThatSomebodyAddedTakeRoomInARow) {
  std::string properties;
  for (int i = 0; i < 300; ++i) {
    properties += (i == 0 ? "{" : ",") + std::string("\"p") + std::to_string(1000 + i) +
                  "\":\"twenty-two bytes text\"";
  }
  store.add("a.json", sold("m1", "10:00:00", properties + "}"));
  sync_all();
  for (int i = 0; i < 80; ++i) {
    ASSERT_TRUE(session()
                    ->execute(typed("alter table shop.sold add column own" + std::to_string(i) +
                                    " text default 'twenty-two bytes text'"))
                    .ok());
  }
  store.add("b.json", sold("m2", "10:00:00", properties + "}"));
  EXPECT_GT(sync_all().values_rejected, 0U);
  EXPECT_THAT(rows("select id, p1000 from shop.sold order by 1"),
              ElementsAre("m1|twenty-two bytes text", "m2|twenty-two bytes text"));
}

TEST_P(PostgresContract, WhoHoldsATableIsTold) {
  store.add("a.json", sold("m1", "10:00:00", R"({"price":1})"));
  sync_all();
  const auto holder = session();
  ASSERT_TRUE(holder->begin().ok());
  ASSERT_TRUE(holder->execute(typed("select count(*) from shop.sold")).ok());
  const auto parameters = parse_pq_url(address_);
  ASSERT_TRUE(parameters.ok());
  const auto connection = PqConnection::open({*parameters, "here", {}});
  ASSERT_TRUE(connection.ok());
  ASSERT_TRUE((*connection)->execute(typed("begin")).ok());
  TableLocks locks(**connection, std::chrono::milliseconds(1));
  const auto taken = locks.take("shop", "sold", TableLock::everything);
  ASSERT_FALSE(taken.ok());
  EXPECT_EQ(taken.error().cause, Cause::transient);
  EXPECT_THAT(taken.error().text(), HasSubstr("shop.sold could not be changed"));
  EXPECT_THAT(taken.error().text(), HasSubstr("pid " + pid_of(*holder) + " (dray of dray"));
  EXPECT_THAT(taken.error().text(), HasSubstr("idle in transaction since 20"));
  EXPECT_THAT(taken.error().text(), HasSubstr("pg_terminate_backend"));
  // The transaction is still of use.
  EXPECT_TRUE(locks.take("shop", "tracks", TableLock::everything).ok());
}

TEST_P(PostgresContract, ASessionThatAPoolerChangedIsTold) {
  const auto at = session();
  ASSERT_TRUE(at->begin().ok());
  ASSERT_TRUE(at->commit().ok());
  ASSERT_TRUE(at->execute(typed("set dray.session = 'of another'")).ok());
  const auto begun = at->begin();
  ASSERT_FALSE(begun.ok());
  EXPECT_EQ(begun.error().cause, Cause::config);
  EXPECT_THAT(begun.error().text(), HasSubstr("a pool in session mode"));
}

TEST_P(PostgresContract, DroppedColumnsCountAgainstTheLimit) {
  const auto at = session();
  ASSERT_TRUE(at->execute(typed("create schema made")).ok());
  ASSERT_TRUE(at->execute(typed("create table made.things (a text, b text)")).ok());
  ASSERT_TRUE(at->execute(typed("alter table made.things drop column a")).ok());
  const LiveTable table = at->catalog("made").value().tables.at(0);
  EXPECT_EQ(table.columns.size(), 1U);
  EXPECT_EQ(table.columns_dropped, 1U);
}

TEST_P(PostgresContract, AVarcharThatSomebodyBoundedIsFreedWhenAValueIsLonger) {
  store.add("a.json", sold("m1", "10:00:00", R"({"note":"x"})"));
  sync_all();
  ASSERT_TRUE(session()->execute(typed("alter table shop.sold alter note type varchar(10)")).ok());
  store.add("b.json", sold("m2", "10:00:00", R"({"note":")" + std::string(100, 'y') + R"("})"));
  sync_all();
  EXPECT_THAT(rows("select length(note) from shop.sold order by 1"), ElementsAre("1", "100"));
}

TEST_P(PostgresContract, ARoleWithTwoSchemasAndNothingElseCanSync) {
  const auto at = session();
  const std::string role = "loader_" + std::to_string(::getpid());
  for (const std::string& sql :
       {"create role " + role + " login", "create schema shop authorization " + role,
        "create schema _dray authorization " + role}) {
    ASSERT_TRUE(at->execute(typed(sql)).ok()) << sql;
  }
  std::string address = address_;
  address.replace(address.find("dray@"), 4, role);
  warehouse = std::move(open_warehouse(address, {})).value();
  store.add("a.json", sold("m1", "10:00:00", R"({"price":1})"));
  sync_all();
  store.add("b.json", sold("m1", "11:00:00", R"({"price":2})"));
  sync_all();
  EXPECT_THAT(rows("select price from shop.sold"), ElementsAre("2"));
  for (const std::string& sql : {"drop owned by " + role + " cascade", "drop role " + role})
    ASSERT_TRUE(at->execute(typed(sql)).ok()) << sql;
}

TEST_P(PostgresContract, AMissingRightIsToldWithARemedy) {
  const auto at = session();
  const std::string role = "nobody_" + std::to_string(::getpid());
  ASSERT_TRUE(at->execute(typed("create role " + role + " login")).ok());
  std::string address = address_;
  address.replace(address.find("dray@"), 4, role);
  const auto poor = std::move(open_warehouse(address, {})).value();
  store.add("a.json", sold("m1", "10:00:00", R"({"price":1})"));
  SyncProgress progress;
  const auto report = sync(request(), store, *poor, progress, {});
  ASSERT_TRUE(report.failure);
  EXPECT_EQ(report.failure->cause, Cause::config);
  EXPECT_THAT(report.failure->text(), HasSubstr("permission denied for database"));
  EXPECT_THAT(report.failure->text(), HasSubstr("\ntry: grant create on database "));
  ASSERT_TRUE(at->execute(typed("drop role " + role)).ok());
}

TEST_P(PostgresContract, PartitionedTablesAreLoaded) {
  const auto at = session();
  ASSERT_TRUE(at->execute(typed("create schema shop")).ok());
  ASSERT_TRUE(
      at->execute(typed("create table shop.sold (id text not null, received_at timestamp, uuid "
                        "bigint, uuid_ts timestamp, event text, price bigint) partition by range "
                        "(received_at)"))
          .ok());
  ASSERT_TRUE(at->execute(typed("create table shop.sold_early partition of shop.sold for values "
                                "from (minvalue) to ('2024-05-01 10:30:00')"))
                  .ok());
  ASSERT_TRUE(
      at->execute(typed("create table shop.sold_late partition of shop.sold default")).ok());
  store.add("a.json",
            sold("m1", "10:00:00", R"({"price":1})") + sold("m2", "11:00:00", R"({"price":1})"));
  sync_all();
  store.add("b.json",
            sold("m1", "12:00:00", R"({"price":2})") + sold("m2", "12:00:00", R"({"price":2})"));
  sync_all();
  EXPECT_THAT(rows("select id, price from shop.sold order by id"), ElementsAre("m1|2", "m2|2"));
}

INSTANTIATE_TEST_SUITE_P(Only, PostgresContract, testing::Values(Kind::postgres),
                         [](const auto&) { return "PostgreSQL"; });

}  // namespace
}  // namespace dray
