#include "schedule/zone.h"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "support/instants.h"

namespace dray {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_seconds;
using testing_support::on_clock;
using testing_support::shown;
using testing_support::utc;
using testing_support::zone_of;

// Forward by an hour at 01:00 UTC on the 29th of March, back on the 25th of October.
Zone berlin() { return zone_of("Europe/Berlin"); }

TEST(Zone, IsUtcByDefault) {
  const Zone zone;
  EXPECT_EQ(zone.name(), "UTC");
  EXPECT_EQ(on_clock(zone, utc("2026-11-30 22:40")), "2026-11-30 22:40+00:00");
  EXPECT_EQ(zone.first_shown(shown("2026-11-30 22:40")), utc("2026-11-30 22:40"));
}

TEST(Zone, ClocksChangeAtTheInstantOfTheChange) {
  EXPECT_EQ(on_clock(berlin(), utc("2026-03-29 00:59:59")), "2026-03-29 01:59:59+01:00");
  EXPECT_EQ(on_clock(berlin(), utc("2026-03-29 01:00")), "2026-03-29 03:00+02:00");
  EXPECT_EQ(on_clock(berlin(), utc("2026-10-25 00:59:59")), "2026-10-25 02:59:59+02:00");
  EXPECT_EQ(on_clock(berlin(), utc("2026-10-25 01:00")), "2026-10-25 02:00+01:00");
}

TEST(Zone, ATimeThatNeverComesIsFirstShownAfterTheGap) {
  const Zone zone = berlin();
  EXPECT_EQ(zone.first_shown(shown("2026-03-29 01:59:59")), utc("2026-03-29 00:59:59"));
  EXPECT_EQ(zone.first_shown(shown("2026-03-29 02:00")), utc("2026-03-29 01:00"));
  EXPECT_EQ(zone.first_shown(shown("2026-03-29 02:59:59")), utc("2026-03-29 01:00"));
  EXPECT_EQ(zone.first_shown(shown("2026-03-29 03:00")), utc("2026-03-29 01:00"));
  EXPECT_EQ(zone.first_shown(shown("2026-03-29 03:00:01")), utc("2026-03-29 01:00:01"));
}

TEST(Zone, ATimeThatComesTwiceIsFirstShownTheFirstTime) {
  const Zone zone = berlin();
  EXPECT_EQ(zone.first_shown(shown("2026-10-25 02:00")), utc("2026-10-25 00:00"));
  EXPECT_EQ(zone.first_shown(shown("2026-10-25 02:59:59")), utc("2026-10-25 00:59:59"));
  EXPECT_EQ(zone.first_shown(shown("2026-10-25 03:00")), utc("2026-10-25 02:00"));
}

TEST(Zone, TheLatestTimeShownStandsStillWhileClocksCatchUp) {
  const Zone zone = berlin();
  EXPECT_EQ(zone.latest_shown(utc("2026-10-25 00:59:59")), shown("2026-10-25 02:59:59"));
  EXPECT_EQ(zone.latest_shown(utc("2026-10-25 01:00")), shown("2026-10-25 02:59:59"));
  EXPECT_EQ(zone.latest_shown(utc("2026-10-25 01:59:59")), shown("2026-10-25 02:59:59"));
  EXPECT_EQ(zone.latest_shown(utc("2026-10-25 02:00")), shown("2026-10-25 03:00"));
}

TEST(Zone, ADayWithoutMidnightBeginsAfterTheGap) {
  // At midnight clocks were set to 01:00.
  const Zone zone = zone_of("America/Sao_Paulo");
  const std::chrono::local_days day = std::chrono::floor<std::chrono::days>(shown("2018-11-04"));
  EXPECT_EQ(on_clock(zone, zone.day_begin(day)), "2018-11-04 01:00-02:00");
  EXPECT_EQ(zone.day_of(zone.day_begin(day) - 1s), day - std::chrono::days(1));
  EXPECT_EQ(zone.day_of(zone.day_begin(day)), day);
}

TEST(Zone, AnHourThatComesAgainBeforeMidnightBelongsToItsDay) {
  // At midnight clocks were set back to 23:00.
  const Zone zone = zone_of("America/Sao_Paulo");
  const std::chrono::local_days day = std::chrono::floor<std::chrono::days>(shown("2018-02-17"));
  EXPECT_EQ(zone.day_begin(day + std::chrono::days(1)) - zone.day_begin(day), 25h);
  EXPECT_EQ(on_clock(zone, zone.day_begin(day + std::chrono::days(1))), "2018-02-18 00:00-03:00");
}

TEST(Zone, ADayThatHasBegunGoesOnWhenClocksAreSetBackOverMidnight) {
  // At one minute past midnight clocks were set back to 23:01.
  const Zone zone = zone_of("America/St_Johns");
  const std::chrono::local_days day = std::chrono::floor<std::chrono::days>(shown("2006-10-29"));
  const sys_seconds begin = zone.day_begin(day);
  EXPECT_EQ(on_clock(zone, begin), "2006-10-29 00:00-02:30");
  EXPECT_EQ(on_clock(zone, begin + 1min), "2006-10-28 23:01-03:30");
  EXPECT_EQ(zone.day_of(begin + 1min), day);
  EXPECT_EQ(zone.day_of(begin - 1s), day - std::chrono::days(1));
}

TEST(Zone, ADayThatAZoneLeavesOutIsEmpty) {
  // Samoa went over the date line: no 30th of December 2011.
  const Zone zone = zone_of("Pacific/Apia");
  const std::chrono::local_days day = std::chrono::floor<std::chrono::days>(shown("2011-12-30"));
  EXPECT_EQ(zone.day_begin(day), zone.day_begin(day + std::chrono::days(1)));
  EXPECT_EQ(on_clock(zone, zone.day_begin(day)), "2011-12-31 00:00+14:00");
}

TEST(Zone, AStretchKnowsItsNeighbour) {
  const Zone::Stretch stretch = berlin().stretch_at(utc("2026-07-01"));
  EXPECT_EQ(stretch.begin, utc("2026-03-29 01:00"));
  EXPECT_EQ(stretch.end, utc("2026-10-25 01:00"));
  EXPECT_EQ(stretch.offset, 2h);
  EXPECT_EQ(stretch.offset_before, 1h);
}

TEST(Zone, HoldsItsFirstOffsetBeforeAllChangesAndItsLastAfterThem) {
  const Zone zone("Test", {{utc("2000-01-01"), 1h}, {utc("2001-01-01"), 3h}});
  EXPECT_EQ(on_clock(zone, utc("1960-01-01")), "1960-01-01 01:00+01:00");
  EXPECT_EQ(on_clock(zone, utc("2500-01-01")), "2500-01-01 03:00+03:00");
  EXPECT_EQ(zone.first_shown(shown("1960-01-01 01:00")), utc("1960-01-01"));
  EXPECT_EQ(zone.first_shown(shown("2500-01-01 03:00")), utc("2500-01-01"));
}

}  // namespace
}  // namespace dray
