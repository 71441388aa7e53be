#include "support/redshift.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <map>

#include "sql/pq_connection.h"
#include "support/s3_server.h"

namespace dray::testing_support {
namespace {

std::map<std::string, std::string> read_environment() {
  const char* folder = std::getenv("DRAY_TEST_STANDIN");  // NOLINT(concurrency-mt-unsafe)
  std::ifstream file(folder == nullptr ? std::string() : std::string(folder) + "/env");
  EXPECT_TRUE(file) << "no stand-in: run this by ctest, or start one (tests/servers/start-standin "
                       "--s3 ENV DIR) and set DRAY_TEST_STANDIN=DIR";
  std::map<std::string, std::string> values;
  for (std::string line; std::getline(file, line);) {
    const std::size_t equals = line.find('=');
    values[line.substr(0, equals)] = line.substr(equals + 1);
  }
  return values;
}

void set_variable(const char* name, const std::string& value) {
  ::setenv(name, value.c_str(), 1);  // NOLINT(concurrency-mt-unsafe): no thread has started
}

void drop_schemas(const std::map<std::string, std::string>& environment) {
  PqOptions options;
  options.parameters = {{"host", environment.at("REDSHIFT_HOST")},
                        {"port", environment.at("REDSHIFT_PORT")},
                        {"dbname", environment.at("REDSHIFT_DATABASE")},
                        {"user", environment.at("REDSHIFT_USER")},
                        {"password", environment.at("REDSHIFT_PASSWORD")},
                        {"sslmode", "verify-full"},
                        {"sslrootcert", environment.at("REDSHIFT_CA_FILE")},
                        {"client_encoding", "UTF8"}};
  const auto connection = PqConnection::open(std::move(options));
  ASSERT_TRUE(connection.ok()) << connection.error().text();
  for (const char* schema :
       {"shop", "shop_169", "store_40", "blog", "made", "_dray", "_dray_staging"}) {
    SqlBuilder sql("drop schema if exists ");
    const auto done = (*connection)->execute(std::move(sql.name(schema).code(" cascade")).done());
    ASSERT_TRUE(done.ok()) << done.error().text();
  }
}

}  // namespace

RedshiftStandIn::RedshiftStandIn() {
  const auto environment = read_environment();
  if (environment.empty()) return;
  drop_schemas(environment);
  set_variable("AWS_ACCESS_KEY_ID", s3_server().credentials.access_key_id);
  set_variable("AWS_SECRET_ACCESS_KEY", s3_server().credentials.secret_access_key.reveal());
  set_variable("AWS_ENDPOINT_URL", s3_server().endpoint);
  set_variable("AWS_REGION", "us-east-1");
  url_ = "redshift://" + environment.at("REDSHIFT_USER") + ":" +
         environment.at("REDSHIFT_PASSWORD") + "@" + environment.at("REDSHIFT_HOST") + ":" +
         environment.at("REDSHIFT_PORT") + "/" + environment.at("REDSHIFT_DATABASE") +
         "?sslrootcert=" + environment.at("REDSHIFT_CA_FILE") + "&staging=s3://" + make_bucket() +
         "/contract&iam_role=" + environment.at("REDSHIFT_IAM_ROLE");
}

}  // namespace dray::testing_support
