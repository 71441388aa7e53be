// Why a line or a value was not loaded. The codes are part of the interface of _dray.rejects.
#pragma once

#include <cstdint>
#include <string_view>

namespace dray {

enum class RejectReason : std::uint8_t {
  // Lines.
  not_json,
  not_utf8,
  not_an_object,
  too_deep,
  line_too_long,
  unknown_type,
  no_event,
  no_group_id,
  no_user,
  no_received_at,
  too_many_tables,
  event_name_too_long,
  // Values: the row is loaded without them.
  does_not_fit,
  unknown_column_type,
  too_many_columns,
  name_too_long,
  // The row is loaded with the beginning of the value.
  too_long,
  row_too_wide,
  // The row is not loaded: something that somebody has asked of the table is against it.
  refused_by_table,
};

constexpr bool is_line_reject(RejectReason reason) {
  return reason <= RejectReason::event_name_too_long;
}

std::string_view to_string(RejectReason reason);

// One sentence for a person: what is wrong and what to do about it.
std::string_view explain(RejectReason reason);

// Things that happened to values and names which a person should hear about once, with a count.
enum class NoticeCode : std::uint8_t {
  replacement_character,   // \u0000 or a lone surrogate became U+FFFD
  future_timestamp,        // more than a day later than it was received
  bad_sent_at,             // unreadable or later than received: received_at stands in
  bad_original_timestamp,  // unreadable: original_timestamp is NULL
  unknown_integrations,    // integrations.Warehouses in a form nobody documents: loaded
  reserved_name,           // a property called like a standard column or reserved word got a '_'
  hashed_name,             // a name without a letter or digit got a hash
  long_name,               // a name longer than the warehouse takes was cut and got a hash
  bad_timestamp,           // unreadable: computed as if it were missing
  bad_received_at,         // unreadable: the best other time stands in
  no_object,               // properties, traits or context is something else than an object
  shared_column,           // two values of one event have one column; the later key's stays
  repeated_key,            // an object has a key twice, with two values; the later stays
  huge_integer,            // beyond 64 bits, and no double is the same
};
constexpr std::size_t notice_code_count = 14;

std::string_view to_string(NoticeCode code);
std::string_view explain(NoticeCode code);

}  // namespace dray
