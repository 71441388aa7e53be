// The word that was probably meant.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dray {

// The candidate that the fewest slips (a letter more, less, other, or two swapped) part from
// `word`; nothing when even that one is too far away to be what was meant.
std::optional<std::string> nearest_word(std::string_view word,
                                        const std::vector<std::string>& candidates);

}  // namespace dray
