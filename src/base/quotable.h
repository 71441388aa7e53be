// What a message may repeat of a person's input.
//
// A word on the command line, or what ${NAME} stands for in dray.yaml, may be a secret in a wrong
// place: a URL with its password as one argument too many, a key where a file is expected. So a
// message says which argument or key is wrong, and repeats of it only what is known to hold no
// secret:
//
//   - a word of the program's own, or a slip of one (config/nearest.h), for which it asks;
//   - the name of an option (quotable_option), and the kind of an address (quotable_scheme);
//   - the path of a file that is there (quotable_path);
//   - what the configuration says in plain letters, where no ${...} was put in its place;
//   - a source's name, which is the name of its schema, and names in the warehouse;
//   - an address less all its secrets (pq_location);
//   - the statement of `dray query`, where it is wrong.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace dray {

// "--some-option" of "--some-option=value", "-x" of "-xvalue"; "" for what has not the form of a
// name: lower-case letters and dashes, 32 at most.
std::string quotable_option(std::string_view argument);

// "mysql" of "mysql://me:secret@host"; "" for what has not the form of a kind's name: lower-case
// letters and digits, 12 at most, before "://".
std::string quotable_scheme(std::string_view address);

// The path, or `otherwise` if no file is there: then nobody knows what it is.
std::string quotable_path(const std::string& path, std::string_view otherwise);

// `text` with "***" in place of each of the values; those of two characters and less stay.
std::string without_values(std::string text, const std::vector<std::string>& values);

}  // namespace dray
