#include "decode/shape.h"

#include <gtest/gtest.h>

#include <string_view>

namespace dray {
namespace {

using namespace std::literals;

TEST(ShapeOf, KnowsWhatPeopleTakeForEventLines) {
  EXPECT_EQ(shape_of("\xff\xfe{\0\n\0"sv), ObjectShape::utf16);
  EXPECT_EQ(shape_of("\xfe\xff\0{\0\n"sv), ObjectShape::utf16);
  EXPECT_EQ(shape_of("{\0\"\0"sv), ObjectShape::utf16);
  EXPECT_EQ(shape_of("[{\"type\":\"track\"}]"), ObjectShape::json_array);
  EXPECT_EQ(shape_of("\n [\n"), ObjectShape::json_array);
  EXPECT_EQ(shape_of("{\r\n  \"type\":\"track\""), ObjectShape::spread);
  EXPECT_EQ(shape_of("type,event\r\ntrack,Sold"), ObjectShape::separated);
  EXPECT_EQ(shape_of("\"type\"\t\"event\"\n"), ObjectShape::separated);
}

TEST(ShapeOf, GuessesNothingOfWhatMayBeEventLines) {
  for (const std::string_view head :
       {""sv, "\n\n"sv, "{\"type\":\"track\""sv, "{ \"a\":1,\n"sv, "{}\n{}"sv, "{"sv, "{\n"sv,
        "not json\n"sv, "2026-01-01, info: {\"type\":\"track\"}\n"sv}) {
    EXPECT_EQ(shape_of(head), ObjectShape::lines) << head;
  }
}

}  // namespace
}  // namespace dray
