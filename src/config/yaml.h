// A configuration file's text as a tree of nodes.
#pragma once

#include <yaml-cpp/yaml.h>

#include <optional>
#include <string>

#include "base/result.h"

namespace dray {

// The text's only document. Errors are `config` and name the file and the line: no YAML, nothing in
// it, more than one document, and what the parser takes for something else: tabs for indentation, a
// quote without its second.
Result<YAML::Node> parse_yaml(const std::string& text, const std::string& file_name);

// What is the matter where the indentation has tabs, which YAML takes for nothing, or for an error
// that says something else; nothing if it has none.
std::optional<Error> tab_error(const std::string& text, const std::string& file_name);

// The line that a node begins on, from 1.
int line_of(const YAML::Node& node);

}  // namespace dray
