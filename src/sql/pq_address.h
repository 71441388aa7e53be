// The address of a server that speaks PostgreSQL's protocol, as libpq's parameters.
//
// Pure. Threads: any.
#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace dray {

// libpq's connection parameters by their names: host, port, dbname, user, password, sslmode, ...
using PqParameters = std::map<std::string, std::string>;

// postgres://[user[:password]@][host][:port][/dbname][?name=value&...]; postgresql:// too. Errors
// are `config`, and repeat nothing of the address: what libpq takes for a host may be half of a
// password.
Result<PqParameters> parse_pq_url(const std::string& url);

// "scheme://user@host:port/dbname": what a person may see of it.
std::string pq_location(std::string_view scheme, const PqParameters& parameters);

}  // namespace dray
