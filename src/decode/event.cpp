#include "decode/event.h"

#include <algorithm>
#include <array>
#include <string>

#include "base/hash.h"
#include "base/json_text.h"
#include "base/short_bytes.h"

namespace dray {
namespace {

// The top-level members that matter, as indexes into the document.
struct Envelope {
  JsonValue type = no_value;
  JsonValue event = no_value;
  JsonValue message_id = no_value;
  JsonValue user_id = no_value;
  JsonValue anonymous_id = no_value;
  JsonValue group_id = no_value;
  JsonValue previous_id = no_value;
  JsonValue timestamp = no_value;
  JsonValue original_timestamp = no_value;
  JsonValue sent_at = no_value;
  JsonValue received_at = no_value;
  JsonValue context = no_value;
  JsonValue properties = no_value;
  JsonValue traits = no_value;
  JsonValue integrations = no_value;
  JsonValue name = no_value;
  JsonValue category = no_value;
};

struct EnvelopeKey {
  std::string_view key;
  JsonValue Envelope::*field = nullptr;
};

constexpr std::array envelope_keys = std::to_array<EnvelopeKey>({
    {"type", &Envelope::type},
    {"event", &Envelope::event},
    {"messageId", &Envelope::message_id},
    {"userId", &Envelope::user_id},
    {"anonymousId", &Envelope::anonymous_id},
    {"groupId", &Envelope::group_id},
    {"previousId", &Envelope::previous_id},
    {"timestamp", &Envelope::timestamp},
    {"originalTimestamp", &Envelope::original_timestamp},
    {"sentAt", &Envelope::sent_at},
    {"receivedAt", &Envelope::received_at},
    {"context", &Envelope::context},
    {"properties", &Envelope::properties},
    {"traits", &Envelope::traits},
    {"integrations", &Envelope::integrations},
    {"name", &Envelope::name},
    {"category", &Envelope::category},
});

// Tells all keys apart by their first and last letter; found by trying.
constexpr std::size_t envelope_hash(std::string_view key) {
  const auto first = static_cast<unsigned char>(key.front());
  const auto last = static_cast<unsigned char>(key.back());
  return (first * 3U + last * 8U) % 32;
}

constexpr auto envelope_table = [] {
  std::array<EnvelopeKey, 32> table{};
  for (const EnvelopeKey& known : envelope_keys)
    table[envelope_hash(known.key)] = known;
  return table;
}();
static_assert(std::ranges::all_of(envelope_keys, [](const EnvelopeKey& known) {
  return envelope_table[envelope_hash(known.key)].key == known.key;
}));

JsonValue Envelope::*envelope_field(std::string_view key) {
  if (key.empty()) return nullptr;
  const EnvelopeKey& known = envelope_table[envelope_hash(key)];
  return equal_bytes(known.key, key) ? known.field : nullptr;
}

std::string_view string_value(const JsonDocument& document, JsonValue value, Arena& arena,
                              NoticeCounts& notices) {
  Replaced replaced = Replaced::no;
  const std::string_view text = string_text(document, value, arena, replaced);
  if (replaced == Replaced::yes) notices.add(NoticeCode::replacement_character);
  return text;
}

// An event's name becomes a table's; Segment's whole call is at most 32 KB.
constexpr std::size_t event_name_bytes_max = 8U << 10;

using NoEvent = std::variant<Filtered, RejectReason>;

class Decoder {
 public:
  Decoder(const JsonDocument& document, std::string_view line, Arena& arena, NoticeCounts& notices)
      : document_(document), line_(line), arena_(arena), notices_(notices) {}

  // Fills in `event`, or says why there is none.
  std::optional<NoEvent> decode(const std::optional<std::string>& warehouse_id, Event& event) {
    if (document_.kind(document_.root()) != JsonKind::object) return RejectReason::not_an_object;
    read_envelope();
    if (!read_type(event.type)) return RejectReason::unknown_type;
    if (const auto reason = read_ids(event)) return *reason;
    if (!read_times(event)) return RejectReason::no_received_at;
    if (!is_for_us(warehouse_id)) return Filtered{};
    event.context = object_or_notice(envelope_.context);
    event.fields =
        object_or_notice(has_traits(event.type) ? envelope_.traits : envelope_.properties);
    event.name = value_or_none(envelope_.name);
    event.category = value_or_none(envelope_.category);
    return std::nullopt;
  }

