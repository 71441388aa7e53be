// Where the checkout lies, for the files that tests read from it.
#pragma once

#include <string>
#include <string_view>

namespace dray::testing_support {

// The path of `relative`, a path from the checkout's root.
std::string in_source(std::string_view relative);

}  // namespace dray::testing_support
