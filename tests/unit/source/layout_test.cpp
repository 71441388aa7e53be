#include "source/layout.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

namespace dray {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_days;

std::optional<sys_days> day_of(std::string_view key) {
  const auto facts = classify_key(key);
  EXPECT_TRUE(facts.has_value()) << key;
  return facts ? facts->received_day : std::nullopt;
}

constexpr sys_days may_fourth = sys_days{2017y / 5 / 4};
constexpr sys_days november_first = sys_days{2026y / 11 / 1};

TEST(ClassifyKey, TellsTheEncodingByTheEndingWhateverItsCase) {
  EXPECT_EQ(classify_key("a.gz")->encoding, Encoding::gzip);
  EXPECT_EQ(classify_key("a.json.gz")->encoding, Encoding::gzip);
  EXPECT_EQ(classify_key("A.JSON.GZ")->encoding, Encoding::gzip);
  EXPECT_EQ(classify_key("a.ndjson.zst")->encoding, Encoding::zstd);
  EXPECT_EQ(classify_key("a.json")->encoding, Encoding::plain);
  EXPECT_EQ(classify_key("a.ndjson")->encoding, Encoding::plain);
  EXPECT_EQ(classify_key("x/y z/a\xff\n.jsonl")->encoding, Encoding::plain);
}

TEST(ClassifyKey, LeavesOutWhatIsNoEventFile) {
  for (const char* key : {"", "/", "a", "a.txt", "a.gz/", "gz", "a.gzip", "a.json.bak",
                          "segment-logs/dummy-object.txt", "dummy-object.txt", "a/_SUCCESS"}) {
    EXPECT_FALSE(classify_key(key)) << key;
  }
}

TEST(ClassifyKey, LeavesOutHiddenAndTemporaryComponentsWhereverTheyAre) {
  for (const char* key :
       {".gz", ".a.gz", ".git/a.gz", "x/.snapshot/a.gz", "_temporary/0/a.gz", "x/_temporary/a.gz",
        "a.gz~", "a.gz.tmp", "a.gz.part", "a.gz.partial", "a.gz.crdownload", "b.tmp/a.gz",
        "lost+found/a.gz", "x//a.gz", "/a.gz", "../a.gz", "./a.gz"}) {
    EXPECT_FALSE(classify_key(key)) << key;
  }
  EXPECT_TRUE(classify_key("_temporary2/a.gz"));
  EXPECT_TRUE(classify_key("part/tmp.gz"));
}

TEST(ClassifyKey, ReadsSegmentsDayFromMilliseconds) {
  EXPECT_EQ(day_of("segment-logs/GsDiILK8mG/1493856000000/1.gz"), may_fourth);
  EXPECT_EQ(day_of("my/prefix/segment-logs/GsDiILK8mG/1493856000000/1.gz"), may_fourth);
  EXPECT_EQ(day_of("segment-logs/GsDiILK8mG/1432684800000/1.gz"), sys_days{2015y / 5 / 27});
}

TEST(ClassifyKey, ReadsRudderStacksDayInBothWritings) {
  EXPECT_EQ(day_of("p/rudder-logs/2abc/2026-11-01/1.json.gz"), november_first);
  EXPECT_EQ(day_of("p/rudder-logs/2abc/11-01-2026/1.json.gz"), november_first);
}

TEST(ClassifyKey, FindsTheDayWhereverInsideTheLayoutTheRootLies) {
  EXPECT_EQ(day_of("GsDiILK8mG/1493856000000/1.gz"), may_fourth);
  EXPECT_EQ(day_of("1493856000000/1.gz"), may_fourth);
  EXPECT_EQ(day_of("2026-11-01/1.gz"), november_first);
  EXPECT_EQ(day_of("1.gz"), std::nullopt);
}

TEST(ClassifyKey, TakesTheLayoutsDayAndNotOneInFrontOfIt) {
  EXPECT_EQ(day_of("2020-01-01/segment-logs/src/1493856000000/1.gz"), may_fourth);
  EXPECT_EQ(day_of("segment-logs/segment-logs/src/1493856000000/1.gz"), may_fourth);
  EXPECT_EQ(day_of("segment-logs/2026-11-01/1493856000000/1.gz"), may_fourth);
}

TEST(ClassifyKey, KnowsNoDayWhereThereIsNone) {
  for (const char* key :
       {"segment-logs/src/1493856000001/1.gz", "segment-logs/src/149385600000/1.gz",
        "segment-logs/src/2026-02-30/1.gz", "a/b/2026-11-01/1.gz", "2026-13-01/1.gz",
        "2026-1-001/1.gz", "00000000000-1/1.gz", "-49385600000/1.gz",
        "segment-logs/1493856000000.gz", "2026-11-01.gz", "x/2026-11-01.gz"}) {
    EXPECT_EQ(day_of(key), std::nullopt) << key;
  }
}

TEST(ListingStart, LeavesTheLastDaysOpen) {
  const auto start = [](std::string_view first, std::string_view last) {
    return listing_start(first, last, std::chrono::days(3), november_first);
  };
  EXPECT_EQ(start("1490000400000/1.gz", "1493856000000/1.gz"), std::nullopt) << "no midnight";
  EXPECT_EQ(start("1490054400000/1.gz", "1493856000000/1.gz"), "1493596800000");
  EXPECT_EQ(start("segment-logs/a/1490054400000/1.gz", "segment-logs/a/1493856000000/1.gz"),
            "segment-logs/a/1493596800000");
  EXPECT_EQ(start("2026-10-01/1.gz", "2026-10-31/1.gz"), "2026-10-28");
  // All of those days' keys are behind it, none of the day before.
  EXPECT_LT(std::string("2026-10-28"), std::string("2026-10-28/"));
  EXPECT_GT(std::string("2026-10-28"), std::string("2026-10-27/zzz"));
}

TEST(ListingStart, DoesNotBelieveADayThatHasNotCome) {
  EXPECT_EQ(
      listing_start("2026-01-01/1.gz", "2099-01-01/1.gz", std::chrono::days(3), november_first),
      "2026-10-29");
}

TEST(ListingStart, IsNowhereWhereTheKeysDoNotTell) {
  const auto start = [](std::string_view first, std::string_view last) {
    return listing_start(first, last, std::chrono::days(3), november_first);
  };
  EXPECT_EQ(start("a.gz", "b.gz"), std::nullopt);
  EXPECT_EQ(start("2026-10-01/1.gz", "x.gz"), std::nullopt);
  EXPECT_EQ(start("2026-10-01/1.gz", "rudder-logs/a/2026-10-31/1.gz"), std::nullopt);
  EXPECT_EQ(start("segment-logs/a/1490054400000/1.gz", "segment-logs/b/1493856000000/1.gz"),
            std::nullopt)
      << "another source's days may lie between";
  EXPECT_EQ(start("rudder-logs/a/01-01-2026/1.gz", "rudder-logs/a/12-01-2025/1.gz"), std::nullopt)
      << "these do not sort by day";
  EXPECT_EQ(start("2026-10-30/1.gz", "2026-10-31/1.gz"), std::nullopt) << "all days are open";
}

}  // namespace
}  // namespace dray
