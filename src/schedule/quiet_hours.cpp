#include "schedule/quiet_hours.h"

#include <algorithm>

#include "base/result.h"

namespace dray {

using std::chrono::days;
using std::chrono::local_seconds;
using std::chrono::seconds;
using std::chrono::sys_seconds;

QuietHours::QuietHours(const std::vector<Window>& windows, seconds longer) {
  constexpr seconds day = days(1);
  std::vector<Window> parts;
  for (const Window& window : windows) {
    const seconds length =
        window.end - window.begin + (window.end <= window.begin ? day : seconds(0));
    const seconds end = window.begin + std::min(length + longer, day);
    parts.push_back({window.begin, std::min(end, day)});
    if (end > day) parts.push_back({seconds(0), end - day});
  }
  std::ranges::sort(parts, {}, &Window::begin);
  for (const Window& part : parts) {
    if (windows_.empty() || part.begin > windows_.back().end) {
      windows_.push_back(part);
    } else {
      windows_.back().end = std::max(windows_.back().end, part.end);
    }
  }
}

seconds QuietHours::longest_rest() const {
  constexpr seconds day = days(1);
  if (windows_.empty()) return day;
  // From the last window over midnight to the first.
  seconds longest = day - windows_.back().end + windows_.front().begin;
  for (std::size_t i = 1; i < windows_.size(); ++i) {
    longest = std::max(longest, windows_[i].begin - windows_[i - 1].end);
  }
  return longest;
}

sys_seconds QuietHours::end_of_quiet(const Zone& zone, sys_seconds instant) const {
  if (windows_.empty()) return instant;
  DRAY_ASSERT(longest_rest() > seconds(0));
  while (true) {
    const Zone::Stretch stretch = zone.stretch_at(instant);
    const local_seconds shown(instant.time_since_epoch() + stretch.offset);
    const seconds of_day = shown - std::chrono::floor<days>(shown);
    const auto window = std::ranges::find_if(windows_, [&](const Window& candidate) {
      return candidate.begin <= of_day && of_day < candidate.end;
    });
    if (window == windows_.end()) return instant;
    // The clocks may change before they show the end.
    instant = std::min(instant + (window->end - of_day), stretch.end);
  }
}

}  // namespace dray
