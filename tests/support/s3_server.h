// The S3 gateway that CTest started for the tests (tests/servers/start-rgw), and clients of it.
#pragma once

#include <memory>
#include <string>

#include "aws/s3.h"
#include "base/byte_reader.h"

namespace dray {

struct S3Server {
  std::string endpoint;
  std::string vhost_endpoint;
  std::string tls_endpoint;
  std::string ca_file;
  std::string role_arn;
  std::string admin_socket;
  Credentials credentials;
  Credentials stranger;  // of another account
};

// From the file that the environment variable DRAY_S3_SERVER names. Without a server the test
// program ends: what cannot be tested has not passed.
const S3Server& s3_server();

// Few and short pauses, so that what fails for good does so in a second.
S3Options s3_test_options();

std::shared_ptr<S3Client> s3_test_client(S3Options options = s3_test_options(),
                                         const Credentials& credentials = s3_server().credentials);

// A bucket of the test's own, empty; its name is returned.
std::string make_bucket();

Result<std::string> read_to_end(ByteReader& reader);

}  // namespace dray
