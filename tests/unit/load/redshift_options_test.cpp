#include "load/redshift_options.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

RedshiftOptions parsed(const std::string& address) {
  auto options = redshift_options(address);
  EXPECT_TRUE(options) << options.error().message;
  return options ? *options : RedshiftOptions();
}

TEST(RedshiftOptions, AnAddressTellsWhatIsDraysAndWhatIsLibpqs) {
  const RedshiftOptions options = parsed(
      "redshift://loader:secret@cluster.example.com/events?staging=s3://bucket/a%20b&iam_role="
      "arn:aws:iam::1:role/r+w&connect_timeout=5&connections=2&dedupe_window=30");
  EXPECT_EQ(options.connection.at("host"), "cluster.example.com");
  EXPECT_EQ(options.connection.at("dbname"), "events");
  EXPECT_EQ(options.connection.at("connect_timeout"), "5");
  EXPECT_EQ(options.staging, "s3://bucket/a b");
  EXPECT_EQ(options.iam_role, "arn:aws:iam::1:role/r+w");
  EXPECT_EQ(options.connections_max, 2U);
  EXPECT_EQ(options.dedupe_window, std::chrono::days(30));
  EXPECT_EQ(options.location, "redshift://loader@cluster.example.com:5439/events");
}

TEST(RedshiftOptions, ChecksTheCertificateUnlessToldOtherwise) {
  EXPECT_EQ(parsed("redshift://h/d").connection.at("sslmode"), "verify-full");
  EXPECT_FALSE(parsed("redshift://h/d").connection.at("sslrootcert").empty());
  EXPECT_EQ(parsed("redshift://h/d").connection.at("port"), "5439");
  EXPECT_EQ(parsed("redshift://h").connection.at("dbname"), "dev");
  EXPECT_EQ(parsed("redshift://h/d?sslmode=verify-ca").connection.at("sslmode"), "verify-ca");
}

TEST(RedshiftOptions, NumbersThatAreNoneAreToldByName) {
  for (const char* wrong : {"0", "x", "33", "3x", ""}) {
    const auto options = redshift_options(std::string("redshift://h/d?connections=") + wrong);
    ASSERT_FALSE(options) << wrong;
    EXPECT_EQ(options.error().cause, Cause::config);
    EXPECT_NE(options.error().message.find("connections"), std::string::npos);
  }
}

}  // namespace
}  // namespace dray
