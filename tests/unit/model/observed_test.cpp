#include "model/observed.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace dray {
namespace {

Observed text_seen(std::string_view value, Observed seen = 0) {
  return observed_kind(CellKind::text) | observed_spelling(value, seen);
}

constexpr Observed integer_seen = observed_kind(CellKind::integer);
constexpr Observed real_seen = observed_kind(CellKind::real);
constexpr Observed huge_seen = observed_kind(CellKind::huge);
constexpr Observed boolean_seen = observed_kind(CellKind::boolean);
constexpr Observed time_seen = observed_kind(CellKind::time_text);
constexpr Observed array_seen = observed_kind(CellKind::array);

TEST(ObservedSpelling, TellsWhatAStringSpells) {
  for (const auto* word : {"true", "false"})
    EXPECT_EQ(observed_spelling(word, 0), observed_text_boolean) << word;
  for (const auto* word : {"0", "-0", "12", "-12", "999999999999999", "9007199254740992"})
    EXPECT_EQ(observed_spelling(word, 0), observed_text_integer) << word;
  for (const auto* word : {"9007199254740993", "9223372036854775807", "-9223372036854775807"})
    EXPECT_EQ(observed_spelling(word, 0), observed_text_wide) << word;
  for (const auto* word : {"1.0", "12.50", "1e3", "1e+21", "100000000000000000000"})
    EXPECT_EQ(observed_spelling(word, 0), observed_text_real) << word;
  for (const auto* word : {"", "012", "+12", " 5", "True", "t", "1e400", "0.1000000000000000055",
                           "18446744073709551616", "-", "12a", "red"}) {
    EXPECT_EQ(observed_spelling(word, 0), observed_text_other) << word;
  }
}

TEST(ObservedSpelling, LooksNoFurtherWhereNothingDependsOnIt) {
  EXPECT_EQ(observed_spelling("12", observed_text_other), observed_text_other);
  // A column with one such integer is no double, whatever the others are.
  EXPECT_EQ(observed_spelling("9007199254740992", observed_text_wide), observed_text_wide);
}

TEST(NarrowestType, OfOneKindIsItsOwn) {
  EXPECT_EQ(narrowest_type(boolean_seen), ColumnType::boolean);
  EXPECT_EQ(narrowest_type(integer_seen), ColumnType::bigint);
  EXPECT_EQ(narrowest_type(real_seen), ColumnType::double_precision);
  EXPECT_EQ(narrowest_type(integer_seen | real_seen), ColumnType::double_precision);
  EXPECT_EQ(narrowest_type(time_seen), ColumnType::timestamp);
  EXPECT_EQ(narrowest_type(observed_kind(CellKind::micros)), ColumnType::timestamp);
  for (const Observed other :
       {huge_seen, array_seen, text_seen("12"), text_seen("true"), text_seen("x"), Observed(0)})
    EXPECT_EQ(narrowest_type(other), ColumnType::varchar) << other;
}

TEST(NarrowestType, StringsThatFitAreOfTheNumbersKind) {
  EXPECT_EQ(narrowest_type(integer_seen | text_seen("2")), ColumnType::bigint);
  EXPECT_EQ(narrowest_type(integer_seen | text_seen("9007199254740993")), ColumnType::bigint);
  EXPECT_EQ(narrowest_type(integer_seen | text_seen("2.0")), ColumnType::double_precision);
  EXPECT_EQ(narrowest_type(real_seen | text_seen("2")), ColumnType::double_precision);
  EXPECT_EQ(narrowest_type(real_seen | text_seen("2") | text_seen("12.50")),
            ColumnType::double_precision);
  EXPECT_EQ(narrowest_type(boolean_seen | text_seen("true") | text_seen("false")),
            ColumnType::boolean);
}

TEST(NarrowestType, OtherMixturesAreText) {
  for (const Observed mixture :
       {integer_seen | text_seen("x"), integer_seen | text_seen(""),
        integer_seen | text_seen("012"), integer_seen | text_seen("true"),
        real_seen | text_seen("9007199254740993"),
        integer_seen | text_seen("9007199254740993") | text_seen("0.5"), huge_seen | text_seen("1"),
        integer_seen | huge_seen, integer_seen | boolean_seen, boolean_seen | text_seen("True"),
        boolean_seen | text_seen("1"), integer_seen | time_seen, time_seen | text_seen("x"),
        integer_seen | array_seen, integer_seen | text_seen("2") | array_seen,
        boolean_seen | text_seen("true") | integer_seen}) {
    EXPECT_EQ(narrowest_type(mixture), ColumnType::varchar) << mixture;
  }
}

// What a worker knew when it looked at a string must not show in the type.
TEST(NarrowestType, DoesNotDependOnTheOrderOfTheValues) {
  std::vector<std::string_view> texts = {"1", "0.5", "9007199254740993", "x", "true"};
  for (unsigned chosen = 0; chosen < 1U << texts.size(); ++chosen) {
    std::vector<std::string_view> some;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if ((chosen >> i & 1U) != 0) some.push_back(texts[i]);
    }
    std::ranges::sort(some);
    for (const Observed others :
         {Observed(0), integer_seen, real_seen, boolean_seen, integer_seen | real_seen}) {
      Observed at_once = others;
      for (const std::string_view value : some)
        at_once |= text_seen(value);
      const ColumnType expected = narrowest_type(at_once);
      do {
        Observed seen = others;
        for (const std::string_view value : some)
          seen |= text_seen(value, seen);
        EXPECT_EQ(narrowest_type(seen), expected) << chosen << " beside " << others;
      } while (std::ranges::next_permutation(some).found);
    }
  }
}

}  // namespace
}  // namespace dray
