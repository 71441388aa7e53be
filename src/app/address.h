// What a person writes for a place with events and for a warehouse: whether it can be meant so, and
// what of it may be shown.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace dray {

constexpr std::string_view duckdb_scheme = "duckdb:";

// The schema's name of SOURCE when nobody gives one: its last path component, whatever slashes
// follow; "." is what the current directory is called.
std::string name_of_place(const std::string& place);

// Whether events can be read from there: a directory, or s3://bucket/prefix.
Result<void> check_place(const std::string& place);

// Whether this build can use the address. An error never shows what may hold a password.
Result<void> check_warehouse(const std::string& address);

// Whether there is a warehouse to record in that a source could not be read: a server, or a file
// that a sync has made.
bool is_made(const std::string& warehouse_address);

// The address without a password, for messages and commands to copy.
std::string shown_address(const std::string& address);

}  // namespace dray
