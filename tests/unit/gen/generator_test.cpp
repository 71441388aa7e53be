#include "gen/generator.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "gen/schedule.h"

namespace dray::gen {
namespace {

Options options_of(std::uint64_t events) {
  Options options;
  options.events = events;
  return options;
}

std::string text_of(const Generator& generator, std::uint64_t first, std::uint64_t end,
                    Counts& counts) {
  std::string text;
  for (std::uint64_t index = first; index < end; ++index)
    generator.append(index, text, counts);
  return text;
}

std::string all_of(const Options& options) {
  Counts counts;
  return text_of(Generator{options}, 0, options.events, counts);
}

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const auto end = text.find('\n');
    lines.push_back(text.substr(0, end));
    text.remove_prefix(end + 1);
  }
  return lines;
}

// The string member `key` of the line; none of the keys asked for here occurs deeper down before
// it.
std::string_view member(std::string_view line, std::string_view key) {
  const std::string opening = "\"" + std::string{key} + "\":\"";
  const auto at = line.find(opening);
  if (at == std::string_view::npos) return {};
  const auto start = at + opening.size();
  return line.substr(start, line.find('"', start) - start);
}

std::size_t properties_in(std::string_view line) {
  const std::string_view opening = "\"properties\":{";
  const auto start = line.find(opening);
  if (start == std::string_view::npos) return 0;
  std::size_t members = 0;
  int depth = 1;
  bool quoted = false;
  for (std::size_t i = start + opening.size(); depth > 0; ++i) {
    const char c = line.at(i);
    if (c == '\\') {
      ++i;
    } else if (c == '"') {
      quoted = !quoted;
    } else if (!quoted) {
      depth += (c == '{' || c == '[') ? 1 : (c == '}' || c == ']') ? -1 : 0;
      members += c == ':' && depth == 1 ? 1U : 0U;
    }
  }
  return members;
}

Options soiled(std::uint64_t events) {
  Options options = options_of(events);
  options.duplicates_ppm = 50'000;
  options.late_ppm = 30'000;
  options.conflicts_ppm = 40'000;
  options.bad_ppm = 20'000;
  options.nulls_ppm = 10'000;
  return options;
}

TEST(Generator, GivesTheSameBytesForTheSameOptions) {
  EXPECT_EQ(all_of(soiled(2'000)), all_of(soiled(2'000)));
}

