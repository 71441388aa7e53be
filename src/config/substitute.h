// ${NAME} and ${file:PATH} in the values of dray.yaml.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace dray {

// `raw` with ${NAME} replaced by that environment variable and ${file:PATH} by that file's content
// less its last line break; a relative PATH begins at `base_directory`. "$${" stands for "${".
// Errors (`config`) name the variable or the file and never hold a value.
Result<std::string> substitute(std::string_view raw, const std::string& base_directory);

// `path` as seen from `base_directory`, unless it is absolute. "" is no directory of its own.
std::string resolve_path(const std::string& path, const std::string& base_directory);

// The whole of a file that is no larger than `bytes_max`. Errors are `config` and do not name it.
Result<std::string> read_small_file(const std::string& path, std::size_t bytes_max);

}  // namespace dray
