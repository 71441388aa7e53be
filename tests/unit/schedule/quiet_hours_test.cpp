#include "schedule/quiet_hours.h"

#include <gtest/gtest.h>

#include <string_view>

#include "support/instants.h"

namespace dray {
namespace {

using namespace std::chrono_literals;
using std::chrono::seconds;
using testing_support::utc;
using testing_support::zone_of;
using Window = QuietHours::Window;

seconds rest(const std::vector<Window>& windows) { return QuietHours(windows, 0s).longest_rest(); }

// Of `instant`, both in UTC.
std::string quiet_until(const QuietHours& quiet, std::string_view zone_name,
                        std::string_view instant) {
  const Zone zone = zone_of(zone_name);
  return testing_support::on_clock(zone, quiet.end_of_quiet(zone, utc(instant)));
}

TEST(QuietHours, NoneLeaveEveryInstant) {
  EXPECT_EQ(quiet_until({}, "UTC", "2026-11-30 22:15:07"), "2026-11-30 22:15:07+00:00");
  EXPECT_EQ(QuietHours().longest_rest(), 24h);
}

TEST(QuietHours, HaveTheirBeginningAndNotTheirEnd) {
  const QuietHours quiet({{9h, 17h}}, 0s);
  EXPECT_EQ(quiet_until(quiet, "UTC", "2026-11-30 08:59:59"), "2026-11-30 08:59:59+00:00");
  EXPECT_EQ(quiet_until(quiet, "UTC", "2026-11-30 09:00"), "2026-11-30 17:00+00:00");
  EXPECT_EQ(quiet_until(quiet, "UTC", "2026-11-30 16:59:59"), "2026-11-30 17:00+00:00");
  EXPECT_EQ(quiet_until(quiet, "UTC", "2026-11-30 17:00"), "2026-11-30 17:00+00:00");
}

TEST(QuietHours, GoOverMidnight) {
  const QuietHours quiet({{22h, 6h}}, 0s);
  EXPECT_EQ(quiet_until(quiet, "Europe/Berlin", "2026-11-30 21:30"), "2026-12-01 06:00+01:00");
  EXPECT_EQ(quiet_until(quiet, "Europe/Berlin", "2026-12-01 04:30"), "2026-12-01 06:00+01:00");
  EXPECT_EQ(quiet_until(quiet, "Europe/Berlin", "2026-12-01 05:00"), "2026-12-01 06:00+01:00");
  EXPECT_EQ(quiet_until(quiet, "Europe/Berlin", "2026-12-01 20:59:59"),
            "2026-12-01 21:59:59+01:00");
}

TEST(QuietHours, ThatMeetAreOne) {
  const QuietHours quiet({{6h, 7h}, {20h, 22h}, {22h, 6h}, {21h, 23h}}, 0s);
  EXPECT_EQ(quiet.windows(), (std::vector<Window>{{0h, 7h}, {20h, 24h}}));
  EXPECT_EQ(quiet_until(quiet, "UTC", "2026-11-30 20:00"), "2026-12-01 07:00+00:00");
}

TEST(QuietHours, LastLongerByWhatIsAsked) {
  EXPECT_EQ(QuietHours({{22h, 6h}, {23h, 24h}}, 5min).windows(),
            (std::vector<Window>{{0h, 6h + 5min}, {22h, 24h}}));
  EXPECT_EQ(QuietHours({{22h, 24h}}, 5min).windows(),
            (std::vector<Window>{{0h, 5min}, {22h, 24h}}));
}

TEST(QuietHours, KnowTheLongestTimeThatTheyLeave) {
  EXPECT_EQ(rest({{22h, 6h}}), 16h);
  EXPECT_EQ(rest({{9h, 17h}}), 16h);
  EXPECT_EQ(rest({{0h, 9h}, {10h, 24h}}), 1h);
  EXPECT_EQ(rest({{1h, 12h}, {12h, 23h}}), 2h);
  EXPECT_EQ(rest({{0h, 24h}}), 0s);
  EXPECT_EQ(rest({{12h, 6h}, {5h, 12h}}), 0s);
}

TEST(QuietHours, GoByWhatClocksShow) {
  const QuietHours quiet({{1h, 2h + 30min}}, 0s);
  // In spring 02:30 never comes, in autumn clocks show 02:00 to 02:30 twice.
  EXPECT_EQ(quiet_until(quiet, "Europe/Berlin", "2026-03-29 00:15"), "2026-03-29 03:00+02:00");
  EXPECT_EQ(quiet_until(quiet, "Europe/Berlin", "2026-10-24 23:15"), "2026-10-25 02:30+02:00");
  EXPECT_EQ(quiet_until(quiet, "Europe/Berlin", "2026-10-25 01:15"), "2026-10-25 02:30+01:00");
  // An end that autumn sets back within the window is not reached at first.
  const QuietHours until_three({{1h, 3h}}, 0s);
  EXPECT_EQ(quiet_until(until_three, "Europe/Berlin", "2026-10-25 00:30"),
            "2026-10-25 03:00+01:00");
}

}  // namespace
}  // namespace dray
