// Values of a result, read without trust: a server sent them, and a hand may have written them.
//
// Pure. Threads: any.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/result.h"

namespace dray {

// The whole number that a value is; nothing for NULL and for whatever is none of 64 bits.
std::optional<std::int64_t> integer_in(std::optional<std::string_view> value);
std::optional<std::uint64_t> count_in(std::optional<std::string_view> value);

// Whether a condition was met: "true", or "1" of an engine without a type for it. NULL is not.
bool truth_in(std::optional<std::string_view> value);

// Numbers where nothing else will do. Errors: `internal`, which names `where`
// ("_dray.objects.size_bytes") and not the value.
Result<std::int64_t> needed_integer(std::optional<std::string_view> value, std::string_view where);
Result<std::uint64_t> needed_count(std::optional<std::string_view> value, std::string_view where);

}  // namespace dray
