#include "sql/sqlstate.h"

#include <gtest/gtest.h>

#include <array>
#include <string_view>

namespace dray {
namespace {

Error error_with(std::string_view sqlstate, std::string_view schema = "") {
  return error_of({sqlstate, "it broke", "the detail", schema});
}

TEST(ErrorOf, TellsMessageDetailAndCode) {
  EXPECT_EQ(error_with("40001").message, "it broke (the detail) [40001]");
}

TEST(ErrorOf, TakesWhatMayGoBetterNextTimeForTransient) {
  for (const char* sqlstate : {"08006", "40001", "40P01", "53300", "55P03", "57014", "57P01",
                               "57P03", "42P07", "42701", "58030", "25P03"}) {
    EXPECT_EQ(error_with(sqlstate).cause, Cause::transient) << sqlstate;
  }
}

TEST(ErrorOf, SaysWhatAPersonHasToChange) {
  for (const char* sqlstate : {"28P01", "28000", "3D000", "42501", "53100", "54011", "25006"}) {
    const Error error = error_with(sqlstate);
    EXPECT_EQ(error.cause, Cause::config) << sqlstate;
    EXPECT_NE(error.text().find("\ntry: "), std::string::npos) << sqlstate;
  }
}

TEST(ErrorOf, TakesTheRestForABug) {
  for (const char* sqlstate : {"42601", "22P02", "XX000", "25P02", ""}) {
    EXPECT_EQ(error_with(sqlstate).cause, Cause::internal) << sqlstate;
  }
}

Error error_saying(std::string_view sqlstate, std::string_view message) {
  return error_of({sqlstate, message, "", ""});
}

TEST(ErrorOf, NamesTheSettingOfTooFewLocks) {
  const Error locks = error_saying("53200", "out of shared memory");
  EXPECT_EQ(locks.cause, Cause::config);
  EXPECT_NE(locks.text().find("max_locks_per_transaction"), std::string::npos);
  EXPECT_EQ(error_saying("53200", "out of memory").cause, Cause::transient);
}

TEST(ErrorOf, SaysWhatToDoAboutAPublication) {
  const Error error = error_saying(
      "55000",
      "cannot delete from table \"sold\" because it does not have a replica identity and publishes "
      "deletes");
  EXPECT_EQ(error.cause, Cause::config);
  EXPECT_NE(error.text().find("replica identity full"), std::string::npos);
}

TEST(ErrorOf, SaysWhichIndexAValueIsTooLongFor) {
  const Error error = error_saying(
      "54000", "index row size 3016 exceeds btree version 4 maximum 2704 for index \"by_note\"");
  EXPECT_EQ(error.cause, Cause::config);
  EXPECT_NE(error.text().find("drop that index"), std::string::npos);
}

TEST(ErrorOf, GivesTheMissingRight) {
  const Error error = error_of({"42501", "permission denied for schema shop", "", ""},
                               StatementOf::dray, "grant usage on schema shop to dray");
  EXPECT_EQ(error.cause, Cause::config);
  EXPECT_EQ(error.text(),
            "permission denied for schema shop [42501]\ntry: grant usage on schema shop to dray");
}

TEST(ErrorOf, TellsTwoSessionsThatMakeOneTableFromAConstraintThatIsNotOurs) {
  EXPECT_EQ(error_with("23505", "pg_catalog").cause, Cause::transient);
  EXPECT_EQ(error_with("23505", "shop").cause, Cause::config);
}

TEST(ErrorOf, ARowWithoutAPartitionIsNoConstraint) {
  const ServerError missing{"23514", "no partition of relation \"sold\" found for row",
                            "Partition key of the failing row contains (received_at) = (...).",
                            "shop", "sold"};
  EXPECT_EQ(error_of(missing).text(),
            "no partition of relation \"sold\" found for row [23514]\ntry: make the partition that "
            "the row belongs to, or one for all others: create table ... partition of shop.sold "
            "default");
}

TEST(ErrorOf, TellsNoValueOfARow) {
  const ServerError unique{"23505",
                           "duplicate key value violates unique constraint \"one_email\"",
                           "Key (email)=(ana@x.org) already exists.",
                           "shop",
                           "users",
                           "",
                           "one_email"};
  EXPECT_EQ(error_of(unique).text(),
            "duplicate key value violates unique constraint \"one_email\" [23505]\ntry: drop the "
            "unique index or constraint one_email of shop.users: Dray did not make it, and rows "
            "break it");
  const ServerError null{"23502",
                         "null value in column \"x\" of relation \"users\" violates not-null "
                         "constraint",
                         "Failing row contains (ana@x.org).",
                         "shop",
                         "users",
                         "x"};
  EXPECT_NE(error_of(null).text().find("alter table shop.users alter column x drop not null"),
            std::string::npos);
  const ServerError value{"22P02", "invalid input syntax for type bigint: \"ana \"x\" y\"",
                          "",      "",
                          "",      "",
                          "",      "COPY sold, line 3, column price: \"ana\""};
  EXPECT_EQ(error_of(value).text(),
            "invalid input syntax for type bigint: *** (COPY sold, line 3, column price) [22P02]");
  const ServerError box{"XX000", "Invalid digit, Value 'ana', Pos 0, Type: Integer"};
  EXPECT_EQ(error_of(box).text(), "Invalid digit, Value ***, Pos 0, Type: Integer [XX000]");
  const ServerError raised{"P0001",     "no ana@x.org",
                           "ana@x.org", "",
                           "",          "",
                           "",          "PL/pgSQL function shop.f() line 1 at RAISE"};
  EXPECT_EQ(error_of(raised).cause, Cause::config);
  const ServerError foreign{"22P02",
                            "ung\xC3\xBCltig: \xC2\xBB"
                            "ana\xC2\xAB"};
  for (const ServerError& error : {unique, null, value, box, raised, foreign})
    EXPECT_EQ(error_of(error).text().find("ana"), std::string::npos) << error.message;
  EXPECT_NE(error_of(raised).text().find("shop.f()"), std::string::npos);
}

TEST(ErrorOf, TellsTheWordsOfAFunctionThatRefusesAChange) {
  ServerError raised{"P0001",   "no changes on a Friday",
                     "ask ana", "",
                     "",        "",
                     "",        "PL/pgSQL function hold_on() line 1 at RAISE"};
  const std::string change = R"(create table "shop"."sold" ("id" text))";
  ASSERT_TRUE(is_change_without_rows(change));
  raised.change = change;
  const Error error = error_of(raised);
  EXPECT_EQ(error.message,
            "the function hold_on() refused `create table \"shop\".\"sold\" (\"id\" text)`: no "
            "changes on a Friday (ask ana) [P0001]");
  EXPECT_EQ(error.code, ErrorCode::constraint);
  EXPECT_EQ(error.actor(), Actor::admin);
  EXPECT_NE(error.remedy.find("alter event trigger NAME disable"), std::string::npos);
  const std::string long_one = change + std::string(1000, 'x');
  raised.change = long_one;
  EXPECT_LT(error_of(raised).message.size(), 350U);
}

TEST(IsChangeWithoutRows, IsNoneThatLooksAtRows) {
  EXPECT_TRUE(is_change_without_rows(R"(alter table "shop"."sold" add column "more" text)"));
  EXPECT_TRUE(is_change_without_rows(R"(create index "sold$uuid" on "shop"."sold" ("uuid"))"));
  EXPECT_TRUE(is_change_without_rows("create temp table pg_temp.dray_keys (uuid bigint)"));
  EXPECT_FALSE(is_change_without_rows("create temp table dray_rows on commit drop as select 1"));
  EXPECT_FALSE(
      is_change_without_rows(R"(alter table "shop"."sold" alter column "plan" type text)"));
  EXPECT_FALSE(is_change_without_rows(R"(copy "shop"."sold" ("id") from stdin)"));
}

TEST(ErrorOf, TellsAPersonAllOfTheirOwnStatement) {
  const ServerError value{"22P02", "invalid input syntax for type bigint: \"ana\""};
  EXPECT_EQ(error_of(value, StatementOf::person).text(),
            "invalid input syntax for type bigint: \"ana\" [22P02]");
}

TEST(ErrorOf, NamesTheViewThatHoldsAColumn) {
  const ServerError view{"0A000", "cannot alter type of a column used by a view or rule",
                         "rule _RETURN on view shop.v depends on column \"plan\""};
  EXPECT_NE(error_of(view).text().find("view shop.v"), std::string::npos);
}

TEST(LeavesCommitInDoubt, WhenTheSessionEndedBeforeTheAnswer) {
  EXPECT_TRUE(leaves_commit_in_doubt(""));
  EXPECT_TRUE(leaves_commit_in_doubt("57P01"));
  EXPECT_TRUE(leaves_commit_in_doubt("08007"));
  EXPECT_FALSE(leaves_commit_in_doubt("40001"));
  EXPECT_FALSE(leaves_commit_in_doubt("23505"));
}

TEST(ConnectError, TellsAServerThatIsAwayFromAnAddressThatIsWrong) {
  EXPECT_EQ(connect_error("connection to server failed: Connection refused\n\tIs it up?\n").cause,
            Cause::transient);
  EXPECT_EQ(connect_error("FATAL:  the database system is starting up").cause, Cause::transient);
  EXPECT_EQ(connect_error("FATAL:  password authentication failed for user \"x\"").cause,
            Cause::config);
  EXPECT_EQ(connect_error("FATAL:  database \"nope\" does not exist").cause, Cause::config);
  EXPECT_EQ(connect_error("something new").cause, Cause::config);
}

constexpr std::array tls_failures = std::to_array<std::string_view>({
    "server does not support SSL, but SSL was required",
    "root certificate file \"/nowhere\" does not exist",
    "SSL error: certificate verify failed",
    "server certificate for \"a\" does not match host name \"b\"",
});

TEST(ConnectError, NeverAdvisesToDoWithoutTlsWhereTheServerHasIt) {
  for (const std::string_view failure : tls_failures) {
    const Error error = connect_error(failure, {"dray", "dev", true});
    EXPECT_EQ(error.cause, Cause::config) << failure;
    EXPECT_NE(error.text().find("\ntry: "), std::string::npos) << failure;
    EXPECT_EQ(error.text().find("sslmode"), std::string::npos) << failure;
  }
}

TEST(ConnectError, GivesTheRightToConnect) {
  const Error error = connect_error(
      "FATAL:  permission denied for database \"events\"\nDETAIL:  User does not have CONNECT "
      "privilege.",
      {"Ana", "events"});
  EXPECT_TRUE(error.text().ends_with("\ntry: grant connect on database events to \"Ana\""))
      << error.text();
}

TEST(ConnectError, TellsAServerThatIsFullOrAStandby) {
  EXPECT_EQ(connect_error("FATAL:  sorry, too many clients already").cause, Cause::transient);
  EXPECT_NE(connect_error("FATAL:  sorry, too many clients already").text().find("max_connections"),
            std::string::npos);
  EXPECT_EQ(connect_error("FATAL:  too many connections for role \"dray\"").cause,
            Cause::transient);
  EXPECT_EQ(connect_error("FATAL:  the database system is not yet accepting connections").cause,
            Cause::transient);
  EXPECT_EQ(connect_error("session is not read-write").cause, Cause::config);
}

}  // namespace
}  // namespace dray
