#include "load/redshift_cluster.h"

#include <algorithm>

#include "aws/redshift_login.h"
#include "base/hash.h"

namespace dray {
namespace {

// Each of the connections holds a part while it is compressed and sent, up to twice its bytes.
std::size_t part_bytes_for(const WarehouseOptions& options, unsigned connections) {
  constexpr std::uint64_t least = 1ULL << 20;
  constexpr std::uint64_t most = 32ULL << 20;
  const std::uint64_t share = options.memory_bytes / 4 / (std::uint64_t{2} * connections);
  return static_cast<std::size_t>(std::clamp(share, least, most));
}

// Tells warehouses that share a staging location apart.
std::string warehouse_key(const RedshiftOptions& redshift) {
  const auto given = [&](const char* name) {
    const auto at = redshift.connection.find(name);
    return at == redshift.connection.end() ? std::string() : at->second;
  };
  return sha256_hex(given("host") + "\n" + given("port") + "\n" + given("dbname")).substr(0, 12);
}

// The cluster's own user of a login by IAM: `IAM:name` and `IAMA:name:group` are for `name`.
std::string user_behind(const std::string& login) {
  for (const std::string_view prefix : {"IAM:", "IAMA:"}) {
    if (!login.starts_with(prefix)) continue;
    const std::size_t end = prefix == "IAMA:" ? login.find(':', prefix.size()) : std::string::npos;
    return login.substr(prefix.size(), end - prefix.size());
  }
  return login;
}

}  // namespace

Result<std::unique_ptr<PqConnection>> RedshiftCluster::connect() const {
  PqOptions pq;
  DRAY_ASSIGN(pq.parameters, login());
  pq.location = options.location;
  pq.trace = trace;
  pq.has_tls = true;
  pq.setup.push_back(std::move(SqlBuilder("set query_group to ").text(options.query_group)).done());
  // All of Dray's names are in lower case; somebody else's "Color" is color too.
  pq.setup.push_back(SqlBuilder("set enable_case_sensitive_identifier to false").done());
  pq.setup.push_back(SqlBuilder("set datestyle to 'ISO, MDY'").done());
  pq.setup.push_back(SqlBuilder("set timezone to 'UTC'").done());
  pq.setup.push_back(SqlBuilder("set extra_float_digits to 2").done());
  const auto login_name = pq.parameters.find("user");
  std::string user = login_name == pq.parameters.end() ? "" : user_behind(login_name->second);
  DRAY_ASSIGN(std::unique_ptr<PqConnection> connection, PqConnection::open(std::move(pq)));
  connection->act_as(std::move(user));
  return connection;
}

Result<CopyAccess> RedshiftCluster::copy_access() const {
  CopyAccess access;
  access.iam_role = options.iam_role;
  access.region = options.staging.region;
  if (access.iam_role.empty()) {
    DRAY_ASSIGN(access.credentials, aws->get());
  }
  return access;
}

Result<PqParameters> RedshiftCluster::login() const {
  PqParameters parameters = options.connection;
  if (!options.iam) return parameters;
  RedshiftLoginRequest request;
  request.cluster = options.iam->cluster;
  request.workgroup = options.iam->workgroup;
  request.database = parameters["dbname"];
  request.user = parameters["user"];
  request.groups = options.iam->groups;
  request.auto_create = options.iam->auto_create;
  request.region = options.iam->region;
  auto login = request_redshift_login(request, *aws, process_environment(), http);
  if (!login) return std::move(login).error().within("log in to " + options.location);
  parameters["user"] = login->user;
  parameters["password"] = login->password.reveal();
  return parameters;
}

Result<std::shared_ptr<RedshiftCluster>> reach_redshift(RedshiftOptions redshift,
                                                        const WarehouseOptions& options) {
  auto cluster = std::make_shared<RedshiftCluster>();
  cluster->parts.part_bytes = part_bytes_for(options, redshift.connections_max);
  cluster->parts.origins = RowOrigins::add;
  cluster->duplicates_bytes = options.duplicates_bytes;
  const RedshiftStaging& staging = redshift.staging;
  if (staging.compression == "gzip") cluster->parts.compression = PartCompression::gzip;
  DRAY_ASSIGN(const AwsConnection connection,
              find_aws_connection(process_environment(), staging.profile));
  const auto named = [](const std::string& wanted, const std::string& otherwise) {
    return wanted.empty() ? otherwise : wanted;
  };
  cluster->http.ca_file = connection.ca_file;
  cluster->http.trace = cluster->trace = options.trace;
  cluster->aws = credentials_chain({.environment = process_environment(),
                                    .profile = staging.profile,
                                    .role_arn = staging.role_arn,
                                    .external_id = staging.external_id,
                                    .region = named(staging.region, connection.region),
                                    .http = cluster->http});
  if (redshift.iam) redshift.iam->region = named(redshift.iam->region, connection.region);
  if (!staging.url.empty()) {
    DRAY_ASSIGN(const S3Url url, parse_s3_url(staging.url));
    S3Options s3;
    s3.region = named(staging.region, connection.region);
    s3.endpoint = named(staging.endpoint, connection.endpoint);
    s3.encryption = staging.encryption == "kms"      ? S3Encryption::kms
                    : staging.encryption == "aes256" ? S3Encryption::aes256
                                                     : S3Encryption::none;
    s3.kms_key_id = staging.kms_key_id;
    s3.http = cluster->http;
    DRAY_ASSIGN(auto client, open_s3(std::move(s3), cluster->aws));
    cluster->area = std::make_unique<StagingArea>(std::move(client),
                                                  StagingLocation{url, warehouse_key(redshift)});
  }
  cluster->options = std::move(redshift);
  return cluster;
}

}  // namespace dray
