// Instants as tests write and read them.
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "schedule/timetable.h"
#include "schedule/zone.h"

namespace dray::testing_support {

// "2026-03-29 00:30" or "2026-03-29 00:30:15", in UTC. A test that writes another form fails.
std::chrono::sys_seconds utc(std::string_view text);
// What clocks show, in the same form.
std::chrono::local_seconds shown(std::string_view text);

// "2026-03-29 03:00+02:00": what the zone's clocks show, and how far they are ahead of UTC. Seconds
// are there if they are not 0.
std::string on_clock(const Zone& zone, std::chrono::sys_seconds instant);

// find_zone(), which must have it.
Zone zone_of(std::string_view name);

// The instants from `from` on and before `to`, each as on_clock() has it.
std::vector<std::string> occurrences(const Timetable& timetable, const Zone& zone,
                                     std::chrono::sys_seconds from, std::chrono::sys_seconds to);

}  // namespace dray::testing_support
