#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace dray::gen {

enum class Type : std::uint8_t { track, page, identify, screen, group, alias };
constexpr std::size_t type_count = 6;
constexpr std::array<std::string_view, type_count> type_names = {"track",  "page",  "identify",
                                                                 "screen", "group", "alias"};

enum class Layout { segment, rudder, flat };
enum class Format { gz, zst, json };

// What decides the lines. The same values give the same bytes on every machine.
struct Options {
  std::uint64_t events = 100'000;
  std::uint64_t seed = 1;
  std::string source_id = "GsDiILK8mG";

  std::uint32_t kinds = 14;  // Kinds of track event.
  std::optional<std::uint32_t>
      width;  // Properties of a track event; absent means as a shop would send them.
  std::array<std::uint32_t, type_count> mix = {70, 15, 8, 4, 2, 1};  // Weights, by Type.
  std::uint64_t users = 0;                                           // 0: one for every 30 events.
  std::uint32_t days = 7;
  std::chrono::sys_days start = std::chrono::sys_days{std::chrono::year{2026} / 11 / 1};

  // In millionths of the events.
  std::uint32_t duplicates_ppm = 0;
  std::uint32_t late_ppm = 0;
  std::uint32_t conflicts_ppm = 0;
  std::uint32_t bad_ppm = 0;
  std::uint32_t nulls_ppm = 0;  // Of the properties.
};

// Where the lines go. No line depends on it.
struct Split {
  std::optional<std::uint64_t> files;  // Objects in all; else as many as `file_events` gives.
  std::uint64_t file_events = 20'000;
  Layout layout = Layout::segment;
  Format format = Format::gz;
};

// The bounds keep index arithmetic inside 64 bits and one line inside a few megabytes.
constexpr std::uint64_t events_max = 1'000'000'000'000;
constexpr std::uint64_t files_max = 10'000'000;
constexpr std::uint64_t users_max = 1'000'000'000;
constexpr std::uint32_t kinds_max = 1'000'000;
constexpr std::uint32_t width_max = 20'000;
constexpr std::uint32_t days_max = 3'660;

// What is wrong with the options, in the words of the command line; absent when they can be used.
std::optional<std::string> fault_of(const Options& options, const Split& split);

// "track=70,page=15": weights, a type that is not named gets 0. Absent when the text is not of that
// form.
std::optional<std::array<std::uint32_t, type_count>> parse_mix(std::string_view text);

// "2026-11-01"
std::optional<std::chrono::sys_days> parse_date(std::string_view text);

}  // namespace dray::gen
