#include "schedule/parse_cron.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace dray {
namespace {

Cron cron(std::string_view text) {
  const Result<Cron> parsed = parse_cron(text);
  if (parsed.ok()) return *parsed;
  ADD_FAILURE() << parsed.error().text();
  return {};
}

struct Refusal {
  std::string_view text;
  std::string_view message;  // after: cron "text"
  std::string_view remedy;
};

void expect_refused(const std::vector<Refusal>& refusals) {
  for (const Refusal& refusal : refusals) {
    const Result<Cron> parsed = parse_cron(refusal.text);
    ASSERT_FALSE(parsed.ok()) << refusal.text;
    EXPECT_EQ(parsed.error().cause, Cause::config);
    EXPECT_EQ(parsed.error().message,
              "cron \"" + std::string(refusal.text) + "\"" + std::string(refusal.message));
    EXPECT_EQ(parsed.error().remedy, refusal.remedy) << refusal.text;
  }
}

std::uint64_t bits(std::initializer_list<unsigned> values) {
  std::uint64_t out = 0;
  for (const unsigned value : values)
    out |= std::uint64_t{1} << value;
  return out;
}

std::uint64_t all(unsigned low, unsigned high) {
  std::uint64_t out = 0;
  for (unsigned value = low; value <= high; ++value)
    out |= std::uint64_t{1} << value;
  return out;
}

TEST(ParseCron, ReadsValuesListsRangesAndSteps) {
  const Cron parsed = cron("0,15,59 8-10,20 1-31/10 */4 1-5");
  EXPECT_EQ(parsed.minutes, bits({0, 15, 59}));
  EXPECT_EQ(parsed.hours, bits({8, 9, 10, 20}));
  EXPECT_EQ(parsed.days, bits({1, 11, 21, 31}));
  EXPECT_EQ(parsed.months, bits({1, 5, 9}));
  EXPECT_EQ(parsed.weekdays, bits({1, 2, 3, 4, 5}));
}

TEST(ParseCron, TakesAnAsteriskForAllValues) {
  const Cron parsed = cron("* * * * *");
  EXPECT_EQ(parsed.minutes, all(0, 59));
  EXPECT_EQ(parsed.hours, all(0, 23));
  EXPECT_EQ(parsed.days, all(1, 31));
  EXPECT_EQ(parsed.months, all(1, 12));
  EXPECT_EQ(parsed.weekdays, all(0, 6));
}

TEST(ParseCron, ReadsNamesInAnyLetters) {
  EXPECT_EQ(cron("0 0 1 jan,JUN-Aug,dec *").months, bits({1, 6, 7, 8, 12}));
  EXPECT_EQ(cron("0 0 * * Mon-Wed,sat").weekdays, bits({1, 2, 3, 6}));
}

TEST(ParseCron, TakesZeroAndSevenForSunday) {
  EXPECT_EQ(cron("0 0 * * 0").weekdays, bits({0}));
  EXPECT_EQ(cron("0 0 * * 7").weekdays, bits({0}));
  EXPECT_EQ(cron("0 0 * * 0-7").weekdays, all(0, 6));
  EXPECT_EQ(cron("0 0 * * 5-7").weekdays, bits({5, 6, 0}));
  EXPECT_EQ(cron("0 0 * * fri-sun").weekdays, bits({5, 6, 0}));
  EXPECT_EQ(cron("0 0 * * sun-tue").weekdays, bits({0, 1, 2}));
  EXPECT_EQ(cron("0 0 * * sun-sun").weekdays, all(0, 6));
  EXPECT_EQ(cron("0 0 * * */7").weekdays, bits({0}));
}

TEST(ParseCron, ReadsNumbersWithZerosInFront) {
  EXPECT_EQ(cron("05 008 * * *"), cron("5 8 * * *"));
}

TEST(ParseCron, PassesOverBlanks) { EXPECT_EQ(cron("  5\t8   *  * *\t"), cron("5 8 * * *")); }

TEST(ParseCron, KnowsNicknames) {
  EXPECT_EQ(cron("@hourly"), cron("0 * * * *"));
  EXPECT_EQ(cron("@daily"), cron("0 0 * * *"));
  EXPECT_EQ(cron("@midnight"), cron("0 0 * * *"));
  EXPECT_EQ(cron("@weekly"), cron("0 0 * * 0"));
  EXPECT_EQ(cron("@monthly"), cron("0 0 1 * *"));
  EXPECT_EQ(cron("@yearly"), cron("0 0 1 1 *"));
  EXPECT_EQ(cron(" @Annually "), cron("0 0 1 1 *"));
}

TEST(ParseCron, EitherFieldOfDaysWillDoWhereNeitherBeginsWithAnAsterisk) {
  EXPECT_EQ(cron("0 0 1 * mon").day_rule, DayRule::either);
  EXPECT_EQ(cron("0 0 1-31 * mon").day_rule, DayRule::either);
  EXPECT_EQ(cron("0 0 * * mon").day_rule, DayRule::both);
  EXPECT_EQ(cron("0 0 1 * *").day_rule, DayRule::both);
  EXPECT_EQ(cron("0 0 */2 * mon").day_rule, DayRule::both);
  EXPECT_EQ(cron("0 0 1 * */2").day_rule, DayRule::both);
  EXPECT_EQ(cron("0 0 *,1 * mon").day_rule, DayRule::both);
  EXPECT_EQ(cron("0 0 1,* * mon").day_rule, DayRule::either);
}

TEST(ParseCron, HoursGoByElapsedTimeWhereTheyHaveAnAsteriskOrAStep) {
  EXPECT_EQ(cron("0 * * * *").hour_rule, HourRule::elapsed);
  EXPECT_EQ(cron("0 */2 * * *").hour_rule, HourRule::elapsed);
  EXPECT_EQ(cron("0 1-23/2 * * *").hour_rule, HourRule::elapsed);
  EXPECT_EQ(cron("0 3,8-20/4 * * *").hour_rule, HourRule::elapsed);
  EXPECT_EQ(cron("0 2 * * *").hour_rule, HourRule::fixed);
  EXPECT_EQ(cron("* 2 * * *").hour_rule, HourRule::fixed);
  EXPECT_EQ(cron("*/5 0-23 * * *").hour_rule, HourRule::fixed);
}

TEST(ParseCron, RefusesValuesThatAreNone) {
  expect_refused({
      {"60 * * * *", ": minute (field 1, character 1): 60 is out of range", "write 0 to 59"},
      {"0 24 * * *", ": hour (field 2, character 3): 24 is out of range", "write 0 to 23"},
      {"0 0 0 * *", ": day of month (field 3, character 5): 0 is out of range", "write 1 to 31"},
      {"0 0 1,32 * *", ": day of month (field 3, character 7): 32 is out of range",
       "write 1 to 31"},
      {"0 0 * 13 *", ": month (field 4, character 7): 13 is out of range", "write 1 to 12"},
      {"0 0 * * 8", ": day of week (field 5, character 9): 8 is out of range", "write 0 to 7"},
      {"0 0 * * 99999999999999999999",
       ": day of week (field 5, character 9): 99999999999999999999 is out of range",
       "write 0 to 7"},
      {"x * * * *", ": minute (field 1, character 1): \"x\" is no minute", "write 0 to 59"},
      {"-5 * * * *", ": minute (field 1, character 1): a value is missing", "write 0 to 59"},
      {"5- * * * *", ": minute (field 1, character 3): a value is missing", "write 0 to 59"},
      {"1.5 * * * *", ": minute (field 1, character 1): \"1.5\" is no minute", "write 0 to 59"},
      {"** * * * *", ": minute (field 1, character 1): \"**\" is no minute", "write 0 to 59"},
      {"1-2-3 * * * *", ": minute (field 1, character 3): \"2-3\" is no minute", "write 0 to 59"},
      {"*-5 * * * *", ": minute (field 1, character 1): \"*\" is no minute", "write 0 to 59"},
  });
}

TEST(ParseCron, SaysWhichNameWasMeant) {
  expect_refused({
      {"0 0 * * monday", ": day of week (field 5, character 9): \"monday\" is no day of week",
       "write mon"},
      {"0 0 * * thr", ": day of week (field 5, character 9): \"thr\" is no day of week",
       "write thu"},
      {"0 0 * Sept *", ": month (field 4, character 7): \"Sept\" is no month", "write sep"},
      {"0 0 * * jan", ": day of week (field 5, character 9): \"jan\" is no day of week",
       "write 0 to 7, or a name: sun to sat"},
      {"0 0 * xyz *", ": month (field 4, character 7): \"xyz\" is no month",
       "write 1 to 12, or a name: jan to dec"},
      {"0 0 mon * *", ": day of month (field 3, character 5): \"mon\" is no day of month",
       "write 1 to 31"},
  });
}

TEST(ParseCron, RefusesListsWithNothingBetweenCommas) {
  expect_refused({
      {"1,,2 * * * *", ": minute (field 1, character 3): a comma has no value beside it",
       "take the comma away"},
      {"1, * * * *", ": minute (field 1, character 3): a comma has no value beside it",
       "take the comma away"},
      {"* ,1 * * *", ": hour (field 2, character 3): a comma has no value beside it",
       "take the comma away"},
  });
}

TEST(ParseCron, RefusesRangesThatEndBeforeTheyBegin) {
  expect_refused({
      {"0 22-6 * * *", ": hour (field 2, character 3): \"22-6\" ends before it begins",
       "write two ranges: 22-23,0-6"},
      {"0 0 * nov-feb *", ": month (field 4, character 7): \"nov-feb\" ends before it begins",
       "write two ranges: 11-12,1-2"},
      {"0 0 * * 5-0", ": day of week (field 5, character 9): \"5-0\" ends before it begins",
       "write 5-7"},
      {"0 0 * * fri-mon", ": day of week (field 5, character 9): \"fri-mon\" ends before it begins",
       "write two ranges: 5-7,0-1"},
  });
}

TEST(ParseCron, RefusesStepsThatAreNone) {
  expect_refused({
      {"*/0 * * * *", ": minute (field 1, character 3): \"0\" is no step",
       "after the / write a number from 1 on"},
      {"*/ * * * *", ": minute (field 1, character 3): \"\" is no step",
       "after the / write a number from 1 on"},
      {"*/5/5 * * * *", ": minute (field 1, character 3): \"5/5\" is no step",
       "after the / write a number from 1 on"},
      {"*/x * * * *", ": minute (field 1, character 3): \"x\" is no step",
       "after the / write a number from 1 on"},
      {"5/10 * * * *",
       ": minute (field 1, character 1): \"5/10\" has a step, and no range to step through",
       "write 5-59/10"},
      {"/10 * * * *", ": minute (field 1, character 1): a value is missing", "write 0 to 59"},
  });
}

TEST(ParseCron, RefusesStepsThatStepOverTheirRange) {
  expect_refused({
      {"*/90 * * * *",
       ": minute (field 1, character 3): a step of 90 leaves only the first of \"*\"",
       "write every: 90m, without cron, or 0 for once an hour"},
      {"*/60 * * * *",
       ": minute (field 1, character 3): a step of 60 leaves only the first of \"*\"",
       "write every: 60m, without cron, or 0 for once an hour"},
      {"0 */24 * * *", ": hour (field 2, character 5): a step of 24 leaves only the first of \"*\"",
       "write 0, which is the same"},
      {"0 0 10-12/3 * *",
       ": day of month (field 3, character 11): a step of 3 leaves only the first of \"10-12\"",
       "write 10, which is the same"},
  });
  EXPECT_EQ(cron("*/59 * * * *").minutes, bits({0, 59}));
  EXPECT_EQ(cron("5-5/3 * * * *").minutes, bits({5}));
}

TEST(ParseCron, SaysWhatToWriteForWhatOtherProgramsKnow) {
  expect_refused({
      {"0 0 ? * mon", ": day of month (field 3, character 5): ? is not part of cron's five fields",
       "write *"},
      {"0 0 * * mon#2",
       ": day of week (field 5, character 12): # (the nth such weekday of the month) is not known",
       "write the weekday alone, which comes every week, or the days of the month that it may fall "
       "on, such as 8-14"},
      {"0 0 L * *", ": day of month (field 3, character 5): L (the last day) is not known",
       "write the day after it: 1, the first of the next month"},
      {"0 0 L-3 * *", ": day of month (field 3, character 5): L (the last day) is not known",
       "write the day after it: 1, the first of the next month"},
      {"0 0 lw * *", ": day of month (field 3, character 5): L (the last day) is not known",
       "write the day after it: 1, the first of the next month"},
      {"0 0 * * 5L", ": day of week (field 5, character 9): L (the last day) is not known",
       "write the weekday alone, which comes every week"},
      {"0 0 * * friL", ": day of week (field 5, character 9): L (the last day) is not known",
       "write the weekday alone, which comes every week"},
      {"0 0 1,15W * *",
       ": day of month (field 3, character 7): W (the weekday nearest to a day) is not known",
       "write the day alone, or the weekdays in field 5, such as mon-fri"},
      {"H/15 * * * *",
       ": minute (field 1, character 1): H (a value by the job's name) is not known",
       "write one value, or *, and jitter: to spread the runs of several sources"},
      {"0~30 * * * *", ": minute (field 1, character 2): ~ (a value by chance) is not known",
       "write one value, and jitter: to spread the runs of several sources"},
  });
  EXPECT_EQ(cron("0 0 1 jul *").months, bits({7}));
  EXPECT_EQ(cron("0 0 * * wed").weekdays, bits({3}));
}

TEST(ParseCron, RefusesOtherNumbersOfFields) {
  const std::string_view five =
      "write five fields: minute, hour, day of month, month, day of week, such as \"30 6 * * "
      "mon-fri\"";
  expect_refused({
      {"", ", character 1: it is empty", five},
      {"   ", ", character 1: it is empty", five},
      {"5", ", character 2: one field where five are expected", five},
      {"0 6 * *", ", character 8: 4 fields where five are expected", five},
      {"0 30 6 * * 1", ", character 12: 6 fields where five are expected",
       "leave out the seconds, if they are the first field: \"30 6 * * 1\"; or the year, if it is "
       "the last: \"0 30 6 * *\""},
      {"0 30 6 * * 1 2026", ", character 12: 7 fields where five are expected",
       "leave out the seconds and the year: \"30 6 * * 1\""},
      {"1 2 3 4 5 6 7 8", ", character 11: 8 fields where five are expected", five},
  });
}

TEST(ParseCron, RefusesOtherNicknames) {
  expect_refused({
      {"@reboot", ", character 1: @reboot is no time",
       "write @daily or another time: what was missed while the daemon was down is made up, once, "
       "when it starts"},
      {"@every 5m", ", character 1: @every is not part of cron",
       "write every: with the length of time, such as every: 15m, without cron"},
      {"@dayly", ", character 1: \"@dayly\" is no schedule", "write @daily"},
      {"@fortnightly", ", character 1: \"@fortnightly\" is no schedule",
       "write @hourly, @daily, @weekly, @monthly or @yearly, or five fields"},
      {"@daily 5", ", character 8: nothing may stand after @daily", "write @daily alone"},
  });
}

TEST(ParseCron, RefusesWhatNeverComes) {
  const std::string_view remedy = "write a day that the months have, such as 28, or other months";
  const std::string_view what = "it never comes: no month of field 4 has such a day";
  for (const char* text : {"0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 30 2 */2"}) {
    const Result<Cron> parsed = parse_cron(text);
    ASSERT_FALSE(parsed.ok()) << text;
    EXPECT_EQ(parsed.error().message,
              "cron \"" + std::string(text) +
                  "\": day of month (field 3, character 5): " + std::string(what));
    EXPECT_EQ(parsed.error().remedy, remedy);
  }
  // Each comes some time: in a leap year, in one that begins on the right day, on a weekday.
  for (const char* text : {"0 0 29 2 *", "0 0 29 2 */7", "0 0 30 2 mon"}) {
    EXPECT_TRUE(parse_cron(text).ok()) << text;
  }
}

TEST(ParseCron, BoundsTheTextAndWhatItRepeats) {
  const Result<Cron> parsed = parse_cron(std::string(2'000, '\n'));
  ASSERT_FALSE(parsed.ok());
  EXPECT_EQ(parsed.error().message, "cron \"" + std::string(80, '?') +
                                        "...\", character 1001: it is longer than 1000 characters");
}

TEST(NextMinute, FindsTheFirstAtTheTimeItselfOrAfterIt) {
  using std::chrono::local_days;
  using std::chrono::year;
  using namespace std::chrono_literals;
  const Cron parsed = cron("15,45 6,18 * * *");
  const local_days day(year(2026) / 11 / 30);
  EXPECT_EQ(next_minute(parsed, day), day + 6h + 15min);
  EXPECT_EQ(next_minute(parsed, day + 6h + 15min), day + 6h + 15min);
  EXPECT_EQ(next_minute(parsed, day + 6h + 15min + 1s), day + 6h + 45min);
  EXPECT_EQ(next_minute(parsed, day + 6h + 46min), day + 18h + 15min);
  EXPECT_EQ(next_minute(parsed, day + 18h + 45min + 1s), day + std::chrono::days(1) + 6h + 15min);
}

TEST(NextMinute, FindsLeapDaysAndTheFortyYearsBetweenTwoOnSunday) {
  using std::chrono::local_days;
  using std::chrono::year;
  const Cron leap = cron("0 0 29 2 *");
  EXPECT_EQ(next_minute(leap, local_days(year(2026) / 1 / 1)), local_days(year(2028) / 2 / 29));
  EXPECT_EQ(next_minute(leap, local_days(year(2096) / 3 / 1)), local_days(year(2104) / 2 / 29));
  const Cron leap_sunday = cron("0 0 29 2 */7");
  EXPECT_EQ(next_minute(leap_sunday, local_days(year(2032) / 3 / 1)),
            local_days(year(2060) / 2 / 29));
  EXPECT_EQ(next_minute(leap_sunday, local_days(year(2088) / 3 / 1)),
            local_days(year(2128) / 2 / 29));
}

}  // namespace
}  // namespace dray
