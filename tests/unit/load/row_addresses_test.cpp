#include "load/row_addresses.h"

#include <gtest/gtest.h>

#include <string>

namespace dray {
namespace {

TEST(RowAddresses, ComeBackAsTheServerWroteThem) {
  RowAddresses addresses;
  const auto first = addresses.add("16384", "(0,1)").value();
  const auto last = addresses.add("4294967295", "(4294967295,65535)").value();
  EXPECT_EQ(addresses.line(first), "16384\t(0,1)\n");
  EXPECT_EQ(addresses.line(last), "4294967295\t(4294967295,65535)\n");
  EXPECT_NE(first, addresses.add("16385", "(0,1)").value());
}

TEST(RowAddresses, RefuseWhatIsNone) {
  RowAddresses addresses;
  for (const char* ctid : {"", "(", "(,)", "(1)", "(1,)", "(,1)", "1,1", "(1,1", "(x,1)", "(1,x)",
                           "(-1,1)", "(1,65536)", "(4294967296,1)", "(1,1) "}) {
    const auto added = addresses.add("1", ctid);
    ASSERT_FALSE(added.ok()) << ctid;
    EXPECT_EQ(added.error().cause, Cause::internal) << ctid;
  }
  for (const char* oid : {"", "x", "-1", "4294967296"})
    EXPECT_FALSE(addresses.add(oid, "(1,1)").ok()) << oid;
}

TEST(RowAddresses, OfOneTableHave65536Partitions) {
  RowAddresses addresses;
  for (int i = 1; i <= 65'536; ++i)
    ASSERT_TRUE(addresses.add(std::to_string(i), "(0,1)").ok());
  EXPECT_TRUE(addresses.add("1", "(0,2)").ok());
  EXPECT_EQ(addresses.add("65537", "(0,1)").error().cause, Cause::config);
}

}  // namespace
}  // namespace dray
