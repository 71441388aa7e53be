// What a sync that left nothing to do notes of its listing, so that a later one may see that there
// is still the same, and need not ask the warehouse. Pure functions.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "source/object_store.h"

namespace dray {

struct ListingNote {
  Timestamp listed_at;      // when all there is was listed last
  std::string fingerprint;  // of this listing
  std::string start;        // behind which key it began; "": all there is
  bool operator==(const ListingNote&) const = default;
};

std::string to_text(const ListingNote& note);
// Nothing for what is no note.
std::optional<ListingNote> parse_note(std::string_view text);

// 128 bits over the place and each object's key, version and size. Not against people who may write
// to the source: they can have anything loaded anyway.
std::string fingerprint(std::string_view location, const Listing& listing);

}  // namespace dray
