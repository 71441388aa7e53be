#include "schedule/next_run.h"

#include <gtest/gtest.h>

#include <ctime>
#include <string>
#include <string_view>
#include <vector>

#include "support/instants.h"

namespace dray {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_seconds;
using testing_support::utc;

Schedule scheduled(const ScheduleText& text) {
  Result<Schedule> schedule = parse_schedule(text, "shop", "analytics");
  if (schedule.ok()) return std::move(schedule).value();
  ADD_FAILURE() << schedule.error().text();
  return {};
}

// "2026-11-30 06:00+01:00 timetable", and the instant that it is for where it is another.
std::string told(const Schedule& schedule, const NextRun& run) {
  std::string out = testing_support::on_clock(schedule.zone, run.due) + " ";
  out += to_string(run.because);
  if (run.planned + schedule.delay != run.due) {
    out += ", for " + testing_support::on_clock(schedule.zone, run.planned);
  }
  return out;
}

// After a run that began at `last`, one of `in_day`, at the instant of `now`.
std::string after(const Schedule& schedule, std::string_view last, std::string_view now,
                  std::size_t in_day = 1) {
  const Begun begun{.last = utc(last), .in_day_of_last = in_day, .known_since = utc("2000-01-01")};
  return told(schedule, next_run(schedule, begun, utc(now)));
}

// Where none ever began.
std::string at_first(const Schedule& schedule, std::string_view known_since, std::string_view now) {
  const Begun begun{.last = {}, .in_day_of_last = 0, .known_since = utc(known_since)};
  return told(schedule, next_run(schedule, begun, utc(now)));
}

TEST(NextRun, IsTheNextOfTheTimetable) {
  const Schedule schedule = scheduled({.every = "1h"});
  EXPECT_EQ(after(schedule, "2026-11-30 06:00:02", "2026-11-30 06:07"),
            "2026-11-30 07:00+00:00 timetable");
  EXPECT_EQ(after(schedule, "2026-11-30 06:00:02", "2026-11-30 07:00"),
            "2026-11-30 07:00+00:00 timetable");
}

TEST(NextRun, ThatBeganAtItsInstantHasDoneIt) {
  const Schedule schedule = scheduled({.every = "1h"});
  EXPECT_EQ(after(schedule, "2026-11-30 06:00", "2026-11-30 06:00"),
            "2026-11-30 07:00+00:00 timetable");
}

TEST(NextRun, OfANewSourceIsTheFirstSinceItIsKnown) {
  const Schedule schedule = scheduled({.times = {"06:00"}});
  EXPECT_EQ(at_first(schedule, "2026-11-30 10:00", "2026-11-30 10:00"),
            "2026-12-01 06:00+00:00 timetable");
  EXPECT_EQ(at_first(schedule, "2026-11-30 06:00", "2026-11-30 06:00"),
            "2026-11-30 06:00+00:00 timetable");
  EXPECT_EQ(at_first(schedule, "2026-11-30 05:00", "2026-11-30 06:03"),
            "2026-11-30 06:03+00:00 overdue, for 2026-11-30 06:00+00:00");
}

TEST(NextRun, MakesUpForManyMissedOnce) {
  const Schedule schedule = scheduled({.every = "15m"});
  EXPECT_EQ(after(schedule, "2026-11-27 18:00", "2026-11-30 09:07:30"),
            "2026-11-30 09:07:30+00:00 overdue, for 2026-11-27 18:15+00:00");
  EXPECT_EQ(after(schedule, "2026-11-30 09:07:30", "2026-11-30 09:07:30"),
            "2026-11-30 09:15+00:00 timetable");
}

TEST(NextRun, ComesLaterByTheSourcesDelay) {
  Schedule schedule = scheduled({.every = "1h"});
  schedule.delay = 200s;
  EXPECT_EQ(after(schedule, "2026-11-30 06:03:20", "2026-11-30 06:10"),
            "2026-11-30 07:03:20+00:00 timetable");
  // Begun by hand between the instant and its delay: what was due at 07:00 is still to come.
  EXPECT_EQ(after(schedule, "2026-11-30 07:03:19", "2026-11-30 07:03:19"),
            "2026-11-30 07:03:20+00:00 timetable");
  EXPECT_EQ(after(schedule, "2026-11-30 07:03:20", "2026-11-30 07:03:20"),
            "2026-11-30 08:03:20+00:00 timetable");
}

TEST(NextRun, ADelayMayBeLongerThanTheInterval) {
  Schedule schedule = scheduled({.every = "15m"});
  schedule.delay = 50min;
  EXPECT_EQ(after(schedule, "2026-11-30 06:00", "2026-11-30 06:00"),
            "2026-11-30 06:05+00:00 timetable");
  EXPECT_EQ(after(schedule, "2026-11-30 06:05", "2026-11-30 06:05"),
            "2026-11-30 06:20+00:00 timetable");
}

TEST(NextRun, WaitsForTheEndOfQuietHours) {
  const Schedule schedule =
      scheduled({.every = "1h", .timezone = "Europe/Berlin", .quiet = {"22:00-06:00"}});
  EXPECT_EQ(after(schedule, "2026-11-30 20:00", "2026-11-30 20:05"),
            "2026-12-01 06:00+01:00 quiet, for 2026-11-30 22:00+01:00");
  // Once: the next is an hour after.
  EXPECT_EQ(after(schedule, "2026-12-01 05:00", "2026-12-01 05:00"),
            "2026-12-01 07:00+01:00 timetable");
}

TEST(NextRun, ThatIsOverdueInQuietHoursWaitsForTheirEnd) {
  const Schedule schedule = scheduled({.times = {"21:55"}, .quiet = {"22:00-06:00"}});
  EXPECT_EQ(after(schedule, "2026-11-29 21:55", "2026-11-30 22:10"),
            "2026-12-01 06:00+00:00 quiet, for 2026-11-30 21:55+00:00");
}

TEST(NextRun, ThatWasBegunByHandInQuietHoursHasDoneWhatWasDueUntilThen) {
  const Schedule schedule = scheduled({.times = {"23:00"}, .quiet = {"22:00-06:00"}});
  EXPECT_EQ(after(schedule, "2026-11-30 23:30", "2026-11-30 23:40"),
            "2026-12-02 06:00+00:00 quiet, for 2026-12-01 23:00+00:00");
}

TEST(NextRun, QuietHoursLastLongerByTheDelaySoThatSourcesDoNotBeginTogether) {
  const Schedule schedule = scheduled({.every = "1h", .quiet = {"22:00-06:00"}, .jitter = "30m"});
  ASSERT_GT(schedule.delay, 0s);
  const sys_seconds end = utc("2026-12-01 06:00") + schedule.delay;
  Begun begun{.last = utc("2026-11-30 21:45"), .in_day_of_last = 1, .known_since = {}};
  NextRun run = next_run(schedule, begun, utc("2026-11-30 22:30"));
  EXPECT_EQ(run.due, end);
  EXPECT_EQ(run.because, DueBecause::quiet_hours);
  // What is due at 06:00 itself is the same run.
  begun.last = end;
  run = next_run(schedule, begun, end);
  EXPECT_EQ(run.due, end + 1h);
}

TEST(NextRun, OfTheNextDayFollowsAUsedUpAllowance) {
  const Schedule schedule = scheduled(
      {.times = {"06:00", "12:00", "18:00"}, .timezone = "Europe/Berlin", .max_per_day = "2"});
  EXPECT_EQ(after(schedule, "2026-11-30 11:00", "2026-11-30 11:05", 1),
            "2026-11-30 18:00+01:00 timetable");
  EXPECT_EQ(after(schedule, "2026-11-30 11:00", "2026-11-30 11:05", 2),
            "2026-12-01 06:00+01:00 max_per_day");
  // The next day knows as well that 18:00 was not missed.
  EXPECT_EQ(after(schedule, "2026-11-30 11:00", "2026-11-30 23:05", 2),
            "2026-12-01 06:00+01:00 max_per_day");
  EXPECT_EQ(after(schedule, "2026-11-30 11:00", "2026-12-01 08:05", 2),
            "2026-12-01 09:05+01:00 overdue, for 2026-12-01 06:00+01:00");
}

TEST(NextRun, AnAllowanceCountsWhatWasBegunByHand) {
  const Schedule schedule = scheduled({.every = "1h", .max_per_day = "3"});
  EXPECT_EQ(after(schedule, "2026-11-30 08:17", "2026-11-30 08:20", 5),
            "2026-12-01 00:00+00:00 max_per_day");
}

TEST(NextRun, AnAllowanceIsOfTheZonesDay) {
  const Schedule schedule =
      scheduled({.every = "6h", .timezone = "America/New_York", .max_per_day = "1"});
  EXPECT_EQ(after(schedule, "2026-11-30 04:59", "2026-11-30 04:59"),
            "2026-11-30 00:00-05:00 timetable");
  EXPECT_EQ(after(schedule, "2026-11-30 05:00", "2026-11-30 05:00"),
            "2026-12-01 00:00-05:00 max_per_day");
}

TEST(NextRun, AMissedRunCountsInTheDayInWhichItBegins) {
  const Schedule schedule = scheduled({.times = {"06:00", "12:00"}, .max_per_day = "2"});
  // Down since the 29th's first run: 12:00 of that day is made up, and is the 30th's first.
  EXPECT_EQ(after(schedule, "2026-11-29 06:00", "2026-11-30 02:00", 1),
            "2026-11-30 02:00+00:00 overdue, for 2026-11-29 12:00+00:00");
  EXPECT_EQ(after(schedule, "2026-11-30 06:00", "2026-11-30 06:00", 2),
            "2026-12-01 06:00+00:00 max_per_day");
}

TEST(NextRun, WhatQuietHoursPutOffIsOfTheDayInWhichItBegins) {
  const Schedule schedule =
      scheduled({.times = {"12:00", "23:00"}, .quiet = {"22:00-06:00"}, .max_per_day = "1"});
  EXPECT_EQ(after(schedule, "2026-11-30 12:00", "2026-11-30 12:00", 1),
            "2026-12-01 06:00+00:00 quiet, for 2026-11-30 23:00+00:00");
}

TEST(NextRun, AUsedUpAllowanceLeavesWhatQuietHoursPutOffIntoTheNextDay) {
  const Schedule schedule = scheduled(
      {.times = {"12:00", "18:00", "23:00"}, .quiet = {"22:00-06:00"}, .max_per_day = "1"});
  EXPECT_EQ(after(schedule, "2026-11-30 12:00", "2026-11-30 12:00", 1),
            "2026-12-01 06:00+00:00 quiet, for 2026-11-30 23:00+00:00");
}

TEST(NextRun, TheFirstOfTheNextDayMayBeInQuietHours) {
  const Schedule schedule =
      scheduled({.every = "1h", .quiet = {"22:00-06:00"}, .max_per_day = "2"});
  EXPECT_EQ(after(schedule, "2026-11-30 07:00", "2026-11-30 07:00", 2),
            "2026-12-01 06:00+00:00 quiet, for 2026-11-30 22:00+00:00");
}

TEST(NextRun, IsNotUpsetByAClockThatWasSetBack) {
  const Schedule schedule = scheduled({.every = "1h", .max_per_day = "24"});
  EXPECT_EQ(after(schedule, "2026-11-30 09:00", "2026-11-30 07:30", 9),
            "2026-11-30 10:00+00:00 timetable");
}

// In a release build a year of 1,000 sources takes less than two seconds of a processor. This is a
// tenth of them in any build, so ten seconds are out of reach unless the search has become a walk.
TEST(NextRun, AYearOfAHundredHourlySourcesTakesSeconds) {
  const std::clock_t started = std::clock();
  const sys_seconds end = utc("2027-01-01");
  const std::vector<std::string> zones = {"Europe/Berlin", "America/New_York", "UTC",
                                          "Asia/Kathmandu", "Australia/Lord_Howe"};
  int runs = 0;
  for (std::size_t i = 0; i < 100; ++i) {
    const Schedule schedule = scheduled({.cron = "@hourly", .timezone = zones[i % zones.size()]});
    sys_seconds now = utc("2026-01-01");
    Begun begun{.last = {}, .in_day_of_last = 0, .known_since = now};
    while (true) {
      const NextRun run = next_run(schedule, begun, now);
      if (run.due >= end) break;
      begun.last = run.due;
      begun.in_day_of_last = 1;
      now = run.due;
      ++runs;
    }
  }
  // Lord Howe's day of half an hour more has one more.
  EXPECT_EQ(runs, 100 * 365 * 24 + 20);
  EXPECT_LT(std::clock() - started, 10 * CLOCKS_PER_SEC);
}

TEST(LocalDay, IsTheZonesOwn) {
  const Schedule schedule = scheduled({.every = "1h", .timezone = "Europe/Berlin"});
  const LocalDay spring{utc("2026-03-28 23:00"), utc("2026-03-29 22:00")};
  EXPECT_EQ(local_day(schedule, utc("2026-03-28 23:00")), spring);
  EXPECT_EQ(local_day(schedule, utc("2026-03-29 21:59:59")), spring);
  EXPECT_EQ(local_day(schedule, utc("2026-03-29 22:00")).begin, spring.end);
}

TEST(DueBecause, HasAWordForEach) {
  EXPECT_EQ(to_string(DueBecause::timetable), "timetable");
  EXPECT_EQ(to_string(DueBecause::allowance), "max_per_day");
  EXPECT_EQ(to_string(DueBecause::overdue), "overdue");
  EXPECT_EQ(to_string(DueBecause::quiet_hours), "quiet");
}

}  // namespace
}  // namespace dray
