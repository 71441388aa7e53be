#pragma once

#include <array>
#include <cstdint>

#include "gen/options.h"
#include "gen/schedule.h"

namespace dray::gen {

enum class Channel : std::uint8_t { browser, server, mobile };
constexpr std::size_t channel_count = 3;

// What makes a line unusable, where it is more than spoilt bytes.
enum class Fault : std::uint8_t { none, unknown_type, no_ids, no_event, no_group_id };

// The kinds of event that the shop sends, most useful first: --kinds 5 takes the first five.
enum ShopKind : std::uint32_t {
  product_viewed,
  product_added,
  order_completed,
  checkout_started,
  signed_up,
  product_list_viewed,
  product_clicked,
  products_searched,
  cart_viewed,
  checkout_step_completed,
  payment_info_entered,
  product_removed,
  coupon_applied,
  experiment_viewed,
};
constexpr std::uint32_t shop_kind_count = 14;

// Who does what and when; the words come later.
struct Event {
  std::uint64_t index;
  std::uint64_t visit;    // Key of the visit that it belongs to.
  std::uint64_t user;     // Number of the user.
  std::uint64_t message;  // Key of its messageId.
  std::int64_t original_ms;
  std::int64_t sent_ms;
  std::int64_t received_ms;
  std::uint32_t kind;  // Of a track event.
  std::uint32_t step;  // Its place in the visit.
  Type type;
  Channel channel;
  bool identified;  // Carries a userId.
  bool late;
  bool conflict;  // One property is to have another type than it usually has.
  Fault fault;
};

// Decides for any index alone what its event is. Visits of several events run side by side in
// `lanes`, so that a visitor comes back after some lines of others, as in a real log; how many
// lanes depends on the rate of events.
class Planner {
 public:
  Planner(const Options& options, const Schedule& schedule);

  Event event(std::uint64_t index) const;
  std::uint64_t users() const { return users_; }

 private:
  struct Draw;
  Draw draw(std::uint64_t visit, Channel channel, std::uint32_t step, bool known) const;
  Channel channel_of(std::uint64_t visit) const;
  void set_times(Event& event, std::int64_t due_ms, std::int64_t day_end_ms) const;
  void make_late(Event& event) const;

  const Options& options_;  // Both outlive this.
  const Schedule& schedule_;
  std::uint64_t key_;
  std::uint64_t users_;
  std::uint64_t lanes_;
  std::uint32_t shop_kinds_;
  std::uint32_t shop_weight_;
  std::uint32_t synthetic_ppm_;
  // By channel the shares of the types, summed up.
  std::array<std::array<std::uint32_t, type_count>, channel_count> type_until_{};
};

// The key that all content depends on: other sources get other events.
std::uint64_t content_key(const Options& options);

}  // namespace dray::gen
