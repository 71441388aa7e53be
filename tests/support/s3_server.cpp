#include "support/s3_server.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>

#include "aws/sigv4.h"
#include "base/hash.h"
#include "net/http_client.h"

namespace dray {
namespace {

S3Server read_server() {
  const char* path = std::getenv("DRAY_S3_SERVER");
  std::ifstream file(path == nullptr ? "" : path);
  if (!file) {
    std::fputs(
        "no S3 server: run this by ctest, or start one (tests/servers/start-rgw DIR) and set "
        "DRAY_S3_SERVER=DIR/env\n",
        stderr);
    std::exit(1);
  }
  std::map<std::string, std::string> values;
  for (std::string line; std::getline(file, line);) {
    const std::size_t equals = line.find('=');
    values[line.substr(0, equals)] = line.substr(equals + 1);
  }
  S3Server server;
  server.endpoint = values["S3_ENDPOINT"];
  server.vhost_endpoint = values["S3_VHOST_ENDPOINT"];
  server.tls_endpoint = values["S3_TLS_ENDPOINT"];
  server.ca_file = values["S3_CA_FILE"];
  server.role_arn = values["S3_ROLE_ARN"];
  server.admin_socket = values["S3_ADMIN_SOCKET"];
  server.credentials.access_key_id = values["S3_ACCESS_KEY_ID"];
  server.credentials.secret_access_key = Secret(values["S3_SECRET_ACCESS_KEY"]);
  server.stranger.access_key_id = values["S3_OTHER_ACCESS_KEY_ID"];
  server.stranger.secret_access_key = Secret(values["S3_OTHER_SECRET_ACCESS_KEY"]);
  return server;
}

}  // namespace

const S3Server& s3_server() {
  static const S3Server server = read_server();
  return server;
}

S3Options s3_test_options() {
  S3Options options;
  options.endpoint = s3_server().endpoint;
  options.retry.attempts_max = 4;
  options.retry.pause_base = std::chrono::milliseconds(10);
  return options;
}

std::shared_ptr<S3Client> s3_test_client(S3Options options, const Credentials& credentials) {
  return open_s3(std::move(options), fixed_credentials(credentials)).value();
}

std::string make_bucket() {
  const std::string bucket = "b" + std::to_string(random_seed());
  HttpRequest request = request_to(s3_server().endpoint + "/" + bucket).value();
  request.method = "PUT";
  const auto now = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  sign_request(request, s3_server().credentials, {"us-east-1", "s3", now}, sha256_hex(""));
  const auto response = HttpClient({}).send(request);
  if (!response || response->status != 200) {
    std::fputs("the S3 server made no bucket\n", stderr);
    std::exit(1);
  }
  return bucket;
}

Result<std::string> read_to_end(ByteReader& reader) {
  std::string bytes;
  std::array<std::byte, 10'000> buffer{};
  while (true) {
    DRAY_ASSIGN(const std::size_t count, reader.read(buffer));
    if (count == 0) return bytes;
    bytes.append(reinterpret_cast<const char*>(buffer.data()), count);
  }
}

}  // namespace dray
