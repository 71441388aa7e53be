#include "support/instants.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <utility>

#include "base/time.h"
#include "schedule/zone_data.h"

namespace dray::testing_support {

using std::chrono::seconds;
using std::chrono::sys_seconds;

sys_seconds utc(std::string_view text) {
  const std::optional<Micros> micros = parse_timestamp(text);
  if (!micros) {
    ADD_FAILURE() << "no instant: " << text;
    return {};
  }
  return std::chrono::floor<seconds>(from_micros(*micros));
}

std::chrono::local_seconds shown(std::string_view text) {
  return std::chrono::local_seconds(utc(text).time_since_epoch());
}

std::string on_clock(const Zone& zone, sys_seconds instant) {
  const std::chrono::local_seconds time = zone.clock_at(instant);
  std::string out = format_timestamp(
      std::chrono::duration_cast<std::chrono::microseconds>(time.time_since_epoch()).count());
  if (out.ends_with(":00")) out.resize(out.size() - 3);
  const auto offset = (time.time_since_epoch() - instant.time_since_epoch()).count();
  const auto distance = static_cast<int>(std::abs(offset));
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), "%c%02d:%02d", offset < 0 ? '-' : '+', distance / 3600,
                distance / 60 % 60);
  return out + text.data();
}

Zone zone_of(std::string_view name) {
  Result<Zone> zone = find_zone(name);
  if (!zone.ok()) {
    ADD_FAILURE() << zone.error().text();
    return {};
  }
  return std::move(zone).value();
}

std::vector<std::string> occurrences(const Timetable& timetable, const Zone& zone, sys_seconds from,
                                     sys_seconds to) {
  std::vector<std::string> out;
  for (sys_seconds at = next_occurrence(timetable, zone, from); at < to;
       at = next_occurrence(timetable, zone, at + seconds(1))) {
    out.push_back(on_clock(zone, at));
  }
  return out;
}

}  // namespace dray::testing_support
