// A cluster or workgroup, and how to reach it and its staging location.
#pragma once

#include <memory>
#include <string>

#include "aws/credentials.h"
#include "base/result.h"
#include "load/open.h"
#include "load/redshift_options.h"
#include "load/redshift_sql.h"
#include "load/staging_area.h"
#include "sql/pq_connection.h"
#include "stage/parts.h"

namespace dray {

// Threads: may be used from several at once.
struct RedshiftCluster {
  RedshiftOptions options;
  std::shared_ptr<CredentialsProvider> aws;
  HttpOptions http;
  std::function<void(std::string_view)> trace;  // sees each statement, if set
  std::unique_ptr<StagingArea> area;  // none without a staging location: then nothing can be loaded
  PartOptions parts;
  std::uint64_t duplicates_bytes = 0;

  // A connection that is set up as Dray wants it: names folded, UTC, ISO dates, its query group.
  // Each connection gets a password of its own where the login is by IAM.
  Result<std::unique_ptr<PqConnection>> connect() const;
  // Whose keys or role COPY uses, valid now.
  Result<CopyAccess> copy_access() const;
  // The connection's parameters, with who logs in.
  Result<PqParameters> login() const;
};

Result<std::shared_ptr<RedshiftCluster>> reach_redshift(RedshiftOptions redshift,
                                                        const WarehouseOptions& options);

}  // namespace dray
