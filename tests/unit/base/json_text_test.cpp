#include "base/json_text.h"

#include <gtest/gtest.h>

#include <string>

namespace dray {
namespace {

std::string canonical(std::string_view json, Replaced expected = Replaced::no) {
  JsonDocument document;
  EXPECT_EQ(document.parse(json), JsonError::none) << json;
  Replaced replaced = Replaced::no;
  std::string out;
  append_canonical(document, document.root(), out, replaced);
  EXPECT_EQ(replaced, expected) << json;
  return out;
}

TEST(StringText, IsAViewOfTheDocumentWhereThereAreNoEscapes) {
  const std::string json = "\"plain ž\"";
  JsonDocument document;
  ASSERT_EQ(document.parse(json), JsonError::none);
  Arena arena;
  Replaced replaced = Replaced::no;
  const std::string_view text = string_text(document, 0, arena, replaced);
  EXPECT_EQ(text, "plain ž");
  EXPECT_EQ(text.data(), json.data() + 1);
}

TEST(StringText, ResolvesEscapesIntoTheArena) {
  JsonDocument document;
  ASSERT_EQ(document.parse(R"("a\tb\u00e9")"), JsonError::none);
  Arena arena;
  Replaced replaced = Replaced::no;
  EXPECT_EQ(string_text(document, 0, arena, replaced), "a\tbé");
  EXPECT_EQ(replaced, Replaced::no);
}

TEST(StringText, TellsOfReplacementsAndNeverForgetsThem) {
  JsonDocument document;
  Arena arena;
  Replaced replaced = Replaced::no;
  ASSERT_EQ(document.parse(R"("\u0000")"), JsonError::none);
  EXPECT_EQ(string_text(document, 0, arena, replaced), "\uFFFD");
  EXPECT_EQ(replaced, Replaced::yes);
  ASSERT_EQ(document.parse(R"("\n")"), JsonError::none);
  EXPECT_EQ(string_text(document, 0, arena, replaced), "\n");
  EXPECT_EQ(replaced, Replaced::yes);
}

TEST(AppendCanonical, LeavesOutWhiteSpace) {
  EXPECT_EQ(canonical(" [ 1 , { \"a\" : [ ] , \"b\" : { } } , true , false , null ] "),
            R"([1,{"a":[],"b":{}},true,false,null])");
}

TEST(AppendCanonical, KeepsNumbersVerbatim) {
  EXPECT_EQ(canonical("[1.0,1e3,-0,1E+05,123456789012345678901234567890,1e400]"),
            "[1.0,1e3,-0,1E+05,123456789012345678901234567890,1e400]");
}

TEST(AppendCanonical, SortsMembersBytewiseByTheirResolvedKeys) {
  EXPECT_EQ(canonical(R"({"b":1,"a":2,"B":3,"\u0061a":4,"":5,"ž":6,"_":7})"),
            R"({"":5,"B":3,"_":7,"a":2,"aa":4,"b":1,"ž":6})");
  EXPECT_EQ(canonical(R"([{"z":{"y":1,"x":2}}])"), R"([{"z":{"x":2,"y":1}}])");
}

TEST(AppendCanonical, KeepsTheLastOfEqualKeys) {
  EXPECT_EQ(canonical(R"({"a":1,"b":0,"\u0061":{"c":2},"a":[3]})"), R"({"a":[3],"b":0})");
}

TEST(AppendCanonical, EscapesWhatHtmlAndJavaScriptWouldRead) {
  EXPECT_EQ(canonical(R"(["<a href=\"x\">&</a>"])"),
            R"(["\u003ca href=\"x\"\u003e\u0026\u003c/a\u003e"])");
  EXPECT_EQ(canonical("[\"\u2027\u2028\u2029\u202A\"]"), "[\"\u2027\\u2028\\u2029\u202A\"]");
  EXPECT_EQ(canonical(R"(["\u2028\u2029"])"), R"(["\u2028\u2029"])");
  EXPECT_EQ(canonical(R"({"<":1})"), R"({"\u003c":1})");
}

TEST(AppendCanonical, EscapesControlCharactersInTheirShortForm) {
  EXPECT_EQ(canonical(R"(["\b\f\n\r\t\"\\\/"])"), R"(["\b\f\n\r\t\"\\/"])");
  EXPECT_EQ(canonical(R"(["\u0008\u000c\u0001\u001F\u007f"])"), "[\"\\b\\f\\u0001\\u001f\x7F\"]");
}

TEST(AppendCanonical, LeavesOtherCharactersAsTheyAre) {
  EXPECT_EQ(canonical(R"(["\u00e9\ud83d\ude00 €"])"), "[\"é😀 €\"]");
}

TEST(AppendCanonical, TellsOfReplacements) {
  EXPECT_EQ(canonical(R"(["\u0000"])", Replaced::yes), "[\"\uFFFD\"]");
  EXPECT_EQ(canonical(R"([{"\ud800":1}])", Replaced::yes), "[{\"\uFFFD\":1}]");
}

TEST(AppendCanonical, IsAFixedPoint) {
  for (const auto* json :
       {R"([{"b":"<\u2028>","a":[1.50,{"x":"\u0001"}]},"é"])", "[]", "\"\\n\""}) {
    const std::string once = canonical(json);
    EXPECT_EQ(canonical(once), once);
  }
}

}  // namespace
}  // namespace dray
