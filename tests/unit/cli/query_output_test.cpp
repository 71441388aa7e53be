#include "cli/query_output.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

QueryResult sample() {
  QueryResult result;
  result.columns = {
      {"id", "BIGINT"}, {"total", "DOUBLE"}, {"paid", "BOOLEAN"}, {"name", "VARCHAR"}};
  result.rows = {{"1", "1.50", "true", "a \"b\""},
                 {std::nullopt, "nan", "false", ""},
                 {"-9223372036854775808", "1e300", std::nullopt, "x,y\nz"}};
  return result;
}

TEST(QueryJson, KeepsNumbersAsTheyAre) {
  EXPECT_EQ(query_json(sample()),
            R"({"columns":[{"name":"id","type":"BIGINT"},{"name":"total","type":"DOUBLE"},)"
            R"({"name":"paid","type":"BOOLEAN"},{"name":"name","type":"VARCHAR"}],)"
            R"("rows":[[1,1.50,true,"a \"b\""],[null,"nan",false,""],)"
            R"([-9223372036854775808,1e300,null,"x,y\nz"]]})"
            "\n");
}

TEST(QueryJson, WhatIsNoJsonNumberIsAString) {
  QueryResult result;
  result.columns = {{"x", "DOUBLE"}};
  for (const auto* text : {"inf", "-inf", "1.", ".5", "01", "", "-", "1e", "+1"}) {
    result.rows = {{text}};
    EXPECT_NE(query_json(result).find("[[\"" + std::string(text) + "\"]]"), std::string::npos)
        << text;
  }
  for (const auto* text : {"0", "-0", "0.5", "1e+300", "1E-7", "12"}) {
    result.rows = {{text}};
    EXPECT_NE(query_json(result).find("[[" + std::string(text) + "]]"), std::string::npos) << text;
  }
}

TEST(QueryJson, OtherTypesAreStrings) {
  QueryResult result;
  result.columns = {{"d", "DECIMAL(18,3)"}, {"t", "TIMESTAMP"}};
  result.rows = {{"1.500", "2026-01-31 00:00:00"}};
  EXPECT_NE(query_json(result).find(R"("rows":[["1.500","2026-01-31 00:00:00"]])"),
            std::string::npos);
}

TEST(QueryText, IsATable) {
  EXPECT_EQ(query_text(sample(), 0),
            "                  id  total  paid   name\n"
            "                   1   1.50  true   a \"b\"\n"
            "                NULL    nan  false\n"
            "-9223372036854775808  1e300  NULL   x,y\\nz\n"
            "(3 rows)\n");
}

TEST(QueryCsv, TellsNullFromEmpty) {
  EXPECT_EQ(query_csv(sample()),
            "id,total,paid,name\r\n"
            "1,1.50,true,\"a \"\"b\"\"\"\r\n"
            ",nan,false,\"\"\r\n"
            "-9223372036854775808,1e300,,\"x,y\nz\"\r\n");
}

}  // namespace
}  // namespace dray
