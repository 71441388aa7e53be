#include "base/json_writer.h"

#include <gtest/gtest.h>

#include <limits>

#include "base/json.h"

namespace dray {
namespace {

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}

TEST(JsonWriter, PutsCommasAndColonsByItself) {
  JsonWriter json;
  json.begin_object().field("a", 1).field("b", "x").key("c").begin_array();
  json.value(true).null().begin_object().end_object().begin_array().end_array().end_array();
  json.field("d", std::optional<std::string>()).field("e", std::optional<std::string>("y"));
  json.end_object();
  EXPECT_EQ(std::move(json).done(), R"({"a":1,"b":"x","c":[true,null,{},[]],"d":null,"e":"y"})");
}

TEST(JsonWriter, Indents) {
  JsonWriter json(2);
  json.begin_object().key("a").begin_array().value(1).value(2).end_array();
  json.key("b").begin_object().end_object().end_object();
  EXPECT_EQ(std::move(json).done(), "{\n  \"a\": [\n    1,\n    2\n  ],\n  \"b\": {}\n}");
}

TEST(JsonWriter, WritesNumbersExactly) {
  JsonWriter json;
  json.begin_array().value(std::numeric_limits<std::uint64_t>::max());
  json.value(std::numeric_limits<std::int64_t>::min()).value(0.1).value(1e300).verbatim("1.50");
  json.value(std::numeric_limits<double>::quiet_NaN()).end_array();
  EXPECT_EQ(std::move(json).done(),
            "[18446744073709551615,-9223372036854775808,0.1,1e+300,1.50,null]");
}

TEST(JsonWriter, EscapesWhatJsonAsksFor) {
  EXPECT_EQ(quoted("a\"b\\c/d"), R"("a\"b\\c/d")");
  EXPECT_EQ(quoted("\n\r\t"), R"("\n\r\t")");
  EXPECT_EQ(quoted(std::string_view("\0\x1F\x7F", 3)), R"("\u0000\u001f\u007f")");
  EXPECT_EQ(quoted("žlutý 日本 😀"), "\"žlutý 日本 😀\"");
}

TEST(JsonWriter, WhatIsNoUtf8BecomesTheReplacementCharacter) {
  EXPECT_EQ(quoted("a\xFFz"), "\"a\uFFFDz\"");
  EXPECT_EQ(quoted("\xE6\x97"), "\"\uFFFD\uFFFD\"");            // cut short
  EXPECT_EQ(quoted("\xC0\xAF"), "\"\uFFFD\uFFFD\"");            // overlong
  EXPECT_EQ(quoted("\xED\xA0\x80"), "\"\uFFFD\uFFFD\uFFFD\"");  // a surrogate
}

TEST(JsonWriter, EveryStringOfTwoBytesIsReadBackAsJson) {
  JsonDocument document;
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const char bytes[] = {static_cast<char>(first), static_cast<char>(second)};
      ASSERT_EQ(document.parse(quoted(std::string_view(bytes, 2))), JsonError::none)
          << first << " " << second;
    }
  }
}

TEST(JsonWriterDeathTest, AnOrderThatIsNoJsonIsABug) {
  EXPECT_DEATH(JsonWriter().begin_object().value(1), "bug");
  EXPECT_DEATH(JsonWriter().begin_array().end_object(), "bug");
  EXPECT_DEATH(JsonWriter().value(1).value(2), "bug");
}

}  // namespace
}  // namespace dray
