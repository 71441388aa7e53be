// What a person who asked for it is told while it happens: a step, a statement, a request.
#pragma once

#include <functional>
#include <string_view>

namespace dray {

// Called from any thread; empty for nobody.
using Trace = std::function<void(std::string_view)>;

}  // namespace dray
