#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <string>

#include "config/config.h"
#include "config/settings.h"

namespace dray {
namespace {

TEST(ConfigTemplate, ParsesAsItIs) {
  const auto config = parse_config(config_template(), "dray.yaml", "");
  ASSERT_TRUE(config.ok()) << config.error().text();
  EXPECT_EQ(config->sources.at(0).name, "shop");
}

// "# key: value" without the "# ": what a person does who wants to change it.
TEST(ConfigTemplate, ParsesWithEverySettingUncommented) {
  const std::string text = std::regex_replace(config_template(), std::regex("# ([a-z_]+: )"), "$1");
  const auto config = parse_config(text, "dray.yaml", "");
  ASSERT_TRUE(config.ok()) << config.error().text() << "\n" << text;
  EXPECT_TRUE(config->sources.at(0).history);
  EXPECT_TRUE(config->warehouse_id);
}

TEST(ConfigTemplate, HoldsEverySetting) {
  const std::string text = config_template();
  for (const Setting& setting : top_settings()) {
    EXPECT_NE(text.find(std::string(setting.key) + ":"), std::string::npos) << setting.key;
  }
  for (const Setting& setting : source_settings()) {
    EXPECT_NE(text.find(std::string(setting.key) + ":"), std::string::npos) << setting.key;
  }
}

TEST(ConfigTemplate, HasShortLines) {
  const std::string text = config_template();
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at);
    EXPECT_LE(end - at, 100u);
    at = end + 1;
  }
}

// The defaults stand in the table for people and in the struct for the program.
TEST(Settings, DefaultsOfTheTableAreThoseOfTheProgram) {
  std::string text = "warehouse: duckdb:x\n";
  std::string source = "{name: a, location: b";
  for (const Setting& setting : top_settings()) {
    if (setting.standard.empty()) continue;
    text += std::string(setting.key) + ": " + std::string(setting.standard) + "\n";
  }
  for (const Setting& setting : source_settings()) {
    if (setting.standard.empty()) continue;
    source += ", " + std::string(setting.key) + ": " + std::string(setting.standard);
  }
  const auto config = parse_config(text + "sources: [" + source + "}]\n", "dray.yaml", "");
  ASSERT_TRUE(config.ok()) << config.error().text();
  const Config standard;
  EXPECT_EQ(config->threads, standard.threads);
  EXPECT_EQ(config->memory_bytes, standard.memory_bytes);
  EXPECT_EQ(config->line_bytes_max, standard.line_bytes_max);
  EXPECT_EQ(config->temp_directory, standard.temp_directory);
  EXPECT_EQ(config->contract_columns, standard.contract_columns);
  EXPECT_EQ(config->warehouse_id, standard.warehouse_id);
  EXPECT_EQ(config->sources.at(0).history, SourceConfig{}.history);
}

TEST(Settings, EachHasOneSentence) {
  const auto check = [](const Setting& setting) {
    EXPECT_TRUE(setting.doc.ends_with('.')) << setting.key;
    EXPECT_EQ(setting.doc.find(". "), std::string_view::npos) << setting.key;
    EXPECT_EQ(setting.doc.find('|'), std::string_view::npos) << setting.key;
  };
  std::ranges::for_each(top_settings(), check);
  std::ranges::for_each(source_settings(), check);
}

TEST(ConfigReference, HasARowForEverySetting) {
  const std::string text = config_reference();
  EXPECT_EQ(
      static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')),
      2 + top_settings().size() + source_settings().size() + redshift_table_settings().size());
}

}  // namespace
}  // namespace dray