 private:
  static bool has_traits(EventType type) {
    return type == EventType::identify || type == EventType::group || type == EventType::alias;
  }

  std::string_view text_of(JsonValue value) {
    return string_value(document_, value, arena_, notices_);
  }

  void read_envelope() {
    for (JsonValue key = document_.first(document_.root()); !document_.at_end(key);
         key = document_.after(key + 2)) {
      const std::string_view text =
          document_.has_escapes(key) ? text_of(key) : document_.raw_string(key);
      if (JsonValue Envelope::*field = envelope_field(text)) envelope_.*field = key + 2;
    }
  }

  bool is_string(JsonValue value) const {
    return value != no_value && document_.kind(value) == JsonKind::string;
  }

  JsonValue object_or_none(JsonValue value) const {
    return value != no_value && document_.kind(value) == JsonKind::object ? value : no_value;
  }

  // What PHP makes of an empty object, [], has nothing to lose.
  JsonValue object_or_notice(JsonValue value) {
    const JsonValue object = object_or_none(value);
    if (object != no_value || !is_present(value)) return object;
    const bool is_empty =
        document_.kind(value) == JsonKind::array && document_.at_end(document_.first(value));
    if (!is_empty) notices_.add(NoticeCode::no_object);
    return no_value;
  }

  // Neither null nor an object.
  JsonValue value_or_none(JsonValue value) const {
    if (!is_present(value) || document_.kind(value) == JsonKind::object) return no_value;
    return value;
  }

