#include "run/listing_note.h"

#include "base/hash.h"

namespace dray {

// The start comes last, for a key may hold any character.
std::string to_text(const ListingNote& note) {
  return format_timestamp(to_micros(note.listed_at)) + "\n" + note.fingerprint + "\n" + note.start;
}

std::optional<ListingNote> parse_note(std::string_view text) {
  const std::size_t first = text.find('\n');
  if (first == std::string_view::npos) return std::nullopt;
  const std::size_t second = text.find('\n', first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const auto listed_at = parse_timestamp(text.substr(0, first));
  if (!listed_at) return std::nullopt;
  return ListingNote{from_micros(*listed_at),
                     std::string(text.substr(first + 1, second - first - 1)),
                     std::string(text.substr(second + 1))};
}

std::string fingerprint(std::string_view location, const Listing& listing) {
  std::uint64_t low = xxh3(location, 1);
  std::uint64_t high = xxh3(location, 2);
  std::string line;
  for (const ObjectInfo& object : listing.objects) {
    line = object.key;
    line.append(1, '\0').append(object.version).append(1, '\0');
    line += std::to_string(object.size_bytes);
    low = xxh3(line, low);
    high = xxh3(line, high);
  }
  return std::to_string(low) + " " + std::to_string(high);
}

}  // namespace dray
