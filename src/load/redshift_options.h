// What a person says about a cluster: the address, and what dray.yaml may add to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "load/redshift_choice.h"
#include "sql/pq_address.h"

namespace dray {

// How far apart, by received_at, two rows with one id are looked for. Nothing: however far, which
// is exact and reads the ids of the whole table.
using DedupeWindow = std::optional<std::chrono::days>;

// How to reach the staging location, and what is said of the files there; "" is found out as AWS's
// own tools do (docs/s3.md).
struct RedshiftStaging {
  std::string url;  // s3://bucket/prefix; "": nothing can be loaded
  // The bucket's region. COPY is told too, if it is named: then it is not the cluster's own.
  std::string region;
  std::string endpoint;
  std::string profile;
  std::string role_arn;
  std::string external_id;
  std::string encryption;  // "": the bucket's default, "aes256", "kms"
  std::string kms_key_id;
  std::string compression;  // of the parts: "", "zstd" or "gzip"
};

// A login by IAM instead of a password: exactly one of cluster and workgroup is given.
struct RedshiftIam {
  std::string cluster;
  std::string workgroup;
  std::string region;
  std::vector<std::string> groups;
  bool auto_create = false;
};

struct RedshiftOptions {
  PqParameters connection;
  std::string location;  // holds no secret
  RedshiftStaging staging;
  std::optional<RedshiftIam> iam;
  std::string iam_role;  // for COPY: "default", or ARNs separated by commas; "": the keys of Dray
  std::string query_group = "dray";
  unsigned connections_max = 4;  // tables that are copied at once
  DedupeWindow dedupe_window;
  std::optional<std::uint64_t> tables_max;  // that the cluster takes, if a person has said it
  bool comments = false;                    // on the tables that are made
  bool let_sleep = false;                   // a sync that has nothing to load does not connect
  std::vector<RedshiftChoice> choices;
};

// redshift://[user[:password]@]host[:5439][/dev][?name=value&...]. These names are Dray's, all
// others libpq's:
//   staging, staging_region, staging_endpoint, staging_profile, staging_role_arn,
//   staging_external_id, staging_encryption, staging_kms_key_id,
//   staging_compression                                            as RedshiftStaging
//   iam_role, query_group, connections, dedupe_window (days), tables_max
//                                                                  as RedshiftOptions
//   let_sleep (true or false; true for a workgroup), comments (tables or none)
//   cluster, workgroup, iam_region, db_groups (a,b), auto_create   as RedshiftIam
//
// TLS is verify-full, against the system's certificates, which have Amazon's roots, unless the
// address says otherwise (sslmode, sslrootcert). Errors are `config` and repeat no secret.
Result<RedshiftOptions> redshift_options(const std::string& address);

}  // namespace dray
