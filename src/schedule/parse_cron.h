// Cron expressions as people write them.
//
// Five fields (minute, hour, day of month, month, day of week) of numbers, names of months and
// weekdays (jan, mon), lists, ranges and steps; or @hourly, @daily, @midnight, @weekly, @monthly,
// @yearly, @annually. What it means is decided in docs/schedules.md.
//
// A pure function.
#pragma once

#include <string_view>

#include "base/result.h"
#include "schedule/cron.h"

namespace dray {

// `config`: it is no such expression, or one that never comes. The message has the text, the field
// and the character where it goes wrong (the first is 1), the remedy what to write instead.
Result<Cron> parse_cron(std::string_view text);

}  // namespace dray
