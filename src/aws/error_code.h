// What the codes mean by which AWS's services name an error.
#pragma once

#include <string_view>

namespace dray {

// What AWS calls a request that may succeed if it is sent again as it is.
bool is_worth_retrying(int status, std::string_view code);

// That the credentials were good once.
bool is_expired_credentials(std::string_view code);

// That the clocks differ by more than the service allows.
bool is_clock_skew(std::string_view code);

}  // namespace dray
