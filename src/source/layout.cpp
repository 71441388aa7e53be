#include "source/layout.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

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

// `rest` begins behind "segment-logs/" or "rudder-logs/". A file's own name, with its ending, is
// never a day.
std::optional<std::chrono::sys_days> day_behind_source_id(std::string_view rest) {
  take_component(rest);
  return day_of(take_component(rest));
}

std::optional<std::chrono::sys_days> received_day(std::string_view key) {
  std::optional<std::chrono::sys_days> bare;
  std::string_view rest = key;
  for (std::size_t i = 0; !rest.empty(); ++i) {
    const std::string_view component = take_component(rest);
    if (rest.empty()) break;
    if (component == "segment-logs" || component == "rudder-logs") {
      if (const auto day = day_behind_source_id(rest)) return day;
    }
    if (i < bare_components_max && !bare) bare = day_of(component);
  }
  return bare;
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
  return KeyFacts{*encoding, received_day(key)};
}

}  // namespace dray