  bool read_type(EventType& type) {
    static constexpr std::array<std::string_view, event_type_count> names = {
        "track", "identify", "page", "screen", "group", "alias"};
    if (!is_string(envelope_.type)) return false;
    const std::string_view text = text_of(envelope_.type);
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] != text) continue;
      type = static_cast<EventType>(i);
      return true;
    }
    return false;
  }

  // A string that is not empty, or a number's text; everything else counts as missing.
  std::string_view read_id(JsonValue value) {
    if (value == no_value) return {};
    switch (document_.kind(value)) {
      case JsonKind::string:
        return text_of(value);
      case JsonKind::number:
        return document_.number(value);
      default:
        return {};
    }
  }

  std::optional<RejectReason> read_ids(Event& event) {
    event.user_id = read_id(envelope_.user_id);
    event.anonymous_id = read_id(envelope_.anonymous_id);
    if (event.type == EventType::track) {
      if (is_string(envelope_.event)) event.event_name = text_of(envelope_.event);
      if (event.event_name.empty()) return RejectReason::no_event;
      if (event.event_name.size() > event_name_bytes_max) return RejectReason::event_name_too_long;
    }
    if (event.type == EventType::group) {
      event.group_id = read_id(envelope_.group_id);
      if (event.group_id.empty()) return RejectReason::no_group_id;
    }
    if (event.type == EventType::alias) event.previous_id = read_id(envelope_.previous_id);
    if (event.user_id.empty() && event.anonymous_id.empty()) return RejectReason::no_user;
    event.message_id = read_id(envelope_.message_id);
    if (event.message_id.empty()) event.message_id = arena_.keep("gen-" + sha256_hex(line_));
    return std::nullopt;
  }

  std::optional<Micros> read_time(JsonValue value) {
    if (!is_string(value)) return std::nullopt;
    return parse_timestamp(document_.has_escapes(value) ? text_of(value)
                                                        : document_.raw_string(value));
  }

  bool is_present(JsonValue value) const {
    return value != no_value && document_.kind(value) != JsonKind::null;
  }

  bool read_times(Event& event) {
    const auto received = read_time(envelope_.received_at);
    const auto sent = read_time(envelope_.sent_at);
    const auto computed = read_time(envelope_.timestamp);
    const auto original = read_time(envelope_.original_timestamp);
    const auto first = received ? received : sent ? sent : computed ? computed : original;
    if (!first) return false;
    if (!received && is_present(envelope_.received_at)) notices_.add(NoticeCode::bad_received_at);
    if (!computed && is_present(envelope_.timestamp)) notices_.add(NoticeCode::bad_timestamp);
    event.received_at = *first;
    event.original_timestamp = original;
    if (!original && is_present(envelope_.original_timestamp)) {
      notices_.add(NoticeCode::bad_original_timestamp);
    }
    event.sent_at = sent && *sent <= event.received_at ? *sent : event.received_at;
    if (is_present(envelope_.sent_at) && event.sent_at != sent) {
      notices_.add(NoticeCode::bad_sent_at);
    }
    event.timestamp = timestamp_of(event.received_at, sent, computed, original);
    constexpr Micros day = 86'400'000'000;
    if (event.timestamp - event.received_at > day) notices_.add(NoticeCode::future_timestamp);
    return true;
  }

  // The server's own, else received - (sent - original), else the best there is: skew is never
  // invented.
  static Micros timestamp_of(Micros received, std::optional<Micros> sent,
                             std::optional<Micros> computed, std::optional<Micros> original) {
    if (computed) return *computed;
    if (!original) return received;
    if (!sent) return *original;
    const Micros skewed = received - (*sent - *original);
    return is_storable(skewed) ? skewed : received;
  }

  // Years 1 to 9999, like every timestamp read from text.
  static bool is_storable(Micros micros) {
    static const Micros first = *parse_timestamp("0001-01-01");
    static const Micros last = *parse_timestamp("9999-12-31T23:59:59.999999Z");
    return micros >= first && micros <= last;
  }

  JsonValue member(JsonValue object, std::string_view name) {
    JsonValue found = no_value;
    for (JsonValue key = document_.first(object); !document_.at_end(key);
         key = document_.after(key + 2)) {
      if (text_of(key) == name) found = key + 2;
    }
    return found;
  }

  // integrations.Warehouses: false and {all: false} keep the event out of all warehouses,
  // {warehouseIds: [...]} out of those not named. Everything else loads.
  bool is_for_us(const std::optional<std::string>& warehouse_id) {
    const JsonValue integrations = object_or_none(envelope_.integrations);
    if (integrations == no_value || document_.at_end(document_.first(integrations))) return true;
    const JsonValue warehouses = member(integrations, "Warehouses");
    if (warehouses == no_value) return true;
    switch (document_.kind(warehouses)) {
      case JsonKind::false_value:
        return false;
      case JsonKind::true_value:
      case JsonKind::null:
        return true;
      case JsonKind::object:
        return is_selected(warehouses, warehouse_id);
      default:
        notices_.add(NoticeCode::unknown_integrations);
        return true;
    }
  }

  bool is_selected(JsonValue warehouses, const std::optional<std::string>& warehouse_id) {
    const JsonValue all = member(warehouses, "all");
    if (all != no_value && document_.kind(all) == JsonKind::false_value) return false;
    const JsonValue ids = member(warehouses, "warehouseIds");
    if (ids == no_value) return true;
    if (document_.kind(ids) != JsonKind::array) {
      notices_.add(NoticeCode::unknown_integrations);
      return true;
    }
    if (!warehouse_id) return true;
    for (JsonValue id = document_.first(ids); !document_.at_end(id); id = document_.after(id)) {
      if (is_string(id) && text_of(id) == *warehouse_id) return true;
    }
    return false;
  }

  const JsonDocument& document_;
  std::string_view line_;
  Arena& arena_;
  NoticeCounts& notices_;
  Envelope envelope_;
};

}  // namespace

Decoded decode_event(const JsonDocument& document, std::string_view line,
                     const std::optional<std::string>& warehouse_id, Arena& arena,
                     NoticeCounts& notices) {
  // The event is made where the caller wants it: a copy of what has just been written stalls the
  // processor.
  Decoded decoded(std::in_place_type<Event>);
  const auto none =
      Decoder(document, line, arena, notices).decode(warehouse_id, *std::get_if<Event>(&decoded));
  if (none) std::visit([&](const auto& reason) { decoded = reason; }, *none);
  return decoded;
}

RejectReason reject_reason(JsonError error) {
  switch (error) {
    case JsonError::not_utf8:
      return RejectReason::not_utf8;
    case JsonError::too_deep:
      return RejectReason::too_deep;
    case JsonError::too_long:
      return RejectReason::line_too_long;
    default:
      return RejectReason::not_json;
  }
}

}  // namespace dray
