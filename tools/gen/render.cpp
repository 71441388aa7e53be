#include "gen/render.h"

#include <array>
#include <string_view>

#include "gen/context.h"
#include "gen/random.h"
#include "gen/scene.h"
#include "gen/text.h"

namespace dray::gen {
namespace {

using namespace std::string_view_literals;

constexpr std::array<std::string_view, shop_kind_count> kind_names = {
    "Product Viewed", "Product Added",           "Order Completed",      "Checkout Started",
    "Signed Up",      "Product List Viewed",     "Product Clicked",      "Products Searched",
    "Cart Viewed",    "Checkout Step Completed", "Payment Info Entered", "Product Removed",
    "Coupon Applied", "Experiment Viewed"};

void put_metadata(std::string& out, const Scene& scene) {
  if (scene.event.channel == Channel::browser) {
    put(out, R"("_metadata":{"bundled":["Segment.io"],"bundledIds":[],"unbundled":[]},)");
  } else if (scene.event.channel == Channel::server && !scene.python) {
    put(out, R"("_metadata":{"jsRuntime":"node","nodeVersion":"v20.20.2"},)");
  }
}

void put_message_id(std::string& out, const Scene& scene) {
  const Event& event = scene.event;
  const Uuid uuid = uuid_of(event.message);
  put(out, "\"messageId\":\"");
  if (event.channel == Channel::browser) {
    put(out, "ajs-next-", event.original_ms, '-', uuid);
  } else if (event.channel == Channel::server && !scene.python) {
    put(out, "node-next-", event.original_ms, '-', uuid);
  } else if (event.channel == Channel::mobile && scene.ios) {
    put(out, UpperUuid{uuid});
  } else {
    put(out, uuid);
  }
  put(out, "\",");
}

void put_anonymous_id(std::string& out, const Scene& scene) {
  const Event& event = scene.event;
  const bool absent = event.fault == Fault::no_ids || event.channel == Channel::server;
  if (!absent) {
    put(out, "\"anonymousId\":\"", uuid_of(scene.device + 2), "\",");
  } else if (scene.python || event.fault == Fault::no_ids) {
    put(out, "\"anonymousId\":null,");
  }
}

std::string_view integrations_of(const Scene& scene) {
  const std::uint32_t at = Random{key_of(scene.event.visit, Stream::kind, 300)}.below(100);
  if (scene.event.channel == Channel::server)
    return at < 20 ? R"({"All":true,"Intercom":false})"sv : "{}"sv;
  return at < 10 ? R"({"All":true,"Facebook Pixel":false})"sv : "{}"sv;
}

std::string_view synthetic_name(std::string& buffer, std::uint32_t kind) {
  buffer.clear();
  put(buffer, "Feature ", Padded{kind + 1, kind < 9'999 ? 4 : 7}, " Used");
  return buffer;
}

}  // namespace

Renderer::Renderer(const Options& options, std::uint64_t users)
    : options_(options),
      key_(content_key(options)),
      companies_(users / 8 + 1),
      members_{key_, options.width, options.nulls_ppm,
               std::chrono::milliseconds{options.start.time_since_epoch()}.count()} {}

// Keys in alphabetical order, as a server that decodes into a map writes them.
Conflict Renderer::append(std::string& out, const Event& event) const {
  const Scene scene = scene_of(event, key_, companies_, members_.start_ms);
  const bool traits = event.type == Type::identify || event.type == Type::group;

  put(out, '{');
  put_metadata(out, scene);
  put_anonymous_id(out, scene);
  if (event.type == Type::page) put(out, "\"category\":\"", page_category(scene.page), "\",");
  put(out, "\"channel\":\"", event.channel == Channel::server ? "server"sv : "client"sv,
      "\",\"context\":");
  put_context(out, scene);
  if (event.type == Type::track && event.fault != Fault::no_event) {
    std::string name;
    put(out, ",\"event\":\"",
        event.kind < shop_kind_count ? kind_names[event.kind] : synthetic_name(name, event.kind),
        '"');
  }
  if (event.type == Type::group && event.fault != Fault::no_group_id) {
    put(out, ",\"groupId\":\"org_", Hex{mix64(scene.person.company), 10}, '"');
  }
  put(out, ",\"integrations\":", integrations_of(scene), ',');
  put_message_id(out, scene);
  if (event.type == Type::page || event.type == Type::screen) {
    put(out, "\"name\":\"", page_name(scene.page), "\",");
  }
  put(out, "\"originalTimestamp\":\"");
  put_local(out, event.original_ms);
  put(out, scene.python ? "+00:00\","sv : "Z\","sv);
  if (event.type == Type::alias) put(out, "\"previousId\":\"", uuid_of(scene.device + 2), "\",");
  put(out, "\"projectId\":\"", options_.source_id, "\",");

  Conflict conflict = Conflict::none;
  if (!traits && event.type != Type::alias) {
    put(out, "\"properties\":");
    conflict = append_members(out, scene, members_);
    put(out, ',');
  }
  put(out, "\"receivedAt\":\"", Instant{event.received_ms}, "\",\"sentAt\":\"",
      Instant{event.sent_ms}, "\",\"timestamp\":\"",
      Instant{event.received_ms - (event.sent_ms - event.original_ms)}, "\",");
  if (traits) {
    put(out, "\"traits\":");
    conflict = append_members(out, scene, members_);
    put(out, ',');
  }
  put(out, "\"type\":\"",
      event.fault == Fault::unknown_type ? "heartbeat"sv
                                         : type_names[static_cast<std::size_t>(event.type)],
      "\",");
  if (event.identified && event.fault != Fault::no_ids) {
    put(out, "\"userId\":\"");
    put_user_id(out, scene.person);
    put(out, "\",");
  } else {
    put(out, "\"userId\":null,");
  }
  put(out, "\"version\":2,\"writeKey\":\"", Hex{key_of(key_, Stream::object, 1), 16},
      Hex{key_of(key_, Stream::object, 2), 16}, "\"}");
  return conflict;
}

}  // namespace dray::gen
