#include "load/profile_casts.h"

#include "base/numbers.h"
#include "base/utf8.h"
#include "model/cast.h"

namespace dray {
namespace {

template <typename Value>
std::optional<PlainValue> plain(const std::optional<Value>& value) {
  if (!value) return std::nullopt;
  return PlainValue(*value);
}

std::optional<PlainValue> as_time(const std::optional<Micros>& micros) {
  if (!micros) return std::nullopt;
  return PlainValue(from_micros(*micros));
}

}  // namespace

CellKind stored_kind(ColumnType from, ColumnType to) {
  switch (from) {
    case ColumnType::boolean:
      return CellKind::boolean;
    case ColumnType::bigint:
      return CellKind::integer;
    case ColumnType::double_precision:
      return CellKind::real;
    case ColumnType::timestamp:
    case ColumnType::varchar:
      break;
  }
  return to == ColumnType::timestamp ? CellKind::time_text : CellKind::text;
}

std::string stored_text(ColumnType type, std::string_view written) {
  if (type == ColumnType::boolean) return written == "t" ? "true" : "false";
  if (type == ColumnType::double_precision) {
    if (const auto value = nearest_double(written)) return double_text(*value);
  }
  return std::string(written);
}

std::optional<PlainValue> stored_value(ColumnType type, std::string_view text) {
  switch (type) {
    case ColumnType::boolean:
      return plain(as_boolean({0, CellKind::boolean, text}));
    case ColumnType::bigint:
      return plain(parse_int64(text));
    case ColumnType::double_precision:
      return plain(nearest_double(text));
    case ColumnType::timestamp:
      return as_time(parse_timestamp(text));
    case ColumnType::varchar:
      break;
  }
  return PlainValue(text);
}

std::optional<PlainValue> cast_stored(const ProfileCast& cast, std::string_view text,
                                      VarcharUnit unit) {
  if (!stored_value(cast.from, text)) return std::nullopt;
  const Cell cell{0, stored_kind(cast.from, cast.to), text};
  switch (cast.to) {
    case ColumnType::boolean:
      return plain(as_boolean(cell));
    case ColumnType::bigint:
      return plain(as_bigint(cell));
    case ColumnType::double_precision:
      return plain(as_double(cell, Rounding::none));
    case ColumnType::timestamp:
      return as_time(as_timestamp(cell));
    case ColumnType::varchar:
      break;
  }
  const std::size_t length = unit == VarcharUnit::bytes ? text.size() : utf8_characters(text);
  if (cast.varchar_bytes && length > *cast.varchar_bytes) return std::nullopt;
  return PlainValue(text);
}

RejectReason reason_of(const ProfileCast& cast) {
  return cast.to == ColumnType::varchar ? RejectReason::too_long : RejectReason::does_not_fit;
}

}  // namespace dray
