#include "run/listing_note.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

Listing listing_of(std::vector<std::string> keys) {
  Listing listing;
  for (std::string& key : keys) {
    ObjectInfo& object = listing.objects.emplace_back();
    object.key = std::move(key);
    object.version = "1";
    object.size_bytes = 10;
  }
  return listing;
}

TEST(ListingNote, ReadsBackWhateverTheKey) {
  const ListingNote note{from_micros(1'714'556'245'123'456), "1 2", "a\nb \xC3\xA4"};
  EXPECT_EQ(parse_note(to_text(note)), note);
}

TEST(ListingNote, AnythingElseIsNone) {
  for (const char* text : {"", "x", "x\ny\nz", "2026-01-01 00:00:00", "2026-01-01 00:00:00\n1 2"})
    EXPECT_FALSE(parse_note(text)) << text;
}

TEST(Fingerprint, ChangesWithPlaceKeySizeAndVersion) {
  const Listing listing = listing_of({"a", "b"});
  const std::string same = fingerprint("s3://x", listing);
  EXPECT_EQ(fingerprint("s3://x", listing_of({"a", "b"})), same);
  EXPECT_NE(fingerprint("s3://y", listing), same);
  EXPECT_NE(fingerprint("s3://x", listing_of({"a"})), same);
  EXPECT_NE(fingerprint("s3://x", listing_of({"a", "c"})), same);
  Listing changed = listing;
  changed.objects[1].version = "2";
  EXPECT_NE(fingerprint("s3://x", changed), same);
  changed = listing;
  changed.objects[0].size_bytes = 11;
  EXPECT_NE(fingerprint("s3://x", changed), same);
}

}  // namespace
}  // namespace dray
