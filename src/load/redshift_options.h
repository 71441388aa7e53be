// What a person says about a cluster: the address, and what dray.yaml may add to it.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "load/pq_connection.h"

namespace dray {

// How a table or one of its columns is to be made where the standard will not do. The first that
// fits counts.
struct RedshiftChoice {
  std::string table;                           // schema.table; * stands for any of the two
  std::string column;                          // "": the table itself
  std::optional<std::string> dist_key;         // a column, or "even", "all", "auto"
  std::optional<std::string> sort_key;         // columns, separated by commas, or "auto"
  std::optional<std::string> encoding;         // of the column: zstd, az64, lzo, raw ...
  std::optional<std::uint32_t> varchar_bytes;  // of the column, at its creation
};

// How far apart, by received_at, two rows with one id are looked for. Nothing: however far, which
// is exact and reads the ids of the whole table.
using DedupeWindow = std::optional<std::chrono::days>;

struct RedshiftOptions {
  PqParameters connection;
  std::string location;   // holds no secret
  std::string staging;    // s3://bucket/prefix; "": nothing can be loaded
  std::string staging_region;  // of its bucket, if that is not the cluster's own
  std::string iam_role;   // for COPY: "default", or ARNs separated by commas; "": the keys of Dray
  std::string query_group = "dray";
  unsigned connections_max = 4;  // tables that are copied at once
  DedupeWindow dedupe_window;
  std::vector<RedshiftChoice> choices;
};

// redshift://[user[:password]@]host[:5439][/dev][?name=value&...]: staging, staging_region,
// iam_role, query_group, connections and dedupe_window (days) are Dray's; all other names are
// libpq's. Errors are `config` and repeat no secret.
//
// TLS is verify-full, against the system's certificates, which have Amazon's roots, unless the
// address says otherwise (sslmode, sslrootcert).
Result<RedshiftOptions> redshift_options(const std::string& address);

}  // namespace dray
