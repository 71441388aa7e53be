#include "app/address.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <string>

namespace dray {
namespace {

template <typename T>
std::string error_of(const Result<T>& result) {
  return result.ok() ? "(no error)" : result.error().text();
}

TEST(NameOfPlace, IsTheLastComponent) {
  EXPECT_EQ(name_of_place("./logs"), "logs");
  EXPECT_EQ(name_of_place("logs///"), "logs");
  EXPECT_EQ(name_of_place("/data/My Shop/"), "My Shop");
  EXPECT_EQ(name_of_place("/data/shop/."), "shop");
  EXPECT_EQ(name_of_place("."), std::filesystem::current_path().filename());
  EXPECT_EQ(name_of_place("./"), std::filesystem::current_path().filename());
  EXPECT_EQ(name_of_place("/"), "");
}

TEST(CheckWarehouse, SaysWhatThisBuildCannotDo) {
  EXPECT_TRUE(check_warehouse("duckdb:shop.duckdb").ok());
  EXPECT_TRUE(check_warehouse("postgres://me:hunter2@db/x").ok());
  EXPECT_TRUE(check_warehouse("postgresql://db/x").ok());
  EXPECT_TRUE(check_warehouse("redshift://me:hunter2@db/x").ok());
  const std::string kinds =
      "duckdb:FILE, postgres://USER@HOST/DATABASE or redshift://USER@HOST/DATABASE";
  EXPECT_EQ(error_of(check_warehouse("mysql://me:hunter2@db/x")),
            "mysql:// is no warehouse that Dray supports\ntry: " + kinds);
  EXPECT_EQ(error_of(check_warehouse("snowflake://me:hunter2@db/x")),
            "snowflake:// is no warehouse that Dray supports\ntry: " + kinds);
  EXPECT_EQ(
      error_of(check_warehouse("postgress://me:hunter2@db/x")),
      "postgress:// is no warehouse that Dray supports; did you mean postgres://?\ntry: " + kinds);
  EXPECT_EQ(
      error_of(check_warehouse("Redshft://me:hunter2@db/x")),
      "Redshft:// is no warehouse that Dray supports; did you mean redshift://?\ntry: " + kinds);
  EXPECT_EQ(error_of(check_warehouse("sqlite:f.db")),
            "sqlite: is no warehouse that Dray supports\ntry: " + kinds);
  EXPECT_EQ(error_of(check_warehouse("ducdb:f.db")),
            "ducdb: is no warehouse that Dray supports; did you mean duckdb:?\ntry: " + kinds);
  // What may be a user's name, or hold a password, is not repeated.
  for (const char* address :
       {"shop.db", "", "hunter2", "me:hunter2@db/x", "host=db password=hunter2"}) {
    EXPECT_EQ(error_of(check_warehouse(address)),
              "a WAREHOUSE begins with its kind: " + kinds + "\ntry: duckdb:warehouse.duckdb");
  }
  EXPECT_EQ(error_of(check_warehouse("duckdb:")),
            "duckdb: needs the name of a file\ntry: duckdb:warehouse.duckdb");
}

TEST(CheckWarehouse, KnowsTheParametersOfAnAddress) {
  EXPECT_TRUE(check_warehouse("postgres://me@db/x?sslmode=require&connect_timeout=3").ok());
  EXPECT_TRUE(check_warehouse("redshift://me@db/x?staging=s3://b/p&iam_role=default").ok());
  EXPECT_EQ(error_of(check_warehouse("postgres://me:hunter2@db/x?sslmod=require")),
            "the warehouse's address has an unknown parameter, sslmod; did you mean sslmode?");
  EXPECT_EQ(error_of(check_warehouse("redshift://db/x?sslmode=require&stagin=s3://b/p")),
            "the warehouse's address has an unknown parameter, stagin; did you mean staging?");
  EXPECT_EQ(error_of(check_warehouse("postgres://me@db/x?staging=s3://b/p")),
            "the warehouse's address has an unknown parameter, staging");
  // The rest of a password that has a '?' in it.
  EXPECT_TRUE(check_warehouse("postgres://me:hun?ter=2@db/x").ok());
}

TEST(ShownAddress, HasNoPassword) {
  EXPECT_EQ(shown_address("duckdb:a:b@c.duckdb"), "duckdb:a:b@c.duckdb");
  EXPECT_EQ(shown_address("postgres://me:hunter2@db:5433/x"), "postgres://me@db:5433/x");
  EXPECT_EQ(shown_address("postgres://me@db:5433/x"), "postgres://me@db:5433/x");
  EXPECT_EQ(shown_address("postgres://db:5433/x"), "postgres://db:5433/x");
  EXPECT_EQ(shown_address("postgres://me:hun@ter/2@db/x"), "postgres://me@db/x");
  EXPECT_EQ(shown_address("postgres://db/x?user=me&password=hunter2&sslmode=require"),
            "postgres://db/x");
}

}  // namespace
}  // namespace dray
