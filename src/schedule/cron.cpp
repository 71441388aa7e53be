#include "schedule/cron.h"

#include <bit>
#include <optional>

#include "base/result.h"

namespace dray {

using std::chrono::local_days;
using std::chrono::local_seconds;
using std::chrono::year_month;
using std::chrono::year_month_day;
using std::chrono::year_month_day_last;

namespace {

constexpr int calendar_months = 400 * 12;

// The lowest value of `field` that is `from` or more; 64 if there is none.
unsigned next_bit(std::uint64_t field, unsigned from) {
  if (from >= 64) return 64;
  return static_cast<unsigned>(std::countr_zero(field >> from << from));
}

bool has_month(const Cron& cron, std::chrono::month month) {
  return (cron.months >> static_cast<unsigned>(month) & 1) != 0;
}

// The first day at `from` or after it, within the 400 years after which the calendar repeats.
std::optional<local_days> next_day(const Cron& cron, local_days from) {
  const year_month_day start(from);
  year_month month = start.year() / start.month();
  local_days day = from;
  // One more than the calendar has: `from` may be within a month.
  for (int i = 0; i <= calendar_months; ++i) {
    if (has_month(cron, month.month())) {
      const local_days last(year_month_day_last(month / std::chrono::last));
      for (; day <= last; day += std::chrono::days(1)) {
        if (has_day(cron, day)) return day;
      }
    }
    month += std::chrono::months(1);
    day = local_days(month / 1);
  }
  return std::nullopt;
}

// Minutes after midnight, 24 * 60 if none is left.
unsigned next_minute_of_day(const Cron& cron, unsigned from) {
  constexpr unsigned hour_minutes = 60;
  const unsigned hour = from / hour_minutes;
  if ((cron.hours >> hour & 1) != 0) {
    const unsigned minute = next_bit(cron.minutes, from % hour_minutes);
    if (minute < hour_minutes) return hour * hour_minutes + minute;
  }
  const unsigned next_hour = next_bit(cron.hours, hour + 1);
  if (next_hour >= 24) return 24 * hour_minutes;
  return next_hour * hour_minutes + next_bit(cron.minutes, 0);
}

}  // namespace

bool has_day(const Cron& cron, local_days day) {
  const year_month_day date(day);
  if (!has_month(cron, date.month())) return false;
  const unsigned weekday = std::chrono::weekday(day).c_encoding();
  const bool in_month = (cron.days >> static_cast<unsigned>(date.day()) & 1) != 0;
  const bool in_week = (cron.weekdays >> weekday & 1) != 0;
  return cron.day_rule == DayRule::either ? in_month || in_week : in_month && in_week;
}

bool ever_comes(const Cron& cron) {
  return cron.minutes != 0 && cron.hours != 0 && next_day(cron, local_days()).has_value();
}

local_seconds next_minute(const Cron& cron, local_seconds from) {
  using std::chrono::minutes;
  const auto start = std::chrono::ceil<minutes>(from);
  const local_days today = std::chrono::floor<std::chrono::days>(start);
  if (has_day(cron, today)) {
    const auto passed = static_cast<unsigned>((start - today).count());
    const unsigned minute = next_minute_of_day(cron, passed);
    if (minute < 24 * 60) return today + minutes(minute);
  }
  const std::optional<local_days> day = next_day(cron, today + std::chrono::days(1));
  DRAY_ASSERT(day.has_value());
  return *day + minutes(next_minute_of_day(cron, 0));
}

}  // namespace dray
