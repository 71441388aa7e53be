#include "gen/plan.h"

#include <algorithm>
#include <bit>
#include <numeric>

#include "gen/random.h"
#include "gen/text.h"

namespace dray::gen {
namespace {

// A lane is cut into stretches of this many events and each stretch into visits.
constexpr std::uint32_t stretch_events = 16;

// So that an event of the same visit comes about every 25 s, but no more lanes than keep visits in
// one object.
constexpr std::int64_t pace_ms = 25'000;
constexpr std::uint64_t lanes_max = 1'024;

// Of a million events.
constexpr std::array<std::uint32_t, channel_count> channel_shares = {600'000, 150'000, 250'000};

constexpr std::array<std::uint32_t, shop_kind_count> kind_weights = {24, 10, 3, 4, 2, 14, 11,
                                                                     8,  6,  5, 3, 3, 2,  5};

// Where in a visit a kind belongs, from 0 to 100: people look, add, then pay.
constexpr std::array<std::uint32_t, shop_kind_count> kind_ranks = {25, 45, 92, 66, 62, 8,  20,
                                                                   10, 55, 72, 80, 52, 60, 2};

// Pages happen in browsers and screens in apps as far as the shares go; the rest of the types take
// what is left.
std::array<std::array<std::uint32_t, type_count>, channel_count> share_out(
    const std::array<std::uint32_t, type_count>& mix) {
  const std::uint64_t weights = std::accumulate(mix.begin(), mix.end(), std::uint64_t{0});
  std::array<std::uint64_t, type_count> mass{};
  for (std::size_t type = 0; type < type_count; ++type)
    mass[type] = mix[type] * std::uint64_t{ppm_all} / weights;

  std::array<std::uint64_t, channel_count> room{};
  std::ranges::copy(channel_shares, room.begin());
  std::array<std::array<std::uint64_t, type_count>, channel_count> share{};
  const auto fill = [&](Type type, std::initializer_list<Channel> preferred) {
    const auto t = static_cast<std::size_t>(type);
    for (const Channel channel : preferred) {
      const auto c = static_cast<std::size_t>(channel);
      const std::uint64_t taken = std::min(mass[t], room[c]);
      share[c][t] += taken;
      room[c] -= taken;
      mass[t] -= taken;
    }
  };
  fill(Type::page, {Channel::browser, Channel::mobile, Channel::server});
  fill(Type::screen, {Channel::mobile, Channel::browser, Channel::server});
  const std::uint64_t left = std::max<std::uint64_t>(room[0] + room[1] + room[2], 1);
  for (std::size_t c = 0; c < channel_count; ++c) {
    for (std::size_t t = 0; t < type_count; ++t)
      share[c][t] += mass[t] * room[c] / left;
  }

  std::array<std::array<std::uint32_t, type_count>, channel_count> until{};
  for (std::size_t c = 0; c < channel_count; ++c) {
    std::uint64_t sum = 0;
    for (std::size_t t = 0; t < type_count; ++t)
      until[c][t] = static_cast<std::uint32_t>(sum += share[c][t]);
  }
  return until;
}

std::uint64_t lanes_for(const Options& options) {
  const std::uint64_t span = options.days * static_cast<std::uint64_t>(day_ms);
  return std::clamp<std::uint64_t>(options.events * pace_ms / span, 1, lanes_max);
}

}  // namespace

// One step of a visit before the steps are put in order.
struct Planner::Draw {
  Type type;
  std::uint32_t kind;
  std::uint32_t rank;
};

std::uint64_t content_key(const Options& options) {
  std::uint64_t key = mix64(options.seed);
  for (const char c : options.source_id)
    key = key_of(key, static_cast<unsigned char>(c));
  return key;
}

Planner::Planner(const Options& options, const Schedule& schedule)
    : options_(options),
      schedule_(schedule),
      key_(content_key(options)),
      users_(options.users != 0 ? options.users
                                : std::clamp<std::uint64_t>(options.events / 30, 50, users_max)),
      lanes_(lanes_for(options)),
      shop_kinds_(std::min(options.kinds, shop_kind_count)),
      shop_weight_(std::accumulate(kind_weights.begin(), kind_weights.begin() + shop_kinds_, 0U)),
      // Synthetic kinds get 2 % each, together no more than 60 %.
      synthetic_ppm_(std::min(30U, options.kinds - shop_kinds_) * 20'000U),
      type_until_(share_out(options.mix)) {}

Channel Planner::channel_of(std::uint64_t visit) const {
  const std::uint32_t at = Random{visit}.below(ppm_all);
  if (at < channel_shares[0]) return Channel::browser;
  return at < channel_shares[0] + channel_shares[1] ? Channel::server : Channel::mobile;
}

Planner::Draw Planner::draw(std::uint64_t visit, Channel channel, std::uint32_t step,
                            bool known) const {
  Random random{key_of(visit, Stream::step, step)};
  const auto& until = type_until_[static_cast<std::size_t>(channel)];
  const std::uint32_t at = random.below(until.back());
  const auto type = static_cast<Type>(std::ranges::upper_bound(until, at) - until.begin());
  switch (type) {
    case Type::page:
    case Type::screen:
      return {type, 0, random.below(100)};
    case Type::alias:
      return {type, 0, 62};
    case Type::identify:
      return {type, 0, known ? 3U : 63U};
    case Type::group:
      return {type, 0, 64};
    case Type::track:
      break;
  }
  if (random.chance(synthetic_ppm_)) {
    return {type, shop_kinds_ + random.below(options_.kinds - shop_kinds_), random.below(100)};
  }
  std::uint32_t weight = random.below(shop_weight_);
  std::uint32_t kind = 0;
  while (weight >= kind_weights[kind])
    weight -= kind_weights[kind++];
  return {type, kind, kind_ranks[kind] + random.below(8)};
}

Event Planner::event(std::uint64_t index) const {
  const auto place = schedule_.place(index);
  const std::uint64_t block_events = lanes_ * stretch_events;
  const std::uint64_t block = place.of_day / block_events;
  const std::uint64_t lane = place.of_day % block_events % lanes_;
  const auto step = static_cast<std::uint32_t>(place.of_day % block_events / lanes_);
  const std::uint64_t stretch =
      key_of(key_of(key_, Stream::track, place.day), block * lanes_ + lane);

  // A visit begins at each bit that is set, one in five; the first always is.
  Random cuts{stretch};
  const std::uint64_t chances = cuts.next();
  const auto begins = static_cast<std::uint32_t>(
                          (chances & (chances >> 16) & ((chances >> 32) | (chances >> 48))) | 1U) &
                      0xffffU;
  const auto first = static_cast<std::uint32_t>(std::bit_width(begins & ((2U << step) - 1)) - 1);
  const std::uint32_t later = begins >> step >> 1;
  const std::uint32_t end =
      later == 0 ? stretch_events : step + 1 + static_cast<std::uint32_t>(std::countr_zero(later));

  Event made{};
  made.index = index;
  made.visit = key_of(stretch, Stream::visit, first);
  made.message = key_of(key_, Stream::message, index);
  made.channel = channel_of(made.visit);
  made.step = step - first;
  Random visitor{key_of(made.visit, Stream::user, 0)};
  made.user = visitor.skewed(static_cast<std::uint32_t>(users_));
  const bool known =
      made.channel == Channel::server || Random{key_of(key_, Stream::user, made.user)}.percent(55);

  std::array<Draw, stretch_events> draws{};
  const std::uint32_t size = end - first;
  for (std::uint32_t i = 0; i < size; ++i) {
    const Draw next = draw(made.visit, made.channel, i, known);
    std::uint32_t at = i;
    for (; at > 0 && draws[at - 1].rank > next.rank; --at)
      draws[at] = draws[at - 1];
    draws[at] = next;
  }
  made.type = draws[made.step].type;
  made.kind = draws[made.step].kind;
  made.identified =
      known || std::any_of(draws.begin(), draws.begin() + made.step + 1, [](const Draw& draw) {
        return draw.type == Type::identify || draw.type == Type::alias || draw.type == Type::group;
      });

  const std::uint64_t visit_start = block * block_events + first * lanes_ + lane;
  set_times(made, schedule_.due_ms(place.day, visit_start, place.day_size),
            schedule_.midnight_ms(place.day + 1));
  if (Random{key_of(key_, Stream::late, index)}.chance(options_.late_ppm)) make_late(made);
  made.conflict = Random{key_of(key_, Stream::conflict, index)}.chance(options_.conflicts_ppm);
  return made;
}

void Planner::set_times(Event& event, std::int64_t due_ms, std::int64_t day_end_ms) const {
  Random visit{key_of(event.visit, Stream::flush, 0)};
  const std::int64_t start = due_ms + visit.below(1'000);
  const std::int64_t pace = visit.between(8'000, 40'000);
  Random random{key_of(key_, Stream::flush, event.index)};
  std::int64_t happened = start + event.step * pace + random.between(0, pace / 2);

  std::int64_t sent = happened + random.between(15, 400);
  std::int64_t received = sent + random.between(35, 300);
  if (event.channel != Channel::browser) {
    // Apps and servers send what has gathered: one sentAt for all of it.
    const std::int64_t every = event.channel == Channel::mobile ? 30'000 : 10'000;
    const std::int64_t flush = (happened - start) / every + 1;
    Random network{key_of(event.visit, Stream::flush, static_cast<std::uint64_t>(flush))};
    sent = start + flush * every + network.between(5, 90);
    received = sent + network.between(40, 700);
  }
  // A day's folder holds what was received on that day.
  const std::int64_t beyond = std::max<std::int64_t>(received - day_end_ms + 1, 0);
  // Most clients keep their clocks by the network: wrong by less than a message travels, so that it
  // is not sent after it was received. A few are wrong by minutes; the server's formula takes that
  // out again.
  Random clock{key_of(key_, Stream::device, event.user)};
  std::int64_t skew = event.channel == Channel::server ? 0 : clock.between(-30, 30);
  if (event.channel != Channel::server && clock.percent(4))
    skew += clock.between(-300'000, 300'000);

  event.original_ms = happened - beyond + skew;
  event.sent_ms = sent - beyond + skew;
  event.received_ms = received - beyond;
}

// Late means queued on the device for days. An identify is also delivered late by the server: it
// stands among lines that were received after it.
void Planner::make_late(Event& event) const {
  Random random{key_of(key_of(key_, Stream::late, event.index), 1)};
  event.late = true;
  const auto between_days = [&](std::int64_t low, std::int64_t high) {
    const std::int64_t days = random.between(low, high);
    return days * day_ms + random.between(0, day_ms - 1);
  };
  event.original_ms -= between_days(1, 6);
  if (event.type != Type::identify) return;
  const std::int64_t held = between_days(1, 3);
  event.original_ms -= held;
  event.sent_ms -= held;
  event.received_ms -= held;
}

}  // namespace dray::gen
