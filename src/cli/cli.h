// The program behind main(): one command line in, one exit code out.
#pragma once

#include <string>
#include <vector>

#include "cli/environment.h"

namespace dray {

// `arguments` without the program's name.
int run_cli(const std::vector<std::string>& arguments, const Environment& environment);

}  // namespace dray
