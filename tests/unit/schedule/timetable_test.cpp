#include "schedule/timetable.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "schedule/parse_cron.h"
#include "support/instants.h"

namespace dray {
namespace {

using namespace std::chrono_literals;
using std::chrono::days;
using std::chrono::sys_seconds;
using testing_support::on_clock;
using testing_support::utc;
using testing_support::zone_of;
using Texts = std::vector<std::string>;

Timetable cron_plan(std::string_view text) {
  const Result<Cron> parsed = parse_cron(text);
  if (parsed.ok()) return *parsed;
  ADD_FAILURE() << parsed.error().text();
  return Every{1h};
}

Timetable times_plan(std::vector<std::chrono::minutes> plan) { return TimesOfDay{std::move(plan)}; }

// The occurrences of `hours` from `from` on, in UTC.
Texts within(const Timetable& timetable, std::string_view zone, std::string_view from,
             std::chrono::hours hours) {
  return testing_support::occurrences(timetable, zone_of(zone), utc(from), utc(from) + hours);
}

// The distances between the occurrences of `hours` from `from` on.
std::vector<std::chrono::minutes> distances(const Timetable& timetable, std::string_view zone_name,
                                            std::string_view from, std::chrono::hours hours) {
  const Zone zone = zone_of(zone_name);
  std::vector<std::chrono::minutes> out;
  sys_seconds last = next_occurrence(timetable, zone, utc(from));
  while (last < utc(from) + hours) {
    const sys_seconds next = next_occurrence(timetable, zone, last + 1s);
    out.push_back(std::chrono::duration_cast<std::chrono::minutes>(next - last));
    last = next;
  }
  return out;
}

std::vector<std::chrono::minutes> equal(std::size_t count, std::chrono::minutes each) {
  return std::vector(count, each);
}

TEST(NextOccurrence, IsTheInstantItselfOrTheFirstAfterIt) {
  const Zone utc_zone;
  for (const Timetable& hourly :
       {Timetable(Every{1h}), cron_plan("0 * * * *"), times_plan({6h, 7h, 8h})}) {
    EXPECT_EQ(next_occurrence(hourly, utc_zone, utc("2026-11-30 06:59:59")),
              utc("2026-11-30 07:00"));
    EXPECT_EQ(next_occurrence(hourly, utc_zone, utc("2026-11-30 07:00")), utc("2026-11-30 07:00"));
    EXPECT_EQ(next_occurrence(hourly, utc_zone, utc("2026-11-30 07:00:01")),
              utc("2026-11-30 08:00"));
  }
}

TEST(NextOccurrence, TimesOfTheDayComeEachDay) {
  EXPECT_EQ(within(times_plan({6h, 18h + 30min}), "Asia/Kathmandu", "2026-12-30 18:15", 48h),
            (Texts{"2026-12-31 06:00+05:45", "2026-12-31 18:30+05:45", "2027-01-01 06:00+05:45",
                   "2027-01-01 18:30+05:45"}));
}

// In spring: forward from 02:00 to 03:00.

TEST(NextOccurrence, AFixedTimeThatSpringLeavesOutComesAtTheEndOfTheGap) {
  for (const Timetable& half_past_two : {cron_plan("30 2 * * *"), times_plan({2h + 30min})}) {
    EXPECT_EQ(
        within(half_past_two, "Europe/Berlin", "2026-03-28 00:00", 72h),
        (Texts{"2026-03-28 02:30+01:00", "2026-03-29 03:00+02:00", "2026-03-30 02:30+02:00"}));
    EXPECT_EQ(
        within(half_past_two, "America/New_York", "2026-03-07 05:00", 72h),
        (Texts{"2026-03-07 02:30-05:00", "2026-03-08 03:00-04:00", "2026-03-09 02:30-04:00"}));
  }
}

TEST(NextOccurrence, SeveralThatSpringLeavesOutBecomeOne) {
  EXPECT_EQ(within(times_plan({1h, 2h, 2h + 15min, 2h + 45min, 3h, 4h}), "Europe/Berlin",
                   "2026-03-28 23:00", 24h),
            (Texts{"2026-03-29 01:00+01:00", "2026-03-29 03:00+02:00", "2026-03-29 04:00+02:00"}));
}

TEST(NextOccurrence, ElapsedHoursGoOnThroughSpring) {
  EXPECT_EQ(within(cron_plan("*/15 * * * *"), "Europe/Berlin", "2026-03-29 00:30", 1h),
            (Texts{"2026-03-29 01:30+01:00", "2026-03-29 01:45+01:00", "2026-03-29 03:00+02:00",
                   "2026-03-29 03:15+02:00"}));
  EXPECT_EQ(distances(cron_plan("*/15 * * * *"), "Europe/Berlin", "2026-03-28 23:00", 22h),
            equal(88, 15min));
  EXPECT_EQ(distances(cron_plan("7 * * * *"), "Europe/Berlin", "2026-03-28 23:00", 23h),
            equal(23, 1h));
}

TEST(NextOccurrence, AStepThatSpringLeavesOutComesAfterTheSameDistance) {
  // 02:00 would have come two hours after midnight.
  EXPECT_EQ(within(cron_plan("0 */2 * * *"), "Europe/Berlin", "2026-03-28 23:00", 6h),
            (Texts{"2026-03-29 00:00+01:00", "2026-03-29 03:00+02:00", "2026-03-29 04:00+02:00",
                   "2026-03-29 06:00+02:00"}));
  EXPECT_EQ(within(cron_plan("30 2-23/3 * * *"), "Europe/Berlin", "2026-03-28 22:00", 6h),
            (Texts{"2026-03-28 23:30+01:00", "2026-03-29 03:30+02:00", "2026-03-29 05:30+02:00"}));
}

// In autumn: back from 03:00 to 02:00.

TEST(NextOccurrence, AFixedTimeThatAutumnBringsTwiceComesAtTheFirst) {
  for (const Timetable& half_past_two : {cron_plan("30 2 * * *"), times_plan({2h + 30min})}) {
    EXPECT_EQ(
        within(half_past_two, "Europe/Berlin", "2026-10-24 00:00", 72h),
        (Texts{"2026-10-24 02:30+02:00", "2026-10-25 02:30+02:00", "2026-10-26 02:30+01:00"}));
  }
  EXPECT_EQ(within(cron_plan("30 1 * * *"), "America/New_York", "2026-11-01 04:00", 48h),
            (Texts{"2026-11-01 01:30-04:00", "2026-11-02 01:30-05:00"}));
}

TEST(NextOccurrence, ElapsedHoursGoOnThroughAutumn) {
  EXPECT_EQ(within(cron_plan("*/30 * * * *"), "Europe/Berlin", "2026-10-25 00:00", 3h),
            (Texts{"2026-10-25 02:00+02:00", "2026-10-25 02:30+02:00", "2026-10-25 02:00+01:00",
                   "2026-10-25 02:30+01:00", "2026-10-25 03:00+01:00", "2026-10-25 03:30+01:00"}));
  EXPECT_EQ(distances(cron_plan("*/15 * * * *"), "Europe/Berlin", "2026-10-24 22:00", 25h),
            equal(100, 15min));
  EXPECT_EQ(distances(cron_plan("7 * * * *"), "America/New_York", "2026-11-01 04:00", 25h),
            equal(25, 1h));
}

TEST(NextOccurrence, AStepThatAutumnBringsTwiceComesTwice) {
  // Once alone would leave three hours between two runs.
  EXPECT_EQ(within(cron_plan("0 */2 * * *"), "Europe/Berlin", "2026-10-24 22:00", 6h),
            (Texts{"2026-10-25 00:00+02:00", "2026-10-25 02:00+02:00", "2026-10-25 02:00+01:00",
                   "2026-10-25 04:00+01:00"}));
}

TEST(NextOccurrence, AStepWhoseHoursAutumnPassesByComesAfterTheSameDistance) {
  // Clocks that had not been set back would show 03:45 an hour before these do.
  EXPECT_EQ(within(cron_plan("45 1-23/2 * * *"), "Europe/Berlin", "2026-10-24 22:00", 6h),
            (Texts{"2026-10-25 01:45+02:00", "2026-10-25 02:45+01:00", "2026-10-25 03:45+01:00"}));
}

TEST(NextOccurrence, AStepThatIsLongerThanTheChangeKeepsToWhatClocksShow) {
  EXPECT_EQ(within(cron_plan("0 */6 * * *"), "Europe/Berlin", "2026-10-24 22:00", 14h),
            (Texts{"2026-10-25 00:00+02:00", "2026-10-25 06:00+01:00", "2026-10-25 12:00+01:00"}));
}

// The longest distance of two runs in two years: each change of the clock is among them.
TEST(NextOccurrence, ElapsedHoursAreNeverFurtherApartThanTheChangeAndInAutumn) {
  struct Plan {
    std::string_view text;
    std::chrono::minutes longest;
    std::chrono::minutes longest_in_autumn;
  };
  for (const auto& [zone, shift] :
       {std::pair("Europe/Berlin", 60min), std::pair("America/New_York", 60min),
        std::pair("Australia/Lord_Howe", 30min), std::pair("Africa/Casablanca", 60min),
        std::pair("America/Sao_Paulo", 60min), std::pair("Antarctica/Troll", 120min)}) {
    for (const Plan& plan :
         {Plan{"*/15 * * * *", 15min, 15min}, Plan{"20,50 * * * *", 30min, 30min},
          Plan{"0 * * * *", 60min, 60min}, Plan{"0 */2 * * *", 120min, 120min},
          Plan{"45 1-23/2 * * *", 120min, 120min}, Plan{"10 */6 * * *", 360min, 360min + shift}}) {
      const Zone used = zone_of(zone);
      const Timetable timetable = cron_plan(plan.text);
      sys_seconds last = next_occurrence(timetable, used, utc("2017-01-01"));
      while (last < utc("2019-01-01")) {
        const sys_seconds next = next_occurrence(timetable, used, last + 1s);
        const Zone::Stretch stretch = used.stretch_at(next);
        const bool set_back = last < stretch.begin && stretch.offset < stretch.offset_before;
        ASSERT_LE(next - last, set_back ? plan.longest_in_autumn : plan.longest)
            << zone << " " << plan.text << " " << on_clock(used, next);
        last = next;
      }
    }
  }
}

// Other zones.

TEST(NextOccurrence, LordHoweChangesByHalfAnHour) {
  // Forward from 02:00 to 02:30.
  EXPECT_EQ(within(cron_plan("15 2 * * *"), "Australia/Lord_Howe", "2026-10-03 13:30", 24h),
            (Texts{"2026-10-04 02:30+11:00"}));
  EXPECT_EQ(within(cron_plan("0 * * * *"), "Australia/Lord_Howe", "2026-10-03 14:30", 3h),
            (Texts{"2026-10-04 01:00+10:30", "2026-10-04 02:30+11:00", "2026-10-04 03:00+11:00",
                   "2026-10-04 04:00+11:00"}));
  // Back from 02:00 to 01:30.
  EXPECT_EQ(within(cron_plan("0 * * * *"), "Australia/Lord_Howe", "2026-04-04 14:00", 3h),
            (Texts{"2026-04-05 01:00+11:00", "2026-04-05 01:30+10:30", "2026-04-05 02:00+10:30",
                   "2026-04-05 03:00+10:30"}));
  EXPECT_EQ(within(cron_plan("45 1 * * *"), "Australia/Lord_Howe", "2026-04-04 13:00", 24h),
            (Texts{"2026-04-05 01:45+11:00"}));
  EXPECT_EQ(within(cron_plan("*/30 * * * *"), "Australia/Lord_Howe", "2026-04-04 14:00", 2h),
            (Texts{"2026-04-05 01:00+11:00", "2026-04-05 01:30+11:00", "2026-04-05 01:30+10:30",
                   "2026-04-05 02:00+10:30"}));
}

TEST(NextOccurrence, CasablancaLeavesSummerTimeForRamadan) {
  // Back from 03:00 to 02:00 in February, forward from 02:00 to 03:00 in March.
  EXPECT_EQ(within(times_plan({2h + 30min}), "Africa/Casablanca", "2026-02-15 00:00", 48h),
            (Texts{"2026-02-15 02:30+01:00", "2026-02-16 02:30+00:00"}));
  EXPECT_EQ(within(times_plan({2h + 30min}), "Africa/Casablanca", "2026-03-22 00:00", 48h),
            (Texts{"2026-03-22 03:00+01:00", "2026-03-23 02:30+01:00"}));
}

TEST(NextOccurrence, SaoPauloChangedAtMidnight) {
  // Forward from 00:00 to 01:00.
  EXPECT_EQ(within(cron_plan("@daily"), "America/Sao_Paulo", "2018-11-03 03:00", 71h),
            (Texts{"2018-11-03 00:00-03:00", "2018-11-04 01:00-02:00", "2018-11-05 00:00-02:00"}));
  EXPECT_EQ(within(Every{days(1)}, "America/Sao_Paulo", "2018-11-03 03:00", 71h),
            (Texts{"2018-11-03 00:00-03:00", "2018-11-04 01:00-02:00", "2018-11-05 00:00-02:00"}));
  EXPECT_EQ(within(cron_plan("0 0 * * sun"), "America/Sao_Paulo", "2018-11-03 03:00", 72h),
            (Texts{"2018-11-04 01:00-02:00"}));
  // Back from 00:00 to 23:00.
  EXPECT_EQ(within(cron_plan("@daily"), "America/Sao_Paulo", "2018-02-17 02:00", 48h),
            (Texts{"2018-02-17 00:00-02:00", "2018-02-18 00:00-03:00"}));
  EXPECT_EQ(within(times_plan({23h + 30min}), "America/Sao_Paulo", "2018-02-17 02:00", 49h),
            (Texts{"2018-02-17 23:30-02:00", "2018-02-18 23:30-03:00"}));
}

TEST(NextOccurrence, SamoaLeftADayOut) {
  EXPECT_EQ(within(times_plan({6h}), "Pacific/Apia", "2011-12-29 10:00", 48h),
            (Texts{"2011-12-29 06:00-10:00", "2011-12-31 00:00+14:00", "2011-12-31 06:00+14:00"}));
  EXPECT_EQ(distances(cron_plan("0 * * * *"), "Pacific/Apia", "2011-12-29 00:00", 48h),
            equal(48, 1h));
}

// Intervals.

TEST(NextOccurrence, IntervalsCountFromTheBeginningOfTheDay) {
  EXPECT_EQ(within(Every{7h}, "Asia/Kathmandu", "2026-11-29 18:15", 48h),
            (Texts{"2026-11-30 00:00+05:45", "2026-11-30 07:00+05:45", "2026-11-30 14:00+05:45",
                   "2026-11-30 21:00+05:45", "2026-12-01 00:00+05:45", "2026-12-01 07:00+05:45",
                   "2026-12-01 14:00+05:45", "2026-12-01 21:00+05:45"}));
}

TEST(NextOccurrence, IntervalsGoByElapsedTimeWithinADay) {
  EXPECT_EQ(within(Every{6h}, "Europe/Berlin", "2026-03-28 23:00", 24h),
            (Texts{"2026-03-29 00:00+01:00", "2026-03-29 07:00+02:00", "2026-03-29 13:00+02:00",
                   "2026-03-29 19:00+02:00", "2026-03-30 00:00+02:00"}));
  EXPECT_EQ(within(Every{6h}, "Europe/Berlin", "2026-10-24 22:00", 26h),
            (Texts{"2026-10-25 00:00+02:00", "2026-10-25 05:00+01:00", "2026-10-25 11:00+01:00",
                   "2026-10-25 17:00+01:00", "2026-10-25 23:00+01:00", "2026-10-26 00:00+01:00"}));
  EXPECT_EQ(distances(Every{15min}, "Europe/Berlin", "2026-03-28 23:00", 23h), equal(92, 15min));
  EXPECT_EQ(distances(Every{15min}, "Europe/Berlin", "2026-10-24 22:00", 25h), equal(100, 15min));
}

TEST(NextOccurrence, IntervalsBeginAfterAMidnightThatIsLeftOut) {
  EXPECT_EQ(within(Every{12h}, "America/Sao_Paulo", "2018-11-04 03:00", 24h),
            (Texts{"2018-11-04 01:00-02:00", "2018-11-04 13:00-02:00", "2018-11-05 00:00-02:00"}));
}

TEST(NextOccurrence, IntervalsMayHaveSeconds) {
  EXPECT_EQ(within(Every{90s}, "UTC", "2026-11-30 23:56", 1h).front(), "2026-11-30 23:57+00:00");
  EXPECT_EQ(within(Every{90s}, "UTC", "2026-11-30 23:57:01", 1h).front(),
            "2026-11-30 23:58:30+00:00");
}

TEST(NextOccurrence, IntervalsOfDaysCountFromAMonday) {
  // The 30th of November 2026 is a Monday.
  EXPECT_EQ(within(Every{days(7)}, "Europe/Berlin", "2026-11-24 00:00", 24h * 14),
            (Texts{"2026-11-30 00:00+01:00", "2026-12-07 00:00+01:00"}));
  EXPECT_EQ(within(Every{days(2)}, "UTC", "2026-12-29 00:00:01", 24h * 6),
            (Texts{"2026-12-31 00:00+00:00", "2027-01-02 00:00+00:00", "2027-01-04 00:00+00:00"}));
  EXPECT_EQ(within(Every{days(3)}, "UTC", "1969-12-30", 24h * 7),
            (Texts{"1969-12-30 00:00+00:00", "1970-01-02 00:00+00:00", "1970-01-05 00:00+00:00"}));
}

// The calendar.

TEST(NextOccurrence, LeapDaysAndYearEnds) {
  EXPECT_EQ(within(cron_plan("0 12 29 2 *"), "UTC", "2026-01-01", 24h * 366 * 8),
            (Texts{"2028-02-29 12:00+00:00", "2032-02-29 12:00+00:00"}));
  EXPECT_EQ(within(cron_plan("59 23 31 12 *"), "Europe/Berlin", "2026-06-01", 24h * 366),
            (Texts{"2026-12-31 23:59+01:00"}));
  EXPECT_EQ(within(cron_plan("@yearly"), "America/New_York", "2026-12-31 04:59", 24h), Texts{});
  EXPECT_EQ(within(cron_plan("@yearly"), "America/New_York", "2027-01-01 04:59", 24h),
            (Texts{"2027-01-01 00:00-05:00"}));
  EXPECT_EQ(within(cron_plan("0 0 31 * *"), "UTC", "2026-01-31 00:00:01", 24h * 120),
            (Texts{"2026-03-31 00:00+00:00", "2026-05-31 00:00+00:00"}));
}

TEST(NextOccurrence, EitherDayWillDo) {
  // Vixie's own example: the 1st and 15th of the month, and every Friday.
  EXPECT_EQ(within(cron_plan("30 4 1,15 * 5"), "UTC", "2026-11-30", 24h * 16),
            (Texts{"2026-12-01 04:30+00:00", "2026-12-04 04:30+00:00", "2026-12-11 04:30+00:00",
                   "2026-12-15 04:30+00:00"}));
  // Uneven days that are Fridays: the first field begins with an asterisk.
  EXPECT_EQ(within(cron_plan("30 4 */2 * 5"), "UTC", "2026-11-30", 24h * 31),
            (Texts{"2026-12-11 04:30+00:00", "2026-12-25 04:30+00:00"}));
}

}  // namespace
}  // namespace dray
