#include <gtest/gtest.h>

#include "aws/s3.h"

namespace dray {
namespace {

TEST(ParseS3Url, TakesTheKeyAsItIsWritten) {
  EXPECT_EQ(parse_s3_url("s3://bucket").value(), (S3Url{"bucket", ""}));
  EXPECT_EQ(parse_s3_url("s3://bucket/").value(), (S3Url{"bucket", ""}));
  EXPECT_EQ(parse_s3_url("s3://my.bucket/a b/%20//x").value(), (S3Url{"my.bucket", "a b/%20//x"}));
}

TEST(ParseS3Url, RefusesWhatIsNoBucket) {
  for (const char* url : {"", "s3:", "s3://", "s3:///x", "s3://ab/x", "S3://bucket", "/bucket",
                          "s3://buc ket/x", "s3://user:secret@bucket/x"})
    EXPECT_EQ(parse_s3_url(url).error().cause, Cause::config) << url;
}

}  // namespace
}  // namespace dray
