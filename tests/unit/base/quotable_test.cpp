#include "base/quotable.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

TEST(Quotable, OptionsByTheirNames) {
  EXPECT_EQ(quotable_option("--thread=hunter2"), "--thread");
  EXPECT_EQ(quotable_option("--dry-run"), "--dry-run");
  EXPECT_EQ(quotable_option("-phunter2"), "-p");
  EXPECT_EQ(quotable_option("--hunter2"), "");
  EXPECT_EQ(quotable_option("--me:pw@host"), "");
  EXPECT_EQ(quotable_option("hunter2"), "");
  EXPECT_EQ(quotable_option("-"), "");
}

TEST(Quotable, AddressesByTheirKinds) {
  EXPECT_EQ(quotable_scheme("mysql://me:hunter2@host/db"), "mysql");
  EXPECT_EQ(quotable_scheme("me:hunter2@host://x"), "");
  EXPECT_EQ(quotable_scheme("Hunter2://x"), "");
  EXPECT_EQ(quotable_scheme("postgres:hunter2"), "");
}

TEST(Quotable, PathsOfWhatIsThere) {
  EXPECT_EQ(quotable_path("/", "FILE"), "/");
  EXPECT_EQ(quotable_path("/no/such/hunter2", "FILE"), "FILE");
}

TEST(Quotable, ValuesAreTakenOut) {
  EXPECT_EQ(without_values("invalid value: \"hunter2\"; hunter2", {"hunter2", "in", ""}),
            "invalid value: \"***\"; ***");
}

}  // namespace
}  // namespace dray
