#include "load/redshift_options.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

RedshiftOptions parsed(const std::string& address) {
  auto options = redshift_options(address);
  EXPECT_TRUE(options) << options.error().text();
  return options ? *options : RedshiftOptions();
}

TEST(RedshiftOptions, AnAddressTellsWhatIsDraysAndWhatIsLibpqs) {
  const RedshiftOptions options = parsed(
      "redshift://loader:secret@cluster.example.com/events?staging=s3://bucket/a%20b&iam_role="
      "arn:aws:iam::1:role/r+w&connect_timeout=5&connections=2&dedupe_window=30&tables_max=9900");
  EXPECT_EQ(options.connection.at("host"), "cluster.example.com");
  EXPECT_EQ(options.connection.at("dbname"), "events");
  EXPECT_EQ(options.connection.at("connect_timeout"), "5");
  EXPECT_EQ(options.staging.url, "s3://bucket/a b");
  EXPECT_EQ(options.iam_role, "arn:aws:iam::1:role/r+w");
  EXPECT_EQ(options.connections_max, 2U);
  EXPECT_EQ(options.dedupe_window, std::chrono::days(30));
  EXPECT_EQ(options.tables_max, 9'900U);
  EXPECT_FALSE(parsed("redshift://h/d").tables_max.has_value());
  EXPECT_TRUE(parsed("redshift://h/d?comments=tables").comments);
  EXPECT_FALSE(parsed("redshift://h/d?comments=none").comments);
  EXPECT_FALSE(parsed("redshift://h/d").comments);
  EXPECT_EQ(options.location, "redshift://loader@cluster.example.com:5439/events");
}

TEST(RedshiftOptions, ChecksTheCertificateUnlessToldOtherwise) {
  EXPECT_EQ(parsed("redshift://h/d").connection.at("sslmode"), "verify-full");
  EXPECT_FALSE(parsed("redshift://h/d").connection.at("sslrootcert").empty());
  EXPECT_EQ(parsed("redshift://h/d").connection.at("port"), "5439");
  EXPECT_EQ(parsed("redshift://h").connection.at("dbname"), "dev");
  EXPECT_EQ(parsed("redshift://h/d?sslmode=verify-ca").connection.at("sslmode"), "verify-ca");
}

TEST(RedshiftOptions, ALoginByIamIsOfAClusterOrAWorkgroup) {
  EXPECT_FALSE(parsed("redshift://h/d").iam);
  const RedshiftOptions cluster = parsed(
      "redshift://loader@h/d?cluster=c1&iam_region=eu-west-1&db_groups=a,b&auto_create=true");
  ASSERT_TRUE(cluster.iam);
  EXPECT_EQ(cluster.iam->cluster, "c1");
  EXPECT_EQ(cluster.iam->groups, (std::vector<std::string>{"a", "b"}));
  EXPECT_TRUE(cluster.iam->auto_create);
  EXPECT_EQ(parsed("redshift://h/d?workgroup=w").iam->workgroup, "w");
  EXPECT_FALSE(redshift_options("redshift://h/d?workgroup=w&cluster=c"));
}

TEST(RedshiftOptions, WhatIsNoEncryptionIsTold) {
  EXPECT_EQ(parsed("redshift://h/d?staging_encryption=kms").staging.encryption, "kms");
  const auto wrong = redshift_options("redshift://h/d?staging_encryption=rot13");
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().text().find("staging_encryption"), std::string::npos);
}

TEST(RedshiftOptions, TheSettingsOfTheBytesAreDrays) {
  EXPECT_FALSE(redshift_options("redshift://h/d?client_encoding=LATIN1"));
  EXPECT_FALSE(redshift_options("redshift://h/d?options=-cdatestyle%3DGerman"));
  EXPECT_TRUE(redshift_options("redshift://h/d?client_encoding=UTF8"));
}

TEST(RedshiftOptions, NumbersThatAreNoneAreToldByName) {
  for (const char* wrong : {"0", "x", "33", "3x", ""}) {
    const auto options = redshift_options(std::string("redshift://h/d?connections=") + wrong);
    ASSERT_FALSE(options) << wrong;
    EXPECT_EQ(options.error().cause, Cause::config);
    EXPECT_NE(options.error().text().find("connections"), std::string::npos);
  }
}

}  // namespace
}  // namespace dray
