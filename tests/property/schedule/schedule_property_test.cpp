// The schedule's functions against a slow, plain model of them (property/schedule/slow_schedule.h):
// schedules, zones and instants by seed, which a failure names. DRAY_SCHEDULE_CASES=100000 asks for
// more.
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <optional>
#include <string>

#include "property/schedule/slow_schedule.h"
#include "schedule/next_run.h"
#include "schedule/schedule.h"
#include "support/instants.h"
#include "support/random_schedules.h"

namespace dray::property {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_seconds;
using testing_support::on_clock;
using testing_support::RandomSchedules;
using testing_support::utc;

const sys_seconds first_instant = utc("2000-01-01");
const sys_seconds last_instant = utc("2037-06-01");

unsigned cases_wanted(unsigned usual) {
  const char* wanted = std::getenv("DRAY_SCHEDULE_CASES");  // NOLINT: no other thread
  return wanted == nullptr ? usual : static_cast<unsigned>(std::stoul(wanted));
}

std::string told(const ScheduleText& text) {
  std::string out = text.timezone + ": " + text.every + text.cron;
  for (const std::string& time : text.times)
    out += time + " ";
  for (const std::string& window : text.quiet)
    out += ", quiet " + window;
  if (!text.jitter.empty()) out += ", jitter " + text.jitter;
  if (!text.max_per_day.empty()) out += ", max_per_day " + text.max_per_day;
  return out;
}

std::string told(const Zone& zone, const std::optional<NextRun>& run) {
  if (!run) return "nothing";
  return on_clock(zone, run->due) + " " + std::string(to_string(run->because)) + " for " +
         on_clock(zone, run->planned);
}

// Nothing where the expression never comes.
std::optional<Schedule> parsed(const ScheduleText& text) {
  Result<Schedule> schedule = parse_schedule(text, "shop", "analytics");
  if (schedule.ok()) return std::move(schedule).value();
  EXPECT_TRUE(
      schedule.error().message.ends_with("it never comes: no month of field 4 has such a day"))
      << told(text) << "\n"
      << schedule.error().text();
  return std::nullopt;
}

TEST(ScheduleProperty, OccurrencesAreThoseOfTheSlowModel) {
  unsigned compared = 0;
  for (unsigned seed = 0; seed < cases_wanted(300); ++seed) {
    RandomSchedules random(seed);
    const ScheduleText text = random.timetable();
    const std::optional<Schedule> schedule = parsed(text);
    if (!schedule) continue;
    const sys_seconds from = random.instant(schedule->zone, first_instant, last_instant);
    const sys_seconds to = from + days(3);
    const SlowSchedule slow(text, schedule->zone, seconds(0));
    sys_seconds next = next_occurrence(schedule->timetable, schedule->zone, from);
    for (const sys_seconds expected : slow.occurrences(from, to)) {
      ASSERT_EQ(on_clock(schedule->zone, next), on_clock(schedule->zone, expected))
          << "seed " << seed << ", " << told(text) << ", from " << on_clock(schedule->zone, from);
      next = next_occurrence(schedule->timetable, schedule->zone, next + seconds(1));
      ++compared;
    }
    ASSERT_GE(next, to) << "seed " << seed << ", " << told(text) << ", "
                        << on_clock(schedule->zone, next);
  }
  EXPECT_GT(compared, 1'000U);
}

TEST(ScheduleProperty, NextRunIsThatOfTheSlowModel) {
  std::map<DueBecause, int> reasons;
  for (unsigned seed = 0; seed < cases_wanted(300); ++seed) {
    RandomSchedules random(seed);
    ScheduleText text = random.timetable();
    random.add_rules(text);
    const std::optional<Schedule> schedule = parsed(text);
    if (!schedule) continue;
    const Zone& zone = schedule->zone;
    Begun begun;
    begun.known_since = random.instant(zone, first_instant, last_instant);
    if (random.chance(80)) begun.last = begun.known_since;
    begun.in_day_of_last = 1 + random.below(6);
    const sys_seconds now =
        begun.known_since + seconds(random.below(random.chance(70) ? 7'200 : 3 * 86'400));
    const sys_seconds to = begun.known_since + days(6);
    const SlowSchedule slow(text, zone, schedule->delay);
    const std::optional<NextRun> expected = slow.next_run(begun, now, to);
    const NextRun run = next_run(*schedule, begun, now);
    if (!expected) {
      ASSERT_GE(run.planned, to) << "seed " << seed << ", " << told(text);
      continue;
    }
    ASSERT_EQ(told(zone, run), told(zone, expected))
        << "seed " << seed << ", " << told(text) << "\nlast "
        << (begun.last ? on_clock(zone, *begun.last) : "none") << " of " << begun.in_day_of_last
        << ", known " << on_clock(zone, begun.known_since) << ", now " << on_clock(zone, now);
    ++reasons[run.because];
  }
  // All of them were met.
  EXPECT_EQ(reasons.size(), 4U);
}

// A daemon that is busy or down now and then, for a fortnight.
TEST(ScheduleProperty, RunsKeepWhatTheSettingsPromise) {
  int runs = 0;
  for (unsigned seed = 0; seed < cases_wanted(300); ++seed) {
    RandomSchedules random(seed);
    ScheduleText text = random.timetable();
    random.add_rules(text);
    const std::optional<Schedule> schedule = parsed(text);
    if (!schedule) continue;
    const Zone& zone = schedule->zone;
    const SlowSchedule slow(text, zone, schedule->delay);
    Begun begun;
    begun.known_since = random.instant(zone, first_instant, last_instant);
    sys_seconds now = begun.known_since;
    std::map<sys_seconds, std::size_t> begun_on;
    std::optional<sys_seconds> planned_before;
    for (int i = 0; i < 200 && now < begun.known_since + days(14); ++i) {
      const NextRun run = next_run(*schedule, begun, now);
      SCOPED_TRACE("seed " + std::to_string(seed) + ", " + told(text) + ", " + told(zone, run));
      ASSERT_GE(run.due, now);
      ASSERT_FALSE(slow.is_quiet(run.due));
      ASSERT_LE(run.planned + schedule->delay, run.due);
      if (planned_before) ASSERT_GT(run.planned, *planned_before);  // Once each.
      // Asked again before it is due, the answer is the same.
      if (run.due - now > seconds(2)) {
        ASSERT_EQ(next_run(*schedule, begun, now + (run.due - now) / 2).due, run.due);
      }
      if (random.chance(5)) {
        now = run.due + seconds(random.below(3 * 86'400));  // Down.
        continue;
      }
      const LocalDay day = local_day(*schedule, run.due);
      ASSERT_LE(day.begin, run.due);
      ASSERT_GT(day.end, run.due);
      planned_before = run.planned;
      begun.last = run.due;
      begun.in_day_of_last = ++begun_on[day.begin];
      if (schedule->begins_per_day_max) {
        ASSERT_LE(begun.in_day_of_last, *schedule->begins_per_day_max);
      }
      now = run.due + seconds(random.chance(70) ? random.below(600) : random.below(20'000));
      ++runs;
    }
  }
  EXPECT_GT(runs, 1'000);
}

}  // namespace
}  // namespace dray::property
