#include "load/postgres.h"

#include <algorithm>
#include <functional>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "ledger/tables.h"
#include "load/copy_rows.h"
#include "load/postgres_locks.h"
#include "load/postgres_session.h"
#include "load/postgres_sql.h"
#include "load/reserved_schemas.h"
#include "load/rivals.h"
#include "sql/pq_connection.h"
#include "sql/query_values.h"

namespace dray {
namespace {

constexpr int server_version_least = 120000;
constexpr int version_that_looks_for_clients = 140000;

// The table, its texts' table and that one's index, uuid's index and a few that somebody made.
constexpr std::size_t locks_per_table = 8;

class PostgresWarehouse final : public Warehouse {
 public:
  PostgresWarehouse(PqParameters parameters, const WarehouseOptions& options,
                    std::function<void(std::string_view)> trace)
      : access_(options.access), duplicates_bytes_(options.duplicates_bytes) {
    options_.location = pq_location("postgres", parameters);
    options_.parameters = std::move(parameters);
    options_.trace = std::move(trace);
    // Whatever the role or the database has been set to. JIT took a minute to compile the merge of
    // 70 columns, which runs for a second.
    // Names in pg_catalog come before whatever the search path has.
    options_.setup.push_back(
        SqlBuilder("set client_encoding = 'UTF8'; set standard_conforming_strings = on; "
                   "set datestyle = 'ISO, YMD'; set intervalstyle = 'postgres'; "
                   "set timezone = 'UTC'; set extra_float_digits = 1; set bytea_output = 'hex'; "
                   "set quote_all_identifiers = off; set jit = off; "
                   "select pg_catalog.set_config('search_path', pg_catalog.concat_ws(', ', "
                   "'pg_catalog', nullif(pg_catalog.current_setting('search_path'), '')), false)")
            .done());
    // A server that looks for its client only when it has an answer goes on waiting for a lock, and
    // holds others up, after this process was killed. Not every server knows the first of them.
    options_.setup.push_back(
        SqlBuilder("set tcp_keepalives_idle = 60; set tcp_keepalives_interval = 20; "
                   "set tcp_keepalives_count = 6; set tcp_user_timeout = 180000")
            .done());
    if (access_ == Access::read_only) {
      options_.setup.push_back(SqlBuilder("set default_transaction_read_only = on").done());
    } else {
      // Rows that a policy hides would be loaded twice: an error instead.
      options_.setup.push_back(SqlBuilder("set row_security = off").done());
      options_.setup.push_back(postgres_lock_timeout());
    }
  }

  Result<std::unique_ptr<WarehouseSession>> open_session() override {
    DRAY_ASSIGN(auto connection, PqConnection::open(options_));
    DRAY_TRY(check_server(*connection));
    // A Windows server knows the setting and refuses it; it is no loss then.
    if (connection->server_version() >= version_that_looks_for_clients) {
      (void)connection->execute(SqlBuilder("set client_connection_check_interval = '5s'").done());
      // The setting is as in a new session. It waits while a run reads, outside of a transaction:
      // it holds nothing.
      DRAY_TRY(connection->execute(SqlBuilder("set idle_session_timeout = 0").done()));
    }
    DRAY_ASSIGN(const std::size_t tables_max, tables_per_transaction_max(*connection));
    std::string mark = std::to_string(random_seed());
    SqlBuilder sql("set dray.session = ");
    DRAY_TRY(connection->execute(std::move(sql.text(mark)).done()));
    return std::unique_ptr<WarehouseSession>(std::make_unique<PostgresSession>(
        std::move(connection), duplicates_bytes_, tables_max, std::move(mark)));
  }

  const Dialect& dialect() const override { return dialect_; }
  Notes* notes() override { return nullptr; }
  std::optional<std::uint64_t> bytes_wanting(const Growth&) const override { return {}; }
  std::string location() const override { return options_.location; }

 private:
  // A transaction may take a lock for each table, its texts' table, and their indexes. The server
  // has room for so many of all sessions; half of it is left to others.
  static Result<std::size_t> tables_per_transaction_max(PqConnection& connection) {
    DRAY_ASSIGN(const QueryResult locks,
                connection.query(SqlBuilder("select current_setting('max_locks_per_transaction')"
                                            "::bigint * current_setting('max_connections')::bigint")
                                     .done()));
    DRAY_ASSIGN(const std::uint64_t room,
                needed_count(locks.rows[0][0], "max_locks_per_transaction"));
    return std::max<std::size_t>(room / 2 / locks_per_table, 1);
  }

  Result<void> check_server(PqConnection& connection) const {
    if (connection.server_version() < server_version_least) {
      return config_error(location() + " is PostgreSQL " +
                          std::to_string(connection.server_version() / 10000) +
                          "; Dray needs 12 or later");
    }
    DRAY_ASSIGN(const QueryResult known,
                connection.query(SqlBuilder("select pg_catalog.current_setting('server_encoding'), "
                                            "current_user")
                                     .done()));
    connection.act_as(known.rows[0][1].value_or(""));
    if (known.rows[0][0] == "UTF8") return {};
    return config_error(location() + " stores text as " + known.rows[0][0].value_or("") +
                            ", which has not every character",
                        "create database NAME encoding "
                        "'UTF8' template template0");
  }

  const PostgresDialect dialect_;
  const Access access_;
  const std::uint64_t duplicates_bytes_;
  PqOptions options_;
};

}  // namespace

Result<std::unique_ptr<Warehouse>> open_postgres_traced(
    const std::string& address, const WarehouseOptions& options,
    std::function<void(std::string_view)> trace) {
  DRAY_ASSIGN(PqParameters parameters, parse_pq_url(address));
  return std::unique_ptr<Warehouse>(
      std::make_unique<PostgresWarehouse>(std::move(parameters), options, std::move(trace)));
}

Result<std::unique_ptr<Warehouse>> open_postgres(const std::string& address,
                                                 const WarehouseOptions& options) {
  return open_postgres_traced(address, options, options.trace);
}

}  // namespace dray
