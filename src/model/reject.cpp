#include "model/reject.h"

namespace dray {

std::string_view to_string(RejectReason reason) {
  switch (reason) {
    case RejectReason::not_json:
      return "not_json";
    case RejectReason::not_utf8:
      return "not_utf8";
    case RejectReason::not_an_object:
      return "not_an_object";
    case RejectReason::too_deep:
      return "too_deep";
    case RejectReason::line_too_long:
      return "line_too_long";
    case RejectReason::unknown_type:
      return "unknown_type";
    case RejectReason::no_event:
      return "no_event";
    case RejectReason::no_group_id:
      return "no_group_id";
    case RejectReason::no_user:
      return "no_user";
    case RejectReason::no_received_at:
      return "no_received_at";
    case RejectReason::too_many_tables:
      return "too_many_tables";
    case RejectReason::event_name_too_long:
      return "event_name_too_long";
    case RejectReason::does_not_fit:
      return "does_not_fit";
    case RejectReason::unknown_column_type:
      return "unknown_column_type";
    case RejectReason::too_many_columns:
      return "too_many_columns";
    case RejectReason::name_too_long:
      return "name_too_long";
    case RejectReason::too_long:
      return "too_long";
    case RejectReason::row_too_wide:
      return "row_too_wide";
    case RejectReason::refused_by_table:
      return "refused_by_table";
  }
  return "not_json";
}

std::string_view explain(RejectReason reason) {
  switch (reason) {
    case RejectReason::not_json:
      return "the line is not JSON";
    case RejectReason::not_utf8:
      return "the line is not valid UTF-8";
    case RejectReason::not_an_object:
      return "the line is JSON but not an object";
    case RejectReason::too_deep:
      return "the line nests deeper than 128 levels";
    case RejectReason::line_too_long:
      return "the line is longer than line_max allows; raise it and retry";
    case RejectReason::unknown_type:
      return "type is none of track, identify, page, screen, group, alias";
    case RejectReason::no_event:
      return "a track call without an event name";
    case RejectReason::no_group_id:
      return "a group call without a groupId";
    case RejectReason::no_user:
      return "neither userId nor anonymousId";
    case RejectReason::no_received_at:
      return "no readable receivedAt, sentAt, timestamp or originalTimestamp";
    case RejectReason::too_many_tables:
      return "the source would have more event tables than the bound allows; event names may hold "
             "ids or paths";
    case RejectReason::event_name_too_long:
      return "the event name is longer than 8 KiB";
    case RejectReason::does_not_fit:
      return "the value does not fit its column without loss; change the column's type and retry";
    case RejectReason::unknown_column_type:
      return "the column's type is none that Dray writes; make it boolean, bigint, double precision, "
             "timestamp or varchar, and retry";
    case RejectReason::too_many_columns:
      return "the table would have more columns than the bound allows; property names may hold ids";
    case RejectReason::name_too_long:
      return "the property's path is longer than 8 KiB";
    case RejectReason::too_long:
      return "the value is longer than its column can hold: its beginning is loaded, all of it is in "
             "the raw event";
    case RejectReason::row_too_wide:
      return "the row has more than the warehouse takes of one (PostgreSQL: values that fit a page "
             "of 8 KB; Redshift: 4 MB); property names may hold ids";
    case RejectReason::refused_by_table:
      return "a constraint, index or trigger that somebody added to the table refuses the row; change "
             "or drop it, and retry";
  }
  return "";
}

std::string_view to_string(NoticeCode code) {
  switch (code) {
    case NoticeCode::replacement_character:
      return "replacement_character";
    case NoticeCode::future_timestamp:
      return "future_timestamp";
    case NoticeCode::bad_sent_at:
      return "bad_sent_at";
    case NoticeCode::bad_original_timestamp:
      return "bad_original_timestamp";
    case NoticeCode::unknown_integrations:
      return "unknown_integrations";
    case NoticeCode::reserved_name:
      return "reserved_name";
    case NoticeCode::hashed_name:
      return "hashed_name";
    case NoticeCode::long_name:
      return "long_name";
    case NoticeCode::bad_timestamp:
      return "bad_timestamp";
    case NoticeCode::bad_received_at:
      return "bad_received_at";
    case NoticeCode::no_object:
      return "no_object";
    case NoticeCode::shared_column:
      return "shared_column";
    case NoticeCode::repeated_key:
      return "repeated_key";
    case NoticeCode::huge_integer:
      return "huge_integer";
  }
  return "";
}

std::string_view explain(NoticeCode code) {
  switch (code) {
    case NoticeCode::replacement_character:
      return "strings held \\u0000 or half a surrogate pair, which no warehouse stores; U+FFFD "
             "stands in its place";
    case NoticeCode::future_timestamp:
      return "events have a timestamp more than a day later than they were received; kept as it is";
    case NoticeCode::bad_sent_at:
      return "sentAt was unreadable or later than received; received_at stands in sent_at";
    case NoticeCode::bad_original_timestamp:
      return "originalTimestamp was no timestamp; original_timestamp is NULL";
    case NoticeCode::unknown_integrations:
      return "integrations.Warehouses has a form that is not documented; the events were loaded";
    case NoticeCode::reserved_name:
      return "events or properties are called like a table, column or word that is reserved; their "
             "names begin with '_'";
    case NoticeCode::hashed_name:
      return "names without a Latin letter or digit became event_<hash> or key_<hash>";
    case NoticeCode::long_name:
      return "names longer than the warehouse takes (127 bytes; PostgreSQL 63) were cut and end in a hash "
             "of the whole";
    case NoticeCode::bad_timestamp:
      return "timestamp was no timestamp; the rows have the time that the other times make";
    case NoticeCode::bad_received_at:
      return "receivedAt was no timestamp; sentAt, timestamp or originalTimestamp stands in "
             "received_at";
    case NoticeCode::no_object:
      return "properties, traits or context is no object, and nothing in it has a column; mend its "
             "sender";
    case NoticeCode::shared_column:
      return "two values of one event have one column, as firstName and first_name would; that of "
             "the last key in bytewise order is there";
    case NoticeCode::repeated_key:
      return "objects have a key twice with two values, of which the last is there; mend their "
             "sender";
    case NoticeCode::huge_integer:
      return "integers are beyond 64 bits, and a double column holds the nearest that it can; send "
             "them as strings to keep each digit";
  }
  return "";
}

}  // namespace dray
