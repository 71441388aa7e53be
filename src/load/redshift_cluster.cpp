#include "load/redshift_cluster.h"

#include <algorithm>

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

// Tells warehouses that share a staging place apart.
std::string warehouse_key(const RedshiftOptions& redshift) {
  const auto given = [&](const char* name) {
    const auto at = redshift.connection.find(name);
    return at == redshift.connection.end() ? std::string() : at->second;
  };
  return sha256_hex(given("host") + "\n" + given("port") + "\n" + given("dbname")).substr(0, 12);
}

}  // namespace

Result<std::unique_ptr<PqConnection>> RedshiftCluster::connect() const {
  PqOptions pq;
  pq.parameters = options.connection;
  pq.location = options.location;
  pq.setup.push_back(
      std::move(SqlBuilder("set query_group to ").text(options.query_group)).done());
  // All of Dray's names are in lower case; somebody else's "Color" is color too.
  pq.setup.push_back(SqlBuilder("set enable_case_sensitive_identifier to false").done());
  pq.setup.push_back(SqlBuilder("set datestyle to 'ISO, MDY'").done());
  pq.setup.push_back(SqlBuilder("set timezone to 'UTC'").done());
  pq.setup.push_back(SqlBuilder("set extra_float_digits to 2").done());
  return PqConnection::open(std::move(pq));
}

Result<CopyAccess> RedshiftCluster::copy_access() const {
  CopyAccess access;
  access.iam_role = options.iam_role;
  access.region = options.staging_region;
  if (access.iam_role.empty()) {
    DRAY_ASSIGN(access.credentials, aws->get());
  }
  return access;
}

Result<std::shared_ptr<RedshiftCluster>> reach_redshift(RedshiftOptions redshift,
                                                        const WarehouseOptions& options) {
  auto cluster = std::make_shared<RedshiftCluster>();
  cluster->parts.part_bytes = part_bytes_for(options, redshift.connections_max);
  cluster->parts.places = RowPlaces::add;
  if (!redshift.staging.empty()) {
    DRAY_ASSIGN(const S3Url url, parse_s3_url(redshift.staging));
    DRAY_ASSIGN(const AwsPlace place, find_aws_place(process_environment(), ""));
    CredentialsOptions credentials;
    credentials.environment = process_environment();
    credentials.region = place.region;
    credentials.http.ca_file = place.ca_file;
    cluster->aws = credentials_chain(std::move(credentials));
    S3Options s3;
    s3.region = place.region;
    s3.endpoint = place.endpoint;
    s3.http.ca_file = place.ca_file;
    DRAY_ASSIGN(auto client, open_s3(std::move(s3), cluster->aws));
    cluster->area = std::make_unique<StagingArea>(std::move(client),
                                                  StagingPlace{url, warehouse_key(redshift)});
  }
  cluster->options = std::move(redshift);
  return cluster;
}

}  // namespace dray
