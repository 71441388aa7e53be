#include "load/sqlstate.h"

#include <gtest/gtest.h>

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
    EXPECT_NE(error.message.find("\ntry: "), std::string::npos) << sqlstate;
  }
}

TEST(ErrorOf, TakesTheRestForABug) {
  for (const char* sqlstate : {"42601", "22P02", "XX000", "25P02", ""}) {
    EXPECT_EQ(error_with(sqlstate).cause, Cause::internal) << sqlstate;
  }
}

TEST(ErrorOf, TellsTwoSessionsThatMakeOneTableFromAConstraintThatIsNotOurs) {
  EXPECT_EQ(error_with("23505", "pg_catalog").cause, Cause::transient);
  EXPECT_EQ(error_with("23505", "shop").cause, Cause::config);
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

}  // namespace
}  // namespace dray
