#include "base/json.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <vector>

namespace dray {
namespace {

JsonError parse(std::string_view text) { return JsonDocument().parse(text); }

// RFC 8259 read aloud, one function per production; text is UTF-8 already. Slow and obvious.
class SlowChecker {
 public:
  static bool is_json(std::string_view text) {
    SlowChecker checker(text);
    checker.blanks();
    if (!checker.value(0)) return false;
    checker.blanks();
    return checker.text_.empty();
  }

 private:
  explicit SlowChecker(std::string_view text) : text_(text) {}

  char peek() const { return text_.empty() ? '\0' : text_.front(); }
  bool take(std::string_view word) {
    if (!text_.starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }
  bool take_one_of(std::string_view set) {
    if (text_.empty() || set.find(text_.front()) == std::string_view::npos) return false;
    text_.remove_prefix(1);
    return true;
  }
  void blanks() {
    while (take_one_of(" \t\r\n")) {
    }
  }
  bool digits() {
    if (!take_one_of("0123456789")) return false;
    while (take_one_of("0123456789")) {
    }
    return true;
  }
  bool number() {
    take("-");
    if (!take("0") && !(take_one_of("123456789") && (digits() || true))) return false;
    if (take(".") && !digits()) return false;
    if (take_one_of("eE")) {
      take_one_of("+-");
      return digits();
    }
    return true;
  }
  bool string() {
    if (!take("\"")) return false;
    while (!text_.empty()) {
      if (take("\"")) return true;
      if (static_cast<unsigned char>(text_.front()) < 0x20) return false;
      if (!take("\\")) {
        text_.remove_prefix(1);
      } else if (take("u")) {
        for (int i = 0; i < 4; ++i) {
          if (!take_one_of("0123456789abcdefABCDEF")) return false;
        }
      } else if (!take_one_of("\"\\/bfnrt")) {
        return false;
      }
    }
    return false;
  }
  bool list(std::string_view end, bool with_keys, int depth) {
    if (depth > 128) return false;
    blanks();
    if (take(end)) return true;
    do {
      blanks();
      if (with_keys) {
        if (!string()) return false;
        blanks();
        if (!take(":")) return false;
        blanks();
      }
      if (!value(depth)) return false;
      blanks();
    } while (take(","));
    return take(end);
  }
  bool value(int depth) {
    if (take("{")) return list("}", true, depth + 1);
    if (take("[")) return list("]", false, depth + 1);
    if (peek() == '"') return string();
    return take("true") || take("false") || take("null") || number();
  }

  std::string_view text_;
};

// The document written again through the interface for readers, without white space.
std::string written(const JsonDocument& document, JsonValue value) {
  std::string out;
  switch (document.kind(value)) {
    case JsonKind::object:
      for (JsonValue key = document.first(value); !document.at_end(key);
           key = document.after(key + 2)) {
        out += out.empty() ? "{" : ",";
        out += written(document, key) + ":" + written(document, key + 2);
      }
      return (out.empty() ? "{" : out) + "}";
    case JsonKind::array:
      for (JsonValue e = document.first(value); !document.at_end(e); e = document.after(e)) {
        out += (out.empty() ? "[" : ",") + written(document, e);
      }
      return (out.empty() ? "[" : out) + "]";
    case JsonKind::string:
      return '"' + std::string(document.raw_string(value)) + '"';
    case JsonKind::number:
      return std::string(document.number(value));
    default:
      return std::string(document.raw(value));
  }
}

std::string without_blanks(std::string_view json) {
  std::string out;
  bool in_string = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') in_string = !in_string;
    if (in_string || std::string_view(" \t\r\n").find(c) == std::string_view::npos) out += c;
    if (in_string && c == '\\') out += json[++i];
  }
  return out;
}

TEST(JsonDocument, TakesEveryKindOfValue) {
  JsonDocument document;
  const auto kind = [&](std::string_view text) {
    EXPECT_EQ(document.parse(text), JsonError::none) << text;
    return document.kind(document.root());
  };
  EXPECT_EQ(kind("{}"), JsonKind::object);
  EXPECT_EQ(kind("[]"), JsonKind::array);
  EXPECT_EQ(kind("\"\""), JsonKind::string);
  EXPECT_EQ(kind("0"), JsonKind::number);
  EXPECT_EQ(kind("-1"), JsonKind::number);
  EXPECT_EQ(kind("true"), JsonKind::true_value);
  EXPECT_EQ(kind("false"), JsonKind::false_value);
  EXPECT_EQ(kind("null"), JsonKind::null);
}

TEST(JsonDocument, RefusesWhatIsAlmostAWord) {
  for (const auto* text : {"tru", "truee", "True", "TRUE", "nul", "nulll", "fals", "false0", "NaN",
                           "Infinity", "-Infinity", "undefined", "t", "n", "f", "'a'", "a"}) {
    EXPECT_EQ(parse(text), JsonError::grammar) << text;
    EXPECT_EQ(parse("[" + std::string(text) + "]"), JsonError::grammar) << text;
  }
}

TEST(JsonDocument, FollowsTheGrammarOfNumbers) {
  for (const auto* text : {"0", "-0", "1", "10", "-10", "0.0", "0.5", "-0.50", "1e5", "1E5", "1e+5",
                           "1e-05", "0e0", "1.25E+10", "123456789012345678901234567890"}) {
    EXPECT_EQ(parse(text), JsonError::none) << text;
  }
  for (const auto* text :
       {"00",  "01",  "-01",   "-",     "+1",   ".5",    "-.5", "5.",  "1.e5", "1e",
        "1e+", "1e-", "1.2.3", "1e5.5", "0x10", "1_000", "1,5", "--1", "1-",   "1e5e5"}) {
    EXPECT_EQ(parse(text), JsonError::grammar) << text;
  }
}

TEST(JsonDocument, TellsIntegersFromOtherNumbers) {
  JsonDocument document;
  ASSERT_EQ(document.parse("[12,-0,1.0,1e3,99999999999999999999]"), JsonError::none);
  std::vector<bool> integers;
  std::vector<std::string> texts;
  for (JsonValue e = document.first(0); !document.at_end(e); e = document.after(e)) {
    integers.push_back(document.is_integer(e));
    texts.emplace_back(document.number(e));
  }
  EXPECT_EQ(integers, (std::vector<bool>{true, true, false, false, true}));
  EXPECT_EQ(texts, (std::vector<std::string>{"12", "-0", "1.0", "1e3", "99999999999999999999"}));
}

TEST(JsonDocument, RefusesTextBehindTheValue) {
  for (const auto* text :
       {"{} {}", "{}x", "{},", "[]]", "1 2", "\"a\" \"b\"", "null,", "{}\\", "true false", "{}:"}) {
    EXPECT_EQ(parse(text), JsonError::grammar) << text;
  }
}

TEST(JsonDocument, RefusesStringsGluedToTokens) {
  for (const auto* text : {"\"a\"b", "a\"b\"", "\"a\"\"b\"", "1\"a\"", "\"a\"1", "true\"a\"",
                           "\"a\"true", "[\"a\"1]", "[1\"a\"]", "{\"a\"\"b\":1}", "{\"a\"b:1}",
                           "{\"a\":1\"b\"}", "{\"a\":\"b\"c}", "[null\"\"]", "[\"\"null]"}) {
    EXPECT_EQ(parse(text), JsonError::grammar) << text;
  }
}

TEST(JsonDocument, RefusesBrokenObjectsAndArrays) {
  for (const auto* text : {"{",
                           "}",
                           "[",
                           "]",
                           "{]",
                           "[}",
                           "{\"a\"}",
                           "{\"a\":}",
                           "{\"a\":1,}",
                           "{,}",
                           "{:1}",
                           "{1:2}",
                           "{\"a\" 1}",
                           "{\"a\"::1}",
                           "{\"a\":1 \"b\":2}",
                           "{\"a\":1,,\"b\":2}",
                           "[1,]",
                           "[,1]",
                           "[,]",
                           "[1 2]",
                           "[1:2]",
                           "[1,2",
                           "{\"a\":[1}",
                           "[{\"a\":1]",
                           "{null:1}",
                           ",",
                           ":",
                           "{\"a\":1",
                           "{\"a\":",
                           "{\"a\"",
                           "{{}:1}",
                           "[[]"}) {
    EXPECT_EQ(parse(text), JsonError::grammar) << text;
  }
}

TEST(JsonDocument, TakesFourKindsOfWhiteSpaceOnly) {
  EXPECT_EQ(parse(" \t\r\n{ \t\r\n\"a\" : [ 1 , 2 ] } \r\n"), JsonError::none);
  EXPECT_EQ(parse(""), JsonError::empty);
  EXPECT_EQ(parse(" \t\r\n"), JsonError::empty);
  EXPECT_EQ(parse("\f1"), JsonError::grammar);
  EXPECT_EQ(parse("[1\f2]"), JsonError::grammar);  // form feed and comma share low bits
  EXPECT_EQ(parse("{\"a\"\x1A\"b\"}"), JsonError::grammar);
  EXPECT_EQ(parse("1\v"), JsonError::grammar);
  EXPECT_EQ(parse("1\u00A0"), JsonError::grammar);
  EXPECT_EQ(parse("\xEF\xBB\xBF{}"), JsonError::grammar);
  EXPECT_EQ(parse(std::string_view("1\0", 2)), JsonError::grammar);
}

TEST(JsonDocument, TakesAllEscapesAndNoOthers) {
  EXPECT_EQ(parse(R"("\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00\ud800")"), JsonError::none);
  for (const auto* text :
       {R"("\a")", R"("\'")", R"("\x41")", R"("\u12")", R"("\u12G4")", R"("\U0041")", R"("\0")",
        R"(["\u"])", R"({"\q":1})", R"("\u 123")", R"("\u+123")"}) {
    EXPECT_EQ(parse(text), JsonError::grammar) << text;
  }
  EXPECT_EQ(parse(std::string_view("\"\\\0\"", 4)), JsonError::control_character);
}

TEST(JsonDocument, NamesWhatIsWrongWithStrings) {
  EXPECT_EQ(parse("\"abc"), JsonError::unclosed_string);
  EXPECT_EQ(parse("{\"a\":\"b\\\"}"), JsonError::unclosed_string);
  EXPECT_EQ(parse("\""), JsonError::unclosed_string);
  for (char c = 1; c < 0x20; ++c) {
    EXPECT_EQ(parse(std::string("[\"a") + c + "b\"]"), JsonError::control_character) << int{c};
  }
  EXPECT_EQ(parse("\"\x7F\""), JsonError::none);
}

TEST(JsonDocument, RefusesWhatIsNotUtf8) {
  for (const auto* bytes : {"\x80", "\xC0\x80", "\xC3", "\xE0\x80\x80", "\xED\xA0\x80",
                            "\xF4\x90\x80\x80", "\xFF", "\xF0\x9F\x98"}) {
    EXPECT_EQ(parse("\"" + std::string(bytes) + "\""), JsonError::not_utf8);
  }
  EXPECT_EQ(parse("\"ž日😀\""), JsonError::none);
}

std::string nested(std::size_t depth, std::string_view open, std::string_view inner,
                   std::string_view close) {
  std::string text;
  for (std::size_t i = 0; i < depth; ++i)
    text += open;
  text += inner;
  for (std::size_t i = 0; i < depth; ++i)
    text += close;
  return text;
}

TEST(JsonDocument, TakesNestingOf128AndNotOf129) {
  EXPECT_EQ(parse(nested(128, "[", "", "]")), JsonError::none);
  EXPECT_EQ(parse(nested(129, "[", "", "]")), JsonError::too_deep);
  EXPECT_EQ(parse(nested(128, "{\"a\":", "1", "}")), JsonError::none);
  EXPECT_EQ(parse(nested(129, "{\"a\":", "1", "}")), JsonError::too_deep);
  EXPECT_EQ(parse(nested(64, "[{\"a\":", "\"[\"", "}]")), JsonError::none);
  EXPECT_EQ(parse(nested(64, "[{\"a\":", "[]", "}]")), JsonError::too_deep);
  EXPECT_EQ(parse(nested(100'000, "[", "", "]")), JsonError::too_deep);
}

TEST(JsonDocument, CountsOnlyContainersAroundAValue) {
  // Neighbours do not nest.
  std::string text = "[[]";
  for (int i = 0; i < 1'000; ++i)
    text += ",[{}]";
  EXPECT_EQ(parse(text + "]"), JsonError::none);
}

TEST(JsonDocument, TellsWhereTheGrammarFails) {
  JsonDocument document;
  ASSERT_EQ(document.parse("{\"a\":1,}"), JsonError::grammar);
  EXPECT_EQ(document.error_offset(), 7u);
  ASSERT_EQ(document.parse("{} x"), JsonError::grammar);
  EXPECT_EQ(document.error_offset(), 3u);
  ASSERT_EQ(document.parse("[1"), JsonError::grammar);
  EXPECT_EQ(document.error_offset(), 2u);
}

TEST(JsonDocument, WalksMembersAndSkipsContainersInOneStep) {
  JsonDocument document;
  ASSERT_EQ(document.parse(R"( {"a" : {"x":[1,{}]} , "b\n":[ ] ,"":"q\"", "z":null} )"),
            JsonError::none);
  std::vector<std::string> seen;
  for (JsonValue key = document.first(document.root()); !document.at_end(key);
       key = document.after(key + 2)) {
    seen.push_back(std::string(document.raw_string(key)) + "=" +
                   std::string(document.raw(key + 2)) +
                   (document.has_escapes(key) ? " escaped" : ""));
  }
  EXPECT_EQ(seen, (std::vector<std::string>{"a={\"x\":[1,{}]}", "b\\n=[ ] escaped", "=\"q\\\"\"",
                                            "z=null"}));
  EXPECT_EQ(document.raw(document.root()),
            R"({"a" : {"x":[1,{}]} , "b\n":[ ] ,"":"q\"", "z":null})");
}

TEST(JsonDocument, ServesTextAfterTextOfAnySize) {
  JsonDocument document;
  for (const std::size_t size : {std::size_t{0}, std::size_t{63}, std::size_t{64},
                                 std::size_t{100'000}, std::size_t{5}, std::size_t{500'000}}) {
    const std::string text = "[\"" + std::string(size, 'x') + "\"]";
    ASSERT_EQ(document.parse(text), JsonError::none);
    EXPECT_EQ(document.raw_string(document.first(document.root())).size(), size);
    EXPECT_EQ(document.parse("[1,"), JsonError::grammar);
    EXPECT_EQ(document.parse("\"\xFF\""), JsonError::not_utf8);
  }
}

TEST(JsonDocument, ReliesOnNothingBehindTheText) {
  const std::string text = "{\"a\":1}, \"more\": \"\xFF";
  EXPECT_EQ(parse(std::string_view(text).substr(0, 7)), JsonError::none);
  EXPECT_EQ(parse(std::string_view("12345").substr(0, 3)), JsonError::none);
  EXPECT_EQ(parse(std::string_view("\"ab\"").substr(0, 3)), JsonError::unclosed_string);
}

TEST(JsonDocument, AgreesWithASlowCheckerOnGarbage) {
  static constexpr std::string_view pieces[] = {
      "{",      "}",  "[",     "]",         ":",    ",",       "\"",      "\"a\"",     "\"\"",
      "\"k\":", "1",  "-",     "0",         ".5",   "e3",      "true",    "false",     "null",
      " ",      "\n", "\t",    "\\",        "\\\"", "\\u00e9", "\"\\n\"", "\"\\u12\"", "x",
      "[]",     "{}", "[1,2]", "{\"a\":1}", "ž",    ",\"b\":", "\f",      "\x1A"};
  std::mt19937 random(20261123);
  const auto below = [&](std::size_t bound) { return random() % bound; };
  JsonDocument document;
  int valid = 0;
  for (int round = 0; round < 200'000; ++round) {
    std::string text;
    for (auto left = 1 + below(7); left > 0; --left)
      text += pieces[below(std::size(pieces))];
    // White space moves the text across the blocks that the indexer reads.
    if (round % 3 == 0) text.insert(0, below(70), ' ');
    const bool expected = SlowChecker::is_json(text);
    ASSERT_EQ(document.parse(text) == JsonError::none, expected) << text;
    if (!expected) continue;
    ++valid;
    ASSERT_EQ(written(document, document.root()), without_blanks(text)) << text;
  }
  EXPECT_GT(valid, 2'000);
}

TEST(JsonDocument, AgreesWithASlowCheckerOnDamagedJson) {
  static constexpr std::string_view whole =
      R"({"type":"track","properties":{"a":[1,-2.5e3,"x\"y",{"b":null}],"c":{"d":true,"e":false}},)"
      R"("s":"long enough to cross a block of sixty-four bytes, \\ \u00e9","t":[[],{}, 0 ]})";
  static constexpr std::string_view bytes = "{}[]:,\"\\ 01-.eEtfnu\n";
  std::mt19937 random(7);
  JsonDocument document;
  ASSERT_TRUE(SlowChecker::is_json(whole));
  for (int round = 0; round < 100'000; ++round) {
    std::string text(whole);
    for (auto left = 1 + random() % 3; left > 0; --left) {
      const std::size_t at = random() % text.size();
      switch (random() % 3) {
        case 0:
          text[at] = bytes[random() % bytes.size()];
          break;
        case 1:
          text.erase(at, 1 + random() % 4);
          break;
        default:
          text.insert(at, 1, bytes[random() % bytes.size()]);
      }
    }
    ASSERT_EQ(document.parse(text) == JsonError::none, SlowChecker::is_json(text)) << text;
  }
}

TEST(UnescapeJson, ResolvesEveryEscape) {
  std::string out = "kept ";
  EXPECT_EQ(unescape_json(R"(a\"\\\/\b\f\n\r\tz\u0041\u00e9\u65e5\uD83D\uDE00)", out),
            Replaced::no);
  EXPECT_EQ(out, "kept a\"\\/\b\f\n\r\tzAé日😀");
}

TEST(UnescapeJson, ReplacesNulAndLoneSurrogates) {
  const auto unescaped = [](std::string_view raw) {
    std::string out;
    EXPECT_EQ(unescape_json(raw, out), Replaced::yes) << raw;
    return out;
  };
  EXPECT_EQ(unescaped(R"(a\u0000b)"), "a\uFFFDb");
  EXPECT_EQ(unescaped(R"(\ud83d)"), "\uFFFD");
  EXPECT_EQ(unescaped(R"(\ude00x)"), "\uFFFDx");
  EXPECT_EQ(unescaped(R"(\ud83d\n)"), "\uFFFD\n");
  EXPECT_EQ(unescaped(R"(\ud83d\u0041)"),
            "\uFFFD"
            "A");
  EXPECT_EQ(unescaped(R"(\ud83d\ud83d\ude00)"), "\uFFFD😀");
  EXPECT_EQ(unescaped(R"(\ude00\ud83d)"), "\uFFFD\uFFFD");
}

}  // namespace
}  // namespace dray
