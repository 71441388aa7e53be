#include "schedule/zone_data.h"

#include <gtest/gtest.h>
#include <stdlib.h>
#include <time.h>

#include <array>
#include <ctime>
#include <string>
#include <vector>

#include "support/instants.h"

namespace dray {
namespace {

using testing_support::utc;

const std::vector<std::string> some_zones = {
    "Africa/Cairo",        "America/Los_Angeles", "America/New_York", "Asia/Kathmandu",
    "Australia/Lord_Howe", "Europe/Berlin",       "Europe/London",    "UTC"};

std::string remedy(std::string_view name) { return unknown_zone(name, some_zones).remedy; }

TEST(FindZone, TakesNoNameForUtc) {
  const Result<Zone> zone = find_zone("");
  ASSERT_TRUE(zone.ok());
  EXPECT_EQ(zone->name(), "UTC");
}

TEST(FindZone, SaysWhichNamesAreNear) {
  const Result<Zone> zone = find_zone("Europe/Berln");
  ASSERT_FALSE(zone.ok());
  EXPECT_EQ(zone.error().cause, Cause::config);
  EXPECT_EQ(zone.error().message, "timezone \"Europe/Berln\": there is no such time zone");
  EXPECT_EQ(zone.error().remedy, "write Europe/Berlin");
}

TEST(FindZone, RefusesFilesThatAreNoZones) {
  for (const char* name :
       {"localtime", "posixrules", "Factory", "posix/Europe/Berlin", "right/Europe/Berlin",
        "zone.tab", "../zoneinfo/Europe/Berlin", "Europe"}) {
    EXPECT_FALSE(find_zone(name).ok()) << name;
  }
}

TEST(UnknownZone, KnowsOtherLettersCitiesAndSlips) {
  EXPECT_EQ(remedy("europe/berlin"), "write Europe/Berlin");
  EXPECT_EQ(remedy("Berlin"), "write Europe/Berlin");
  EXPECT_EQ(remedy("US/New York"), "write America/New_York");
  EXPECT_EQ(remedy("Asia/Katmandu"), "write Asia/Kathmandu");
  EXPECT_EQ(remedy("Londn"), "write Europe/London");
}

TEST(UnknownZone, KnowsDistancesFromUtc) {
  for (const char* name : {"+02:00", "UTC+2", "GMT-05:30", "-5"}) {
    EXPECT_EQ(remedy(name),
              "write a place, such as Europe/Berlin; a fixed distance is Etc/GMT-2 for two hours "
              "ahead of UTC, Etc/GMT+5 for five behind")
        << name;
  }
}

TEST(UnknownZone, NamesTheFormWhereNothingIsNear) {
  EXPECT_EQ(remedy("Middle Earth"),
            "write UTC or a name of IANA's list, such as Europe/Berlin or America/New_York");
}

TEST(UnknownZone, SaysThatTheMachineLacksTheirData) {
  const Error error = unknown_zone("Europe/Berlin", {});
  EXPECT_EQ(error.cause, Cause::config);
  EXPECT_EQ(error.message, "timezone \"Europe/Berlin\": this machine has no time zone data");
  EXPECT_EQ(error.remedy, "install tzdata: apt-get install tzdata");
}

TEST(ReachesFarEnough, MissesTheLaterYearsOfTheSlimForm) {
  const std::string_view berlin = "CET-1CEST,M3.5.0,M10.5.0/3";
  EXPECT_TRUE(reaches_far_enough(utc("2037-10-25 01:00"), berlin));
  EXPECT_FALSE(reaches_far_enough(utc("1996-10-27 01:00"), berlin));
  EXPECT_TRUE(reaches_far_enough(utc("1960-01-01"), "EAT-3"));
  EXPECT_TRUE(reaches_far_enough(utc("1960-01-01"), ""));
}

// The C library reads the same files, and has its own reader of them.
TEST(FindZone, AgreesWithTheCLibrary) {
  const char* before = getenv("TZ");  // NOLINT: no other thread
  const std::string kept = before == nullptr ? "" : before;
  for (const char* name :
       {"Africa/Cairo", "Africa/Casablanca", "America/Caracas", "America/New_York",
        "America/Sao_Paulo", "America/St_Johns", "Antarctica/Troll", "Asia/Gaza", "Asia/Kathmandu",
        "Asia/Kolkata", "Asia/Pyongyang", "Atlantic/Azores", "Australia/Lord_Howe", "Europe/Berlin",
        "Europe/Dublin", "Pacific/Apia", "Pacific/Chatham", "UTC"}) {
    const Zone zone = testing_support::zone_of(name);
    setenv("TZ", name, 1);
    tzset();
    int differences = 0;
    // Changes come at whole quarters of an hour, or a minute past in St. John's.
    for (auto at = utc("1990-01-01"); at < utc("2038-01-01"); at += std::chrono::minutes(181)) {
      const std::time_t seconds = at.time_since_epoch().count();
      std::tm parts{};
      localtime_r(&seconds, &parts);
      if (zone.clock_at(at).time_since_epoch().count() != seconds + parts.tm_gmtoff) ++differences;
    }
    EXPECT_EQ(differences, 0) << name;
  }
  if (before == nullptr) {
    unsetenv("TZ");
  } else {
    setenv("TZ", kept.c_str(), 1);
  }
  tzset();
}

}  // namespace
}  // namespace dray
