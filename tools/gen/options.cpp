#include "gen/options.h"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace dray::gen {
namespace {

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number value{};
  const auto end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || stopped != end) return std::nullopt;
  return value;
}

// The id becomes a folder's name and stands unescaped in JSON.
bool usable_as_id(std::string_view text) {
  return !text.empty() && text.size() <= 100 && text.front() != '.' &&
         std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '-' || c == '_' || c == '.';
         });
}

}  // namespace

std::optional<std::string> fault_of(const Options& options, const Split& split) {
  if (options.events == 0 || options.events > events_max)
    return "--events must be from 1 to 1000000000000";
  if (options.days == 0 || options.days > days_max) return "--days must be from 1 to 3660";
  if (options.kinds == 0 || options.kinds > kinds_max) return "--kinds must be from 1 to 1000000";
  if (options.width.value_or(0) > width_max) return "--width must be at most 20000";
  if (options.users > users_max) return "--users must be at most 1000000000";
  if (!usable_as_id(options.source_id))
    return "--source-id may hold only letters, digits and . _ -";
  if (std::accumulate(options.mix.begin(), options.mix.end(), std::uint64_t{0}) == 0) {
    return "--mix must give at least one type a share";
  }
  for (const auto share : {options.duplicates_ppm, options.late_ppm, options.conflicts_ppm,
                           options.bad_ppm, options.nulls_ppm}) {
    if (share > 1'000'000) return "shares must be from 0 to 100 %";
  }
  if (split.file_events == 0) return "--file-events must be at least 1";
  if (!split.files) return std::nullopt;
  if (*split.files > files_max) return "--files must be at most 10000000";
  if (*split.files == 0 || *split.files > options.events)
    return "--files must be from 1 to the number of events";
  if (split.layout != Layout::flat &&
      *split.files < std::min<std::uint64_t>(options.days, options.events)) {
    return "--files must be at least --days, for each day has its own folder; or use --layout flat";
  }
  return std::nullopt;
}

std::optional<std::array<std::uint32_t, type_count>> parse_mix(std::string_view text) {
  std::array<std::uint32_t, type_count> mix{};
  while (true) {
    const auto item = text.substr(0, text.find(','));
    const auto equals = item.find('=');
    if (equals == std::string_view::npos) return std::nullopt;
    const auto type = std::ranges::find(type_names, item.substr(0, equals));
    const auto weight = parse_number<std::uint32_t>(item.substr(equals + 1));
    if (type == type_names.end() || !weight || *weight > 1'000'000) return std::nullopt;
    mix[static_cast<std::size_t>(type - type_names.begin())] = *weight;
    if (item.size() == text.size()) return mix;
    text.remove_prefix(item.size() + 1);
  }
}

std::optional<std::chrono::sys_days> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = parse_number<unsigned>(text.substr(0, 4));
  const auto month = parse_number<unsigned>(text.substr(5, 2));
  const auto day = parse_number<unsigned>(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year{static_cast<int>(*year)},
                                         std::chrono::month{*month}, std::chrono::day{*day}};
  // Late events go back some days, and dates are written with four digits.
  if (*year < 1971 || *year > 9980 || !date.ok()) return std::nullopt;
  return std::chrono::sys_days{date};
}

}  // namespace dray::gen
