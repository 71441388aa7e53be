#include "schedule/schedule.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <variant>
#include <vector>

#include "schedule/parse_cron.h"

namespace dray {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

Schedule parsed_schedule(const ScheduleText& text) {
  Result<Schedule> schedule = parse_schedule(text, "shop", "analytics");
  if (schedule.ok()) return std::move(schedule).value();
  ADD_FAILURE() << schedule.error().text();
  return {};
}

struct ScheduleRefusal {
  ScheduleText text;
  std::string message;
  std::string remedy;
};

void expect_schedules_refused(const std::vector<ScheduleRefusal>& refusals) {
  for (const ScheduleRefusal& refusal : refusals) {
    const Result<Schedule> schedule = parse_schedule(refusal.text, "shop", "analytics");
    ASSERT_FALSE(schedule.ok()) << refusal.message;
    EXPECT_EQ(schedule.error().cause, Cause::config);
    EXPECT_EQ(schedule.error().message, refusal.message);
    EXPECT_EQ(schedule.error().remedy, refusal.remedy) << refusal.message;
  }
}

TEST(ParseSchedule, ReadsIntervals) {
  for (const auto& [text, length] :
       std::vector<std::pair<std::string, seconds>>{{"1m", 1min},
                                                    {"90s", 90s},
                                                    {"15 minutes", 15min},
                                                    {"1h", 1h},
                                                    {"1.5h", 90min},
                                                    {"1d", 24h},
                                                    {"24h", 24h},
                                                    {"1w", 168h},
                                                    {"366d", 24h * 366}}) {
    EXPECT_EQ(parsed_schedule({.every = text}).timetable, Timetable(Every{length})) << text;
  }
}

TEST(ParseSchedule, ReadsCronAndTimes) {
  EXPECT_EQ(parsed_schedule({.cron = "5 4 * * *"}).timetable,
            Timetable(parse_cron("5 4 * * *").value()));
  EXPECT_EQ(parsed_schedule({.times = {"18:30", " 6:00", "06:00", "23:59"}}).timetable,
            Timetable(TimesOfDay{{6h, 18h + 30min, 23h + 59min}}));
}

TEST(ParseSchedule, ReadsWhatGoesWithThem) {
  const Schedule schedule = parsed_schedule({.every = "1h",
                                             .timezone = "Asia/Kathmandu",
                                             .quiet = {"22:00-06:00", "12:00 - 13:30"},
                                             .jitter = "5m",
                                             .max_per_day = "24"});
  EXPECT_EQ(schedule.zone.name(), "Asia/Kathmandu");
  EXPECT_EQ(schedule.begins_per_day_max, 24U);
  EXPECT_EQ(schedule.delay, jitter_delay(5min, "shop", "analytics"));
  EXPECT_EQ(schedule.quiet.windows(),
            (std::vector<QuietHours::Window>{
                {0h, 6h + schedule.delay}, {12h, 13h + 30min + schedule.delay}, {22h, 24h}}));
}

TEST(ParseSchedule, LeavesOutWhatIsNotThere) {
  const Schedule schedule = parsed_schedule({.every = "1h"});
  EXPECT_EQ(schedule.zone.name(), "UTC");
  EXPECT_EQ(schedule.delay, 0s);
  EXPECT_TRUE(schedule.quiet.windows().empty());
  EXPECT_EQ(schedule.begins_per_day_max, std::nullopt);
}

TEST(ParseSchedule, WantsOneOfThreeForms) {
  expect_schedules_refused({
      {{},
       "the schedule does not say when",
       "write one of every: 1h, cron: \"0 * * * *\" and times: [\"06:00\"]"},
      {{.every = "1h", .cron = "@daily"}, "the schedule has every and cron", "keep one of them"},
      {{.cron = "@daily", .times = {"06:00"}},
       "the schedule has cron and times",
       "keep one of them"},
  });
}

TEST(ParseSchedule, RefusesIntervalsThatAreNone) {
  const std::string example = "write a number and a unit, such as 15m, 1h or 1d";
  expect_schedules_refused({
      {{.every = "30s"}, "every \"30s\": it is less than a minute", "write 1m or more"},
      {{.every = "0m"}, "every \"0m\": it is less than a minute", "write 1m or more"},
      {{.every = "367d"},
       "every \"367d\": it is more than 366 days",
       "write 366d or less, or a cron expression such as @yearly"},
      {{.every = "36h"}, "every \"36h\": more than a day must be whole days", "write 1d or 2d"},
      {{.every = "15"}, "every \"15\": it is no length of time (character 3)", example},
      {{.every = "15 parsecs"},
       "every \"15 parsecs\": it is no length of time (character 4)",
       example},
      {{.every = "hourly"}, "every \"hourly\": it is no length of time (character 1)", example},
      {{.every = "-5m"}, "every \"-5m\": it is no length of time (character 1)", example},
      {{.every = "99999999999999999999d"},
       "every \"99999999999999999999d\": it is no length of time (character 21)",
       example},
  });
}

TEST(ParseSchedule, RefusesTimesThatAreNone) {
  const std::string example = "write hours and minutes, from 00:00 to 23:59";
  expect_schedules_refused({
      {{.times = {"06:00", "25:00"}},
       "times, entry 2 \"25:00\": it is no time of the day",
       example},
      {{.times = {"06:60"}}, "times, entry 1 \"06:60\": it is no time of the day", example},
      {{.times = {"24:00"}}, "times, entry 1 \"24:00\": it is no time of the day", "write 00:00"},
      {{.times = {"24:01"}}, "times, entry 1 \"24:01\": it is no time of the day", example},
      {{.times = {""}}, "times, entry 1 \"\": it is no time of the day", example},
      {{.times = {"6"}}, "times, entry 1 \"6\": it is no time of the day", example},
      {{.times = {"6pm"}}, "times, entry 1 \"6pm\": it is no time of the day", example},
      {{.times = {"06:00:30"}},
       "times, entry 1 \"06:00:30\": there is more than hours and minutes (character 6)",
       example},
      {{.times = {"6:00 pm"}},
       "times, entry 1 \"6:00 pm\": there is more than hours and minutes (character 5)",
       example},
      {{.times = Texts(1'441, "06:00")},
       "times: more than one entry for each minute of the day",
       "write every: 1m, or a cron expression"},
  });
}

TEST(ParseSchedule, PassesOnWhatIsWrongWithCronOrZone) {
  expect_schedules_refused({
      {{.cron = "0 0 L * *"},
       "cron \"0 0 L * *\": day of month (field 3, character 5): L (the last day) is not known",
       "write the day after it: 1, the first of the next month"},
      {{.every = "1h", .timezone = "Europe/Berln"},
       "timezone \"Europe/Berln\": there is no such time zone",
       "write Europe/Berlin"},
  });
}

TEST(ParseSchedule, RefusesQuietHoursThatAreNone) {
  const std::string example =
      "write two times of the day with a dash between them, such as \"22:00-06:00\"";
  expect_schedules_refused({
      {{.every = "1h", .quiet = {"22:00-06:00", "9-17"}},
       "quiet, entry 2 \"9-17\": it begins with no time of the day (character 1)",
       example},
      {{.every = "1h", .quiet = {"22:00"}},
       "quiet, entry 1 \"22:00\": it ends with no time of the day (character 7)",
       example},
      {{.every = "1h", .quiet = {"22:00-6"}},
       "quiet, entry 1 \"22:00-6\": it ends with no time of the day (character 7)",
       example},
      {{.every = "1h", .quiet = {"22:00-06:00-07:00"}},
       "quiet, entry 1 \"22:00-06:00-07:00\": it ends with no time of the day (character 7)",
       example},
      {{.every = "1h", .quiet = {"24:00-06:00"}},
       "quiet, entry 1 \"24:00-06:00\": it begins with no time of the day (character 1)",
       example},
      {{.every = "1h", .quiet = {"06:00-06:00"}},
       "quiet, entry 1 \"06:00-06:00\": it ends where it begins",
       "write an end that is not the beginning, or leave it out"},
      {{.every = "1h", .quiet = Texts(1'441, "22:00-06:00")},
       "quiet: more than one entry for each minute of the day",
       "write fewer"},
  });
}

TEST(ParseSchedule, RefusesQuietHoursThatLeaveNoTime) {
  const std::string message =
      "quiet: the windows leave no time of the day in which a run may begin";
  expect_schedules_refused({
      {{.every = "1h", .quiet = {"00:00-24:00"}}, message, "leave some time between them"},
      {{.every = "1h", .quiet = {"12:00-06:00", "05:00-12:00"}},
       message,
       "leave some time between them"},
      {{.every = "1h", .quiet = {"06:00-05:50"}, .jitter = "11m"},
       "quiet: the windows leave 10m of the day at most, and jitter is 11m",
       "write a jitter of 10m or less, or shorter windows"},
  });
  EXPECT_GT(parsed_schedule({.every = "1h", .quiet = {"06:00-05:50"}, .jitter = "10m"})
                .quiet.longest_rest(),
            0s);
}

TEST(ParseSchedule, RefusesJitterAndAllowancesThatAreNone) {
  expect_schedules_refused({
      {{.every = "1h", .jitter = "some"},
       "jitter \"some\": it is no length of time (character 1)",
       "write a number and a unit, such as 15m, 1h or 1d"},
      {{.every = "1h", .jitter = "25h"},
       "jitter \"25h\": it is more than a day",
       "write 1d or less"},
      {{.every = "1h", .max_per_day = "0"},
       "max_per_day \"0\": no run would ever begin",
       "write 1 or more, or take the schedule away"},
      {{.every = "1h", .max_per_day = "2.5"},
       "max_per_day \"2.5\": it is no number of runs in a day",
       "write a whole number from 1 to 1440"},
      {{.every = "1h", .max_per_day = "1441"},
       "max_per_day \"1441\": it is no number of runs in a day",
       "write a whole number from 1 to 1440"},
      {{.every = "1h", .max_per_day = "99999999999999999999999"},
       "max_per_day \"99999999999999999999999\": it is no number of runs in a day",
       "write a whole number from 1 to 1440"},
  });
}

TEST(JitterDelay, IsTheSameForTheSameNames) {
  // Numbers that every version must keep: a restart with a new one may not move the runs.
  EXPECT_EQ(jitter_delay(1h, "shop", "analytics"), 2175s);
  EXPECT_EQ(jitter_delay(1h, "shop", "archive"), 1053s);
  EXPECT_EQ(jitter_delay(1h, "blog", "analytics"), 1674s);
  EXPECT_NE(jitter_delay(24h, "ab", "c"), jitter_delay(24h, "a", "bc"));
}

TEST(JitterDelay, IsLessThanJitter) {
  EXPECT_EQ(jitter_delay(0s, "shop", "analytics"), 0s);
  EXPECT_EQ(jitter_delay(1s, "shop", "analytics"), 0s);
  for (int i = 0; i < 1'000; ++i) {
    const seconds delay = jitter_delay(60s, "source" + std::to_string(i), "analytics");
    ASSERT_GE(delay, 0s);
    ASSERT_LT(delay, 60s);
  }
}

TEST(JitterDelay, SpreadsSourcesEvenly) {
  std::vector<int> sources(60);
  for (int i = 0; i < 6'000; ++i) {
    const seconds delay = jitter_delay(60min, "source" + std::to_string(i), "analytics");
    ++sources.at(static_cast<std::size_t>(delay / 60s));
  }
  // 100 each, and five standard deviations.
  EXPECT_GT(std::ranges::min(sources), 50);
  EXPECT_LT(std::ranges::max(sources), 150);
}

}  // namespace
}  // namespace dray
