// The mapping's casts (model/cast.h) for values that are stored already: what a profile's column
// takes of a source column that is of another type (docs/mapping.md, "users and accounts").
//
// Functions without state.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "load/warehouse.h"
#include "model/record.h"
#include "model/reject.h"
#include "model/staged.h"

namespace dray {

// What a stored value of type `from` is to a cast; its text must read back as the value.
CellKind stored_kind(ColumnType from, ColumnType to);

// The text of a value that a server of PostgreSQL's protocol wrote as `written`.
std::string stored_text(ColumnType type, std::string_view written);

// The value itself, by its text; nothing if it is none that Dray writes (an infinity). Borrows a
// varchar's.
std::optional<PlainValue> stored_value(ColumnType type, std::string_view text);

// The value as one of the profile's column; nothing if it does not fit without loss. Borrows a
// varchar's text, whose bound counts bytes or, in PostgreSQL, characters.
enum class VarcharUnit { bytes, characters };
std::optional<PlainValue> cast_stored(const ProfileCast& cast, std::string_view text,
                                      VarcharUnit unit = VarcharUnit::bytes);

// Why a value that does not fit does not.
RejectReason reason_of(const ProfileCast& cast);

}  // namespace dray
