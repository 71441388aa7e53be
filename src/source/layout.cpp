#include "source/layout.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "base/time.h"

namespace dray {
namespace {

constexpr std::int64_t day_ms = 86'400'000;

// The first two directories are all that a root inside a layout can leave in front of the file:
// <source-id>, <day>.
constexpr std::size_t bare_components_max = 2;

constexpr std::array<std::string_view, 10> temporary_endings = {
    "~",    ".tmp",      ".temp",       ".part",     ".partial",
    ".swp", ".filepart", ".crdownload", ".download", ".inprogress"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

// Whatever the case: an EVENTS.JSON.GZ that was left out would be lost in silence.
bool ends_with(std::string_view text, std::string_view ending) {
  if (text.size() < ending.size()) return false;
  const std::string_view tail = text.substr(text.size() - ending.size());
  return std::equal(tail.begin(), tail.end(), ending.begin(),
                    [](char a, char b) { return lower(a) == b; });
}

std::optional<Encoding> encoding_of(std::string_view name) {
  if (ends_with(name, ".gz")) return Encoding::gzip;
  if (ends_with(name, ".zst")) return Encoding::zstd;
  if (ends_with(name, ".json") || ends_with(name, ".ndjson") || ends_with(name, ".jsonl")) {
    return Encoding::plain;
  }
  return std::nullopt;
}

// The front of `rest` up to the next '/', which goes with it.
std::string_view take_component(std::string_view& rest) {
  const std::size_t slash = rest.find('/');
  const std::string_view component = rest.substr(0, slash);
  rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  return component;
}

// All digits, as a number; `text` is short enough not to overflow.
std::optional<std::int64_t> digits(std::string_view text) {
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

std::optional<std::chrono::sys_days> calendar_day(std::string_view year, std::string_view month,
                                                  std::string_view day) {
  const auto y = digits(year);
  const auto m = digits(month);
  const auto d = digits(day);
  if (!y || !m || !d) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*y)},
                                         std::chrono::month{static_cast<unsigned>(*m)},
                                         std::chrono::day{static_cast<unsigned>(*d)}};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days{date};
}

std::optional<std::chrono::sys_days> midnight(std::string_view milliseconds) {
  const auto value = digits(milliseconds);
  if (!value || *value % day_ms != 0) return std::nullopt;
  return std::chrono::sys_days{std::chrono::days{*value / day_ms}};
}

// "1493856000000", "2026-11-01" or "11-01-2026". Thirteen digits reach from 2001 to 2286.
std::optional<std::chrono::sys_days> day_of(std::string_view component) {
  if (component.size() == 13) return midnight(component);
  if (component.size() != 10) return std::nullopt;
  if (component[4] == '-' && component[7] == '-') {
    return calendar_day(component.substr(0, 4), component.substr(5, 2), component.substr(8, 2));
  }
  if (component[2] == '-' && component[5] == '-') {
    return calendar_day(component.substr(6, 4), component.substr(0, 2), component.substr(3, 2));
  }
  return std::nullopt;
}

// The component that tells the day, as a part of the key.
struct DayComponent {
  std::size_t offset = 0;
  std::string_view text;
  std::chrono::sys_days day;
};

// `rest` is the end of `key` and begins with the component. A file's own name, with its ending, is
// never a day.
std::optional<DayComponent> day_component(std::string_view key, std::string_view rest) {
  const std::size_t offset = key.size() - rest.size();
  const std::string_view text = take_component(rest);
  const auto day = day_of(text);
  if (!day) return std::nullopt;
  return DayComponent{offset, text, *day};
}

std::optional<DayComponent> find_day(std::string_view key) {
  std::optional<DayComponent> bare;
  std::string_view rest = key;
  for (std::size_t i = 0; !rest.empty(); ++i) {
    const std::string_view here = rest;
    const std::string_view component = take_component(rest);
    if (rest.empty()) break;
    if (component == "segment-logs" || component == "rudder-logs") {
      std::string_view behind = rest;
      take_component(behind);  // the source's id
      if (const auto day = day_component(key, behind)) return day;
    }
    if (i < bare_components_max && !bare) bare = day_component(key, here);
  }
  return bare;
}

// Whether text of this form sorts as its days do: not "11-01-2026".
bool sorts_by_day(const DayComponent& component) {
  return component.text.size() == 13 || component.text[4] == '-';
}

// In the form of `like`.
std::string to_text(std::chrono::sys_days day, const DayComponent& like) {
  if (like.text.size() == 13) return std::to_string(day.time_since_epoch().count() * day_ms);
  return format_timestamp(to_micros(day)).substr(0, 10);
}

}  // namespace

bool is_ignored_component(std::string_view component) {
  if (component.empty() || component.front() == '.') return true;
  // Hadoop's and Spark's workbench; the file system's own, which nobody but root may read.
  if (component == "_temporary" || component == "lost+found") return true;
  return std::any_of(temporary_endings.begin(), temporary_endings.end(),
                     [&](std::string_view ending) { return ends_with(component, ending); });
}

std::optional<KeyFacts> classify_key(std::string_view key) {
  std::string_view rest = key;
  std::string_view name;
  if (key.empty() || key.back() == '/') return std::nullopt;
  while (!rest.empty()) {
    name = take_component(rest);
    if (is_ignored_component(name)) return std::nullopt;
  }
  const std::optional<Encoding> encoding = encoding_of(name);
  if (!encoding) return std::nullopt;
  std::optional<std::chrono::sys_days> received_day;
  if (const auto component = find_day(key)) received_day = component->day;
  return KeyFacts{*encoding, received_day};
}

std::optional<std::string> listing_start(std::string_view first_key, std::string_view last_key,
                                         std::chrono::days days_open, std::chrono::sys_days today) {
  const auto first = find_day(first_key);
  const auto last = find_day(last_key);
  if (!first || !last || !sorts_by_day(*last)) return std::nullopt;
  const std::string_view before = last_key.substr(0, last->offset);
  const bool is_same_place = first_key.substr(0, first->offset) == before &&
                             first->text.size() == last->text.size() && sorts_by_day(*first);
  if (!is_same_place) return std::nullopt;
  const std::chrono::sys_days day = std::min(last->day, today) - days_open;
  if (day <= first->day) return std::nullopt;
  return std::string(before) + to_text(day, *last);
}

}  // namespace dray
