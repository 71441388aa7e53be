// The result of `dray query` in its three forms.
//
// Pure functions.
#pragma once

#include <string>

#include "load/warehouse.h"

namespace dray {

// Numbers to the right, NULL by its name, cut to the terminal.
std::string query_text(const QueryResult& result, std::size_t columns_max);

// {"columns":[{"name","type"}],"rows":[[...]]}: integers and floating-point numbers with their own
// digits, booleans, null; everything else, and what JSON cannot say of a number (nan), as strings.
std::string query_json(const QueryResult& result);

// RFC 4180, with a line of names: NULL is nothing between the commas, an empty string is "".
std::string query_csv(const QueryResult& result);

}  // namespace dray
