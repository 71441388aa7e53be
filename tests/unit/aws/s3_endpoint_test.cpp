#include "aws/s3_endpoint.h"

#include <gtest/gtest.h>

namespace dray {
namespace {

const S3Endpoint amazon{"us-east-1", "https", "bucket.s3.us-east-1.amazonaws.com", true, {}};

std::optional<S3Endpoint> sent_to(const std::string& location, const S3Endpoint& from = amazon) {
  HttpResponse response;
  response.headers.set("location", location);
  return redirection(response, {}, "bucket", {{"list-type", "2"}}, from);
}

TEST(S3Redirection, ReadsTheRegionOfAmazonsNames) {
  const auto region = [](const std::string& host) { return sent_to("https://" + host)->region; };
  EXPECT_EQ(region("bucket.s3.eu-west-1.amazonaws.com"), "eu-west-1");
  EXPECT_EQ(region("bucket.s3-ap-south-1.amazonaws.com"), "ap-south-1");
  EXPECT_EQ(region("s3.cn-north-1.amazonaws.com.cn"), "cn-north-1");
  EXPECT_EQ(region("bucket.s3-gztb4pa9sq.amazonaws.com"), "us-east-1") << "none is told";
  EXPECT_EQ(region("bucket.s3.amazonaws.com"), "us-east-1");
  EXPECT_EQ(region("bucket.s3.dualstack.eu-west-1.amazonaws.com"), "eu-west-1");
}

TEST(S3Redirection, KeepsTheBucketInTheNameOrThePath) {
  EXPECT_TRUE(sent_to("https://bucket.s3.eu-west-1.amazonaws.com")->has_bucket);
  EXPECT_FALSE(sent_to("https://s3.eu-west-1.amazonaws.com")->has_bucket);
}

TEST(S3Redirection, AddsWhatItWantsBesidesToTheQuery) {
  const HttpParameters wanted = {{"rk", "e2c69a31"}};
  EXPECT_EQ(sent_to("https://bucket.s3.amazonaws.com/key?list-type=2&rk=e2c69a31")->query, wanted);
}

TEST(S3Redirection, FallsBackToTheEndpointInTheBody) {
  S3Refusal refusal;
  refusal.endpoint = "bucket.s3-eu-west-1.amazonaws.com";
  EXPECT_EQ(redirection({}, refusal, "bucket", {}, amazon)->host, refusal.endpoint);
  EXPECT_EQ(redirection({}, refusal, "bucket", {}, amazon)->scheme, "https");
}

TEST(S3Redirection, LeavesNeitherAmazonNorEncryption) {
  EXPECT_FALSE(sent_to("https://bucket.example.com"));
  EXPECT_FALSE(sent_to("https://amazonaws.com.example.com"));
  EXPECT_FALSE(sent_to("http://bucket.s3.eu-west-1.amazonaws.com"));
  EXPECT_FALSE(sent_to("https://a b.amazonaws.com"));
  EXPECT_FALSE(sent_to(""));
  EXPECT_FALSE(sent_to("https://amazonaws.com.amazonaws.com"));
  EXPECT_FALSE(sent_to("https://s3.us-east-1.elb.amazonaws.com"));
  EXPECT_FALSE(sent_to("https://abc123.execute-api.us-east-1.amazonaws.com"));
  EXPECT_FALSE(sent_to("https://other.s3.eu-west-1.amazonaws.com"));
}

TEST(S3Redirection, StaysAtAnEndpointOfOnesOwn) {
  const S3Endpoint own{"us-east-1", "http", "minio.example.com:9000", false, {}};
  EXPECT_FALSE(sent_to("https://other.example.com:9000", own));
  EXPECT_FALSE(sent_to("http://minio.example.com", own)) << "another port";
  EXPECT_FALSE(sent_to("https://bucket.s3.eu-west-1.amazonaws.com", own));
  EXPECT_EQ(sent_to("https://minio.example.com:9000/bucket/key", own)->scheme, "https");
  EXPECT_TRUE(sent_to("http://bucket.minio.example.com:9000/key", own)->has_bucket);
}

}  // namespace
}  // namespace dray
