#include "cli/query_output.h"

#include <gtest/gtest.h>

#include <sstream>
#include <string>
#include <vector>

namespace dray {
namespace {

using Row = std::vector<std::optional<std::string>>;

void fill(QueryOutput& output, const std::vector<ResultColumn>& columns,
          const std::vector<Row>& rows) {
  ASSERT_TRUE(output.columns(columns).ok());
  for (const Row& row : rows) {
    const std::vector<std::optional<std::string_view>> values(row.begin(), row.end());
    ASSERT_TRUE(output.row(values).ok());
  }
  output.finish();
}

const std::vector<ResultColumn> columns = {{"id", "BIGINT", ValueKind::number},
                                           {"total", "DOUBLE", ValueKind::number},
                                           {"paid", "BOOLEAN", ValueKind::boolean},
                                           {"name", "VARCHAR", ValueKind::text}};
const std::vector<Row> rows = {{"1", "1.50", "true", "a \"b\""},
                               {std::nullopt, "nan", "false", ""},
                               {"-9223372036854775808", "1e300", std::nullopt, "x,y\nz"}};

std::string json_of(const std::string& text, ValueKind kind) {
  std::ostringstream out;
  fill(*query_json(out), {{"x", "T", kind}}, {{text}});
  return out.str();
}

TEST(QueryJson, KeepsNumbersAsTheyAre) {
  std::ostringstream out;
  fill(*query_json(out), columns, rows);
  EXPECT_EQ(out.str(), R"({"columns":[{"name":"id","type":"BIGINT"},)"
                       R"({"name":"total","type":"DOUBLE"},{"name":"paid","type":"BOOLEAN"},)"
                       R"({"name":"name","type":"VARCHAR"}],)"
                       R"("rows":[[1,1.50,true,"a \"b\""],[null,"nan",false,""],)"
                       R"([-9223372036854775808,1e300,null,"x,y\nz"]]})"
                       "\n");
}

TEST(QueryJson, WhatIsNoJsonNumberIsAString) {
  for (const auto* text : {"inf", "-inf", "1.", ".5", "01", "", "-", "1e", "+1"}) {
    EXPECT_NE(json_of(text, ValueKind::number).find("[[\"" + std::string(text) + "\"]]"),
              std::string::npos)
        << text;
  }
  for (const auto* text : {"0", "-0", "0.5", "1e+300", "1E-7", "12", "1.500"}) {
    EXPECT_NE(json_of(text, ValueKind::number).find("[[" + std::string(text) + "]]"),
              std::string::npos)
        << text;
  }
}

TEST(QueryJson, OtherTypesAreStrings) {
  EXPECT_NE(json_of("1", ValueKind::text).find(R"([["1"]])"), std::string::npos);
  EXPECT_NE(json_of("t", ValueKind::boolean).find(R"([["t"]])"), std::string::npos);
}

TEST(QueryText, IsATable) {
  std::ostringstream out;
  fill(*query_text(out, 0), columns, rows);
  EXPECT_EQ(out.str(),
            "                  id  total  paid   name\n"
            "                   1   1.50  true   a \"b\"\n"
            "                NULL    nan  false\n"
            "-9223372036854775808  1e300  NULL   x,y\\nz\n"
            "(3 rows)\n");
}

TEST(QueryText, ShowsRowsBeforeTheLastHasCome) {
  std::ostringstream out;
  const auto output = query_text(out, 0);
  ASSERT_TRUE(output->columns(std::vector<ResultColumn>{{"n", "INTEGER", ValueKind::number}}).ok());
  const std::vector<std::optional<std::string_view>> row = {"1"};
  for (int i = 0; i < 5'000; ++i)
    ASSERT_TRUE(output->row(row).ok());
  EXPECT_GT(out.str().size(), 9'000U);
  const std::vector<std::optional<std::string_view>> longer = {"12345"};
  ASSERT_TRUE(output->row(longer).ok());
  output->finish();
  EXPECT_TRUE(out.str().ends_with("\n1\n12345\n(5,001 rows)\n"));
}

TEST(QueryCsv, TellsNullFromEmpty) {
  std::ostringstream out;
  fill(*query_csv(out, LineEnd::lf), columns, rows);
  EXPECT_EQ(out.str(),
            "id,total,paid,name\n"
            "1,1.50,true,\"a \"\"b\"\"\"\n"
            ",nan,false,\"\"\n"
            "-9223372036854775808,1e300,,\"x,y\nz\"\n");
}

TEST(QueryCsv, EndsLinesAsAsked) {
  std::ostringstream out;
  fill(*query_csv(out, LineEnd::crlf), {{"a", "T", ValueKind::text}}, {{"b"}});
  EXPECT_EQ(out.str(), "a\r\nb\r\n");
}

TEST(QueryOutput, EndsWithItsStream) {
  std::ostringstream out;
  out.setstate(std::ios::badbit);
  const std::vector<ResultColumn> one = {{"a", "T", ValueKind::text}};
  EXPECT_FALSE(query_json(out)->columns(one).ok());
  EXPECT_FALSE(query_csv(out, LineEnd::lf)->columns(one).ok());
}

}  // namespace
}  // namespace dray
