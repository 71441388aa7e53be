#include "sql/duckdb_connection.h"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <string>

namespace dray {
namespace {

class EachChunk : public testing::Test {
 protected:
  EachChunk()
      : database(DuckDatabase::open(":memory:", {}).value()),
        connection(DuckConnection::open(*database).value()) {}

  // Of a million rows, which are more than DuckDB makes ahead of who reads them.
  Result<void> read(const std::string& expression) {
    const std::string sql = "select " + expression + " from range(1000000)";
    return connection->each_chunk(Sql::typed_by_user(sql), [&](duckdb_data_chunk chunk) {
      rows += duckdb_data_chunk_get_size(chunk);
      if (rows >= interrupt_at) connection->interrupt();
    });
  }

  std::unique_ptr<DuckDatabase> database;
  std::unique_ptr<DuckConnection> connection;
  std::uint64_t rows = 0;
  std::uint64_t interrupt_at = UINT64_MAX;
};

TEST_F(EachChunk, ReadsAllRows) {
  ASSERT_TRUE(read("range").ok());
  EXPECT_EQ(rows, 1'000'000U);
  ASSERT_TRUE(read("range").ok());
  EXPECT_EQ(rows, 2'000'000U);
}

TEST_F(EachChunk, AFailureBehindTheFirstRowsIsNoEnd) {
  const auto outcome = read("if(range < 900000, 'fine', error('row ' || range))");
  ASSERT_FALSE(outcome.ok());
  EXPECT_NE(outcome.error().text().find("row 9"), std::string::npos) << outcome.error().text();
  EXPECT_GT(rows, 0U);
  EXPECT_LT(rows, 1'000'000U);
  EXPECT_TRUE(database->is_distrusted());
}

TEST_F(EachChunk, AnInterruptIsNoEnd) {
  interrupt_at = 1;
  const auto outcome = read("range");
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().cause, Cause::cancelled);
  EXPECT_LT(rows, 1'000'000U);
}

// A chunk that is not given back shows as a leak to the address sanitizer.
TEST_F(EachChunk, AnExceptionOfWhoReadsPassesThrough) {
  const auto read_and_throw = [&] {
    return connection->each_chunk(Sql::typed_by_user("select range from range(1000000)"),
                                  [](duckdb_data_chunk) { throw std::bad_alloc(); });
  };
  EXPECT_THROW((void)read_and_throw(), std::bad_alloc);
  ASSERT_TRUE(read("range").ok());
  EXPECT_EQ(rows, 1'000'000U);
}

TEST(DuckErrors, ComeBackWholeByWhatDuckDbSays) {
  DuckErrors errors;
  std::string first;
  std::string second;
  errors.run([]() -> Result<void> { return config_error("no room", "make some"); },
             [&](const char* text) { first = text; });
  errors.run([]() -> Result<void> { throw std::bad_alloc(); },
             [&](const char* text) { second = text; });
  ASSERT_FALSE(errors.take("Invalid Input Error: another"));
  const auto thrown = errors.take("Invalid Input Error: " + second);
  ASSERT_TRUE(thrown);
  EXPECT_EQ(thrown->code, ErrorCode::out_of_memory);
  const auto returned = errors.take("Invalid Input Error: " + first + " in a function");
  ASSERT_TRUE(returned);
  EXPECT_EQ(returned->message, "no room");
  EXPECT_EQ(returned->remedy, "make some");
  EXPECT_FALSE(errors.take("Invalid Input Error: " + first));
}

TEST(DuckErrors, OfAThousandThreadsDoNotGather) {
  DuckErrors errors;
  std::string text;
  for (int i = 0; i < 1'000; ++i) {
    errors.run([&]() -> Result<void> { return internal_error(std::to_string(i)); },
               [&](const char* said) { text = said; });
  }
  EXPECT_EQ(errors.take(text)->message, "999");
  EXPECT_FALSE(errors.take("[error 1 of dray]"));
}

TEST(DuckDbError, TellsNoAddressesOfFunctions) {
  const Error full = duckdb_error(
      "FATAL Error: Could not write file \"w.duckdb.wal\": File too large\n\nStack Trace:\n\n"
      "/lib/libduckdb.so(_ZN6duckdb9ExceptionC1Ev+0x52) [0x7f4cff34125e]\n/lib/libc.so.6(+0x891f5)");
  EXPECT_EQ(full.text(),
            "FATAL Error: Could not write file \"w.duckdb.wal\": File too large\n"
            "try: free some room there, and run this again");
  EXPECT_EQ(duckdb_error("INTERNAL Error: odd\n\nStack Trace:\n0x1").text(), "INTERNAL Error: odd");
}

TEST(DuckDbError, NoRoomHasARemedyWhateverDuckDBCallsIt) {
  const Error error = duckdb_error(
      "TransactionContext Error: Failed to commit: failed to pin block of size 13.3 MiB (376.5 "
      "MiB/384.0 MiB used)\n\nPossible solutions:\n* Reducing the number of threads");
  EXPECT_EQ(error.cause, Cause::config);
  EXPECT_EQ(
      error.text(),
      "TransactionContext Error: Failed to commit: failed to pin block of size 13.3 MiB "
      "(376.5 MiB/384.0 MiB used)\ntry: allow more memory (--memory, or memory in dray.yaml)");
}

}  // namespace
}  // namespace dray