TEST(Generator, HasAFewClientsWhoseClocksRunMinutesAhead) {
  // Times of one form compare as text.
  const std::string text = all_of(options_of(20'000));
  int ahead = 0;
  for (const std::string_view line : lines_of(text))
    ahead += member(line, "sentAt") > member(line, "receivedAt") ? 1 : 0;
  EXPECT_GT(ahead, 20'000 / 200);
  EXPECT_LT(ahead, 20'000 / 50);
}

TEST(Generator, GivesTheSameBytesWithEveryCompiler) {
  // Numbers drawn in an order that the compiler chooses would show here. A change of the output is
  // no mistake, but must be one that is meant.
  Options synthetic = soiled(1'000);
  synthetic.kinds = 60;
  Options wide = soiled(300);
  wide.width = 20;
  const std::string text = all_of(soiled(2'000)) + all_of(synthetic) + all_of(wide);
  std::uint64_t hash = 0xcbf29ce484222325U;  // FNV-1a
  for (const char c : text)
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3U;
  EXPECT_EQ(hash, 4097410829929665388U);
}

TEST(Generator, GivesOtherEventsForAnotherSeedOrSource) {
  Options seeded = options_of(10);
  seeded.seed = 2;
  Options other = options_of(10);
  other.source_id = "another";
  EXPECT_NE(all_of(options_of(10)), all_of(seeded));
  EXPECT_NE(all_of(options_of(10)), all_of(other));
}

TEST(Generator, GivesTheSameLinesInWhateverOrderTheyAreAskedFor) {
  const Options options = soiled(600);
  const Generator generator{options};
  Counts counts;
  std::vector<std::string> backwards;
  for (std::uint64_t index = options.events; index-- > 0;) {
    backwards.push_back(text_of(generator, index, index + 1, counts));
  }
  std::string joined;
  for (auto text = backwards.rbegin(); text != backwards.rend(); ++text)
    joined += *text;
  EXPECT_EQ(joined, all_of(options));
}

TEST(Generator, GivesTheSameLinesHoweverTheyAreCutIntoObjects) {
  const Options options = soiled(1'500);
  const Generator generator{options};
  for (const std::uint64_t files : {7U, 8U, 100U, 1'500U}) {
    Split split;
    split.files = files;
    const Objects objects{options, split, generator.schedule()};
    ASSERT_EQ(objects.count(), files);
    std::string joined;
    std::set<std::string> keys;
    Counts counts;
    for (std::uint64_t number = 0; number < objects.count(); ++number) {
      const auto object = objects.at(number);
      ASSERT_LT(object.first, object.end);
      joined += text_of(generator, object.first, object.end, counts);
      keys.insert(object.key);
    }
    EXPECT_EQ(joined, all_of(options)) << files;
    EXPECT_EQ(keys.size(), files);
  }
}

TEST(Generator, CountsWhatItWrites) {
  const Options options = soiled(3'000);
  Counts counts;
  const std::string text = text_of(Generator{options}, 0, options.events, counts);
  EXPECT_EQ(counts.events, 3'000U);
  EXPECT_EQ(counts.lines, counts.events + counts.duplicates + counts.bad);
  EXPECT_EQ(counts.lines, lines_of(text).size());
  EXPECT_EQ(counts.raw_bytes, text.size());
  EXPECT_NEAR(static_cast<double>(counts.duplicates), 150, 50);
  EXPECT_NEAR(static_cast<double>(counts.bad), 60, 30);
  EXPECT_NEAR(static_cast<double>(counts.late), 90, 40);
  EXPECT_NEAR(static_cast<double>(counts.conflicts), 120, 45);
}

TEST(Generator, IsCleanByDefault) {
  Counts counts;
  const std::string text = text_of(Generator{options_of(3'000)}, 0, 3'000, counts);
  EXPECT_EQ(counts.duplicates + counts.bad + counts.late + counts.conflicts, 0U);
  std::set<std::string_view> ids;
  for (const auto line : lines_of(text)) {
    ASSERT_TRUE(line.starts_with('{') && line.ends_with('}'));
    ASSERT_FALSE(member(line, "userId").empty() && member(line, "anonymousId").empty()) << line;
    ids.insert(member(line, "messageId"));
  }
  EXPECT_EQ(ids.size(), 3'000U);
}

TEST(Generator, KeepsTheSharesOfTheMix) {
  Options options = options_of(20'000);
  options.mix = {50, 20, 10, 10, 5, 5};
  std::map<std::string, int, std::less<>> seen;
  const std::string text = all_of(options);
  for (const auto line : lines_of(text)) {
    for (const auto name : type_names) {
      if (line.find("\"type\":\"" + std::string{name} + "\",\"userId\"") !=
          std::string_view::npos) {
        ++seen[std::string{name}];
      }
    }
  }
  EXPECT_NEAR(seen["track"], 10'000, 500);
  EXPECT_NEAR(seen["page"], 4'000, 300);
  EXPECT_NEAR(seen["identify"], 2'000, 200);
  EXPECT_NEAR(seen["screen"], 2'000, 200);
  EXPECT_NEAR(seen["group"], 1'000, 150);
  EXPECT_NEAR(seen["alias"], 1'000, 150);
}

TEST(Generator, WritesOnlyOneTypeWhenAsked) {
  Options options = options_of(500);
  options.mix = {0, 100, 0, 0, 0, 0};
  const std::string text = all_of(options);
  for (const auto line : lines_of(text)) {
    EXPECT_NE(line.find("\"type\":\"page\""), std::string_view::npos);
  }
}

TEST(Generator, SharesTheTrackEventsAmongTheKinds) {
  for (const std::uint32_t kinds : {1U, 5U, 14U, 60U}) {
    Options options = options_of(20'000);
    options.kinds = kinds;
    std::map<std::string_view, int> seen;
    const std::string text = all_of(options);
    for (const auto line : lines_of(text)) {
      if (const auto event = member(line, "event"); !event.empty()) ++seen[event];
    }
    EXPECT_EQ(seen.size(), kinds);
    EXPECT_EQ(seen.contains("Feature 0017 Used"), kinds == 60);
    const auto most =
        std::ranges::max_element(seen, {}, [](const auto& entry) { return entry.second; });
    EXPECT_EQ(most->first, "Product Viewed");
  }
}

TEST(Generator, GivesDuplicatesTheMessageIdOfAnEarlierEvent) {
  Options options = options_of(4'000);
  options.duplicates_ppm = 100'000;
  const Generator generator{options};
  int same_bytes = 0;
  int sent_again = 0;
  for (std::uint64_t index = 0; index < options.events; ++index) {
    const auto of = generator.duplicate_at(index);
    Counts counts;
    const std::string text = text_of(generator, index, index + 1, counts);
    const auto lines = lines_of(text);
    ASSERT_EQ(lines.size(), of ? 2U : 1U);
    if (!of) continue;
    ASSERT_LT(*of, index);
    const std::string earlier_text = text_of(generator, *of, *of + 1, counts);
    const auto earlier = lines_of(earlier_text).front();
    ASSERT_EQ(member(lines[1], "messageId"), member(earlier, "messageId"));
    ASSERT_EQ(member(lines[1], "timestamp"), member(earlier, "timestamp"));
    (lines[1] == earlier ? same_bytes : sent_again) += 1;
    EXPECT_EQ(lines[1] == earlier, member(lines[1], "receivedAt") == member(earlier, "receivedAt"));
  }
  EXPECT_GT(same_bytes, 50);
  EXPECT_GT(sent_again, 100);
}

TEST(Generator, GivesTrackEventsExactlyTheWidth) {
  for (const std::uint32_t width : {0U, 1U, 37U, 400U}) {
    Options options = options_of(200);
    options.width = width;
    options.conflicts_ppm = 500'000;
    options.nulls_ppm = 100'000;
    const std::string text = all_of(options);
    for (const auto line : lines_of(text)) {
      if (!member(line, "event").empty()) {
        ASSERT_EQ(properties_in(line), width);
      }
    }
  }
}

TEST(Generator, PutsWhatWasReceivedOnADayIntoThatDay) {
  const Options options = options_of(5'000);
  const Generator generator{options};
  const Schedule& schedule = generator.schedule();
  const std::array<std::string_view, 7> days = {"2026-11-01", "2026-11-02", "2026-11-03",
                                                "2026-11-04", "2026-11-05", "2026-11-06",
                                                "2026-11-07"};
  Counts counts;
  for (std::uint64_t index = 0; index < options.events; ++index) {
    const std::string line = text_of(generator, index, index + 1, counts);
    ASSERT_EQ(member(line, "receivedAt").substr(0, 10), days.at(schedule.place(index).day));
  }
}

TEST(Objects, NameTheDayAsTheLayoutDoes) {
  Options options = options_of(700);
  options.source_id = "src1";
  const Schedule schedule{options};
  Split split;
  EXPECT_TRUE(
      Objects(options, split, schedule).at(0).key.starts_with("segment-logs/src1/1793491200000/"));
  EXPECT_TRUE(Objects(options, split, schedule).at(0).key.ends_with(".gz"));
  split.layout = Layout::rudder;
  EXPECT_TRUE(
      Objects(options, split, schedule).at(6).key.starts_with("rudder-logs/src1/2026-11-07/"));
  split.layout = Layout::flat;
  split.files = 2;
  EXPECT_EQ(Objects(options, split, schedule).at(1).key, "src1-000002.json.gz");
}

TEST(ParseMix, TakesNamedWeightsOnly) {
  using Mix = std::array<std::uint32_t, type_count>;
  EXPECT_EQ(parse_mix("page=1,track=3"), (Mix{3, 1, 0, 0, 0, 0}));
  EXPECT_EQ(parse_mix("pages=1"), std::nullopt);
  EXPECT_EQ(parse_mix("page=1,"), std::nullopt);
  EXPECT_EQ(parse_mix("page=-1"), std::nullopt);
}

TEST(ParseDate, RefusesDaysThatDoNotExist) {
  EXPECT_TRUE(parse_date("2028-02-29").has_value());
  EXPECT_FALSE(parse_date("2027-02-29").has_value());
  EXPECT_FALSE(parse_date("2027-2-09").has_value());
}

TEST(FaultOf, SaysWhichFlagIsWrong) {
  Options options = options_of(100);
  EXPECT_EQ(fault_of(options, {}), std::nullopt);
  Split split;
  split.files = 3;
  EXPECT_NE(fault_of(options, split).value_or("").find("--days"), std::string::npos);
  options.source_id = "../elsewhere";
  EXPECT_NE(fault_of(options, {}).value_or("").find("--source-id"), std::string::npos);
}

}  // namespace
}  // namespace dray::gen
