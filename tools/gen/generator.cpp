#include "gen/generator.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "gen/random.h"

namespace dray::gen {
namespace {

// A repeated upload is seen again soon; a device that was offline, or a replay, within about two
// days.
constexpr std::uint64_t near_events = 500;
constexpr std::uint64_t far_days = 2;

enum class Bad : std::uint32_t {
  not_json,
  truncated,
  invalid_utf8,
  no_ids,
  unknown_type,
  no_event,
  not_an_object,
  no_group_id,
};
constexpr std::uint32_t bad_count = 8;

constexpr std::array<std::string_view, 4> not_json_lines = {
    "upstream connect error or disconnect/reset before headers. reset reason: connection termination",
    "<html><head><title>502 Bad Gateway</title></head><body></body></html>",
    "{type: 'track', event: 'Product Viewed'}",
    "{\"type\":\"track\",\"event\":\"Product Viewed\",\"userId\":\"usr_1\",}",
};

constexpr std::array<std::string_view, 3> not_object_lines = {
    R"([{"type":"track","event":"Product Viewed","userId":"usr_1"}])",
    R"("track")",
    "42",
};

}  // namespace

Counts& Counts::operator+=(const Counts& other) {
  events += other.events;
  lines += other.lines;
  raw_bytes += other.raw_bytes;
  duplicates += other.duplicates;
  bad += other.bad;
  late += other.late;
  conflicts += other.conflicts;
  return *this;
}

Generator::Generator(Options options)
    : options_(std::move(options)),
      key_(content_key(options_)),
      schedule_(options_),
      planner_(options_, schedule_),
      renderer_(options_, planner_.users()) {}

std::optional<std::uint64_t> Generator::duplicate_at(std::uint64_t index) const {
  if (index == 0) return std::nullopt;
  Random random{key_of(key_, Stream::duplicate, index)};
  if (!random.chance(options_.duplicates_ppm)) return std::nullopt;
  const std::uint64_t far = options_.events / options_.days * far_days;
  const std::uint64_t reach = random.percent(50) ? near_events : std::max(near_events, far);
  return index - 1 - random.next() % std::min(index, reach);
}

void Generator::append(std::uint64_t index, std::string& out, Counts& counts) const {
  const std::size_t before = out.size();
  const Event event = planner_.event(index);
  const auto conflict = renderer_.append(out, event);
  out.push_back('\n');
  ++counts.events;
  ++counts.lines;
  counts.late += event.late ? 1 : 0;
  counts.conflicts += conflict == Conflict::written ? 1 : 0;

  if (const auto of = duplicate_at(index)) {
    append_duplicate(event, *of, out);
    ++counts.duplicates;
    ++counts.lines;
  }
  if (Random{key_of(key_, Stream::bad, index)}.chance(options_.bad_ppm)) {
    append_bad(event, out);
    ++counts.bad;
    ++counts.lines;
  }
  counts.raw_bytes += out.size() - before;
}

void Generator::append_duplicate(const Event& now, std::uint64_t of, std::string& out) const {
  Event again = planner_.event(of);
  const bool same_day = schedule_.place(of).day == schedule_.place(now.index).day;
  const bool same_bytes = same_day && (now.message & 1U) == 0;
  if (!same_bytes) {
    // Sent once more: only sentAt and receivedAt differ, by the same span, so that the timestamp
    // stays.
    const std::int64_t moved = now.received_ms - again.received_ms;
    again.sent_ms += moved;
    again.received_ms += moved;
  }
  renderer_.append(out, again);
  out.push_back('\n');
}

void Generator::append_bad(const Event& like, std::string& out) const {
  Random random{key_of(key_of(key_, Stream::bad, like.index), 1)};
  Event event = like;
  event.message = key_of(like.message, 1);
  const auto bad = static_cast<Bad>(random.below(bad_count));
  const std::size_t start = out.size();
  switch (bad) {
    case Bad::not_json:
      out += not_json_lines[random.below(not_json_lines.size())];
      break;
    case Bad::not_an_object:
      out += not_object_lines[random.below(not_object_lines.size())];
      break;
    case Bad::truncated:
      renderer_.append(out, event);
      out.resize(start + 20 + random.below(static_cast<std::uint32_t>(out.size() - start - 21)));
      break;
    case Bad::invalid_utf8:
      renderer_.append(out, event);
      out.insert(out.find("\"channel\":\"", start) + 11, 1, '\xE9');
      break;
    case Bad::no_ids:
      event.fault = Fault::no_ids;
      break;
    case Bad::unknown_type:
      event.fault = Fault::unknown_type;
      break;
    case Bad::no_event:
      event.type = Type::track;
      event.fault = Fault::no_event;
      break;
    case Bad::no_group_id:
      event.type = Type::group;
      event.fault = Fault::no_group_id;
      event.identified = true;
      break;
  }
  if (event.fault != Fault::none) renderer_.append(out, event);
  out.push_back('\n');
}

}  // namespace dray::gen
