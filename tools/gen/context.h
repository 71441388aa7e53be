#pragma once

#include <string>

#include "gen/scene.h"

namespace dray::gen {

// Appends the value of `context` with the keys that the library of that channel sends.
void put_context(std::string& out, const Scene& scene);

}  // namespace dray::gen
