// The Redshift stand-in for a test, empty.
#pragma once

#include <string>

namespace dray::testing_support {

// The stand-in is the one in the folder that $DRAY_TEST_STANDIN names (ctest starts and stops it),
// with the S3 gateway of support/s3_server.h. It has one database, so that two tests cannot have it
// at once: ctest runs one after the other. What tests make lies in schemas that begin with `shop`,
// `made` or `_dray`; they go at the begin of the next test. Sets AWS's variables for this process.
class RedshiftStandIn {
 public:
  RedshiftStandIn();

  // redshift://..., with a staging location of its own.
  const std::string& url() const { return url_; }

 private:
  std::string url_;
};

}  // namespace dray::testing_support
