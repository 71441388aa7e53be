// Which engines this program has loaded.
#pragma once

#include <string>

namespace dray {

struct EngineVersions {
  std::string duckdb;  // "1.4.5"
  std::string libpq;   // "15.14"
};

// The versions of the libraries at hand, which need not be those that it was built with.
EngineVersions engine_versions();

}  // namespace dray
