#include "gen/schedule.h"

#include <algorithm>
#include <array>

#include "gen/random.h"
#include "gen/text.h"

namespace dray::gen {
namespace {

// Sunday first. A shop of this kind is busiest before the weekend.
constexpr std::array<std::uint64_t, 7> weekday_weights = {90, 99, 100, 101, 104, 110, 96};

// By hour UTC; together 1000.
constexpr std::array<std::uint32_t, 24> hour_weights = {
    30, 24, 19, 16, 15, 18, 24, 31, 38, 43, 45, 47, 50, 51, 51, 52, 54, 57, 61, 64, 63, 58, 49, 40};

std::string extension(const Split& split) {
  const std::string json = split.layout == Layout::segment ? "" : ".json";
  switch (split.format) {
    case Format::gz:
      return json + ".gz";
    case Format::zst:
      return json + ".zst";
    case Format::json:
      return ".json";
  }
  return {};
}

// Objects by group in proportion to the events, so that there are `files` in all and no group that
// has events is without. The bounds on both numbers keep the product inside 64 bits.
std::vector<std::uint64_t> shared_out(const std::vector<std::uint64_t>& first_event,
                                      std::uint64_t files) {
  const std::size_t groups = first_event.size() - 1;
  const auto is_empty = [&](std::size_t group) {
    return first_event[group] == first_event[group + 1];
  };
  std::uint64_t groups_left = 0;
  for (std::size_t group = 0; group < groups; ++group)
    groups_left += is_empty(group) ? 0 : 1;

  std::vector<std::uint64_t> first_object(groups + 1, 0);
  for (std::size_t group = 0; group < groups; ++group) {
    const std::uint64_t before = first_object[group];
    first_object[group + 1] = before;
    if (is_empty(group)) continue;
    --groups_left;
    const std::uint64_t fair = files * first_event[group + 1] / first_event.back();
    first_object[group + 1] = std::clamp(fair, before + 1, files - groups_left);
  }
  return first_object;
}

}  // namespace

Schedule::Schedule(const Options& options)
    : start_ms_(std::chrono::milliseconds{options.start.time_since_epoch()}.count()) {
  std::vector<std::uint64_t> weight_before(options.days + 1, 0);
  for (std::uint32_t day = 0; day < options.days; ++day) {
    const std::chrono::weekday weekday{options.start + std::chrono::days{day}};
    weight_before[day + 1] = weight_before[day] + weekday_weights[weekday.c_encoding()];
  }
  for (const auto weight : weight_before)
    first_.push_back(options.events * weight / weight_before.back());
}

Schedule::Place Schedule::place(std::uint64_t index) const {
  const auto after = std::ranges::upper_bound(first_, index);
  const auto day = static_cast<std::size_t>(after - first_.begin()) - 1;
  return {static_cast<std::uint32_t>(day), index - first_[day], first_[day + 1] - first_[day]};
}

std::int64_t Schedule::due_ms(std::uint32_t day, std::uint64_t of_day,
                              std::uint64_t day_size) const {
  // 3600 units for each point of weight; an hour of weight w takes w * 3600 of them for its
  // 3,600,000 ms.
  auto units = static_cast<std::uint32_t>(of_day * 3'600'000 / day_size);
  std::uint32_t hour = 0;
  while (units >= hour_weights[hour] * 3'600) {
    units -= hour_weights[hour] * 3'600;
    ++hour;
  }
  return midnight_ms(day) + std::int64_t{hour} * 3'600'000 +
         std::int64_t{units} * 1'000 / hour_weights[hour];
}

Objects::Objects(const Options& options, const Split& split, const Schedule& schedule)
    : split_(split),
      source_id_(options.source_id),
      key_(key_of(options.seed, Stream::object, options.events)),
      schedule_(schedule) {
  if (split.layout == Layout::flat) {
    first_event_ = {0, options.events};
  } else {
    for (std::uint32_t day = 0; day <= schedule.days(); ++day)
      first_event_.push_back(schedule.first_of(day));
  }
  if (split.files) {
    first_object_ = shared_out(first_event_, *split.files);
    return;
  }
  first_object_ = {0};
  for (std::size_t group = 0; group + 1 < first_event_.size(); ++group) {
    const std::uint64_t size = first_event_[group + 1] - first_event_[group];
    first_object_.push_back(first_object_.back() +
                            (size + split.file_events - 1) / split.file_events);
  }
}

Objects::Object Objects::at(std::uint64_t number) const {
  const auto after = std::ranges::upper_bound(first_object_, number);
  const auto group = static_cast<std::size_t>(after - first_object_.begin()) - 1;
  const std::uint64_t objects = first_object_[group + 1] - first_object_[group];
  const std::uint64_t of_group = number - first_object_[group];
  const std::uint64_t events = first_event_[group + 1] - first_event_[group];
  // Evenly: the first `longer` objects hold one event more than the others.
  const std::uint64_t each = events / objects;
  const std::uint64_t longer = events % objects;
  const auto start_of = [&](std::uint64_t n) {
    return first_event_[group] + n * each + std::min(n, longer);
  };

  Object object{{}, start_of(of_group), start_of(of_group + 1)};
  const auto where = schedule_.place(object.first);
  const std::int64_t midnight = schedule_.midnight_ms(where.day);
  const std::int64_t written = schedule_.due_ms(where.day, where.of_day, where.day_size);
  const std::uint64_t random = key_of(key_, number);
  switch (split_.layout) {
    case Layout::segment:
      put(object.key, "segment-logs/", source_id_, '/', midnight, '/', written, '.',
          Hex{random, 12}, '.', Hex{random >> 36, 7});
      break;
    case Layout::rudder: {
      char date[10];
      write_date(date, midnight / day_ms);
      put(object.key, "rudder-logs/", source_id_, '/', std::string_view{date, sizeof date}, '/',
          written / 1'000, '.', source_id_, '.', Uuid{random, mix64(random)});
      break;
    }
    case Layout::flat:
      put(object.key, source_id_, '-', Padded{number + 1, 6});
      break;
  }
  object.key += extension(split_);
  return object;
}

}  // namespace dray::gen
