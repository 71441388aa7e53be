#include "transform/naming.h"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <string>

#include "base/hash.h"
#include "support/source_directory.h"

namespace dray {
namespace {

TEST(SnakeCase, FollowsTheVectors) {
  std::ifstream file(testing_support::in_source("tests/golden/naming/snakecase-vectors.tsv"));
  ASSERT_TRUE(file);
  std::string line;
  std::getline(file, line);  // the heading
  int vectors = 0;
  while (std::getline(file, line)) {
    const std::size_t input = line.find('\t') + 1;
    const std::size_t output = line.find('\t', input) + 1;
    ASSERT_GT(output, input) << line;
    EXPECT_EQ(snake_case(std::string_view(line).substr(input, output - 1 - input)),
              std::string_view(line).substr(output))
        << line;
    ++vectors;
  }
  EXPECT_GE(vectors, 80);
}

TEST(SnakeCase, MayBeEmpty) {
  for (const auto* text : {"", " ", "___", "$%&", "日本語", "Ж"})
    EXPECT_EQ(snake_case(text), "");
}

TEST(SnakeCase, SeparatesAtEveryByteThatIsNoAsciiLetterOrDigit) {
  EXPECT_EQ(snake_case("Größe"), "gr_e");
  EXPECT_EQ(snake_case("a\tb\nc"), "a_b_c");
  EXPECT_EQ(snake_case(std::string_view("a\0b", 3)), "a_b");
}

TEST(SnakeCase, IsIdempotentAndOfSafeCharacters) {
  static constexpr std::string_view bytes = "aZ09_- B\xC3\xA9.x";
  std::mt19937 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto left = random() % 12; left > 0; --left)
      text += bytes[random() % bytes.size()];
    const std::string once = snake_case(text);
    ASSERT_EQ(snake_case(once), once) << text;
    ASSERT_EQ(once.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_"), std::string::npos);
    ASSERT_FALSE(once.starts_with('_') || once.ends_with('_')) << text;
    ASSERT_EQ(once.find("__"), std::string::npos) << text;
  }
}

TEST(IsReservedWord, KnowsTheListAndItsExceptions) {
  for (const auto* word : {"aes128", "all", "group", "order", "select", "user", "without", "tag"}) {
    EXPECT_TRUE(is_reserved_word(word)) << word;
  }
  for (const auto* word : {"", "start", "connect", "language", "timestamp", "SELECT", "users",
                           "name", "value", "type"}) {
    EXPECT_FALSE(is_reserved_word(word)) << word;
  }
}

TEST(EventSlug, IsHashedWhenNothingIsLeft) {
  EXPECT_EQ(event_slug("Order Completed"), "order_completed");
  EXPECT_EQ(event_slug("日本"), "event_" + sha256_hex8("日本"));
  EXPECT_EQ(event_slug(" "), "event_" + sha256_hex8(" "));
  EXPECT_NE(event_slug(" "), event_slug("  "));
}

TEST(EventSlug, IsNotCut) { EXPECT_EQ(event_slug(std::string(500, 'a')), std::string(500, 'a')); }

TEST(EventTable, IsKeptApartFromTheFixedTables) {
  for (const std::string name :
       {"accounts", "aliases", "groups", "identifies", "pages", "screens", "tracks", "users"}) {
    EXPECT_EQ(event_table(name), "_" + name);
  }
  EXPECT_EQ(event_table("page"), "page");
}

TEST(EventTable, IsPrefixedForReservedWordsAndDigits) {
  EXPECT_EQ(event_table("order"), "_order");
  EXPECT_EQ(event_table("2fa_enabled"), "_2fa_enabled");
  EXPECT_EQ(event_table("order_completed"), "order_completed");
}

TEST(EventTable, IsCutWithAHashOfTheWholeName) {
  const std::string fits(127, 'a');
  const std::string cut(128, 'a');
  EXPECT_EQ(event_table(fits), fits);
  EXPECT_EQ(event_table(cut), std::string(118, 'a') + "_" + sha256_hex8(cut));
  EXPECT_EQ(event_table(cut).size(), name_bytes_max);
  EXPECT_NE(event_table(cut + "a"), event_table(cut));
  // The prefix counts.
  const std::string digit = "1" + std::string(126, 'a');
  EXPECT_EQ(event_table(digit), "_1" + std::string(116, 'a') + "_" + sha256_hex8("_" + digit));
}

TEST(KeySegment, IsHashedWhenNothingIsLeft) {
  EXPECT_EQ(key_segment("orderId"), "order_id");
  EXPECT_EQ(key_segment(""), "key_" + sha256_hex8(""));
  EXPECT_EQ(key_segment("日本"), "key_" + sha256_hex8("日本"));
  EXPECT_NE(key_segment("日"), key_segment("本"));
}

TEST(PropertyColumn, IsKeptApartFromStandardColumnsAndContext) {
  for (const std::string name :
       {"id", "received_at", "uuid", "uuid_ts", "anonymous_id", "user_id", "sent_at", "timestamp",
        "original_timestamp", "event", "event_text", "group_id", "previous_id"}) {
    EXPECT_EQ(property_column(name), "_" + name);
  }
  EXPECT_EQ(property_column("context_ip"), "_context_ip");
  EXPECT_EQ(property_column("context"), "context");
  EXPECT_EQ(property_column("contextual"), "contextual");
}

TEST(PropertyColumn, IsPrefixedByItsWholeNameOnly) {
  EXPECT_EQ(property_column("order"), "_order");
  EXPECT_EQ(property_column("order_id"), "order_id");
  EXPECT_EQ(property_column("3d"), "_3d");
  EXPECT_EQ(property_column("product_3d"), "product_3d");
}

TEST(ContextColumn, IsPrefixedAndCut) {
  EXPECT_EQ(context_column("ip"), "context_ip");
  EXPECT_EQ(context_column("group"), "context_group");
  const std::string fits(119, 'a');
  EXPECT_EQ(context_column(fits), "context_" + fits);
  EXPECT_EQ(context_column(fits + "a").size(), name_bytes_max);
  EXPECT_TRUE(context_column(fits + "a").ends_with("_" + sha256_hex8("context_" + fits + "a")));
}

TEST(SchemaName, ObeysTheSameRules) {
  EXPECT_EQ(schema_name("Web Shop"), "web_shop");
  EXPECT_EQ(schema_name("user"), "_user");
  EXPECT_EQ(schema_name("2024 data"), "_2024_data");
  EXPECT_EQ(schema_name("日本"), "");
  EXPECT_EQ(schema_name(""), "");
}

TEST(SchemaName, IsIdempotent) {
  for (const std::string name : {"Web Shop", "user", "2024 data", "plain", "kWebShop01", "_x"}) {
    const std::string once = schema_name(name);
    EXPECT_EQ(schema_name(once), once) << name;
  }
  for (std::size_t first = 100; first < 130; ++first) {
    // Cut inside a word, before one and behind one.
    const std::string cut = schema_name(std::string(first, 'q') + " " + std::string(100, 'z'));
    EXPECT_LE(cut.size(), name_bytes_max);
    EXPECT_GE(cut.size(), name_bytes_max - 1);
    EXPECT_EQ(schema_name(cut), cut);
  }
}

TEST(IsTooLong, LooksAtBytes) {
  EXPECT_FALSE(is_too_long(std::string(127, 'a')));
  EXPECT_TRUE(is_too_long(std::string(128, 'a')));
}

}  // namespace
}  // namespace dray
