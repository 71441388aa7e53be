#include "load/postgres_locks.h"

#include <optional>
#include <thread>
#include <vector>

namespace dray {
namespace {

using Clock = std::chrono::steady_clock;

// Longer than deadlock_timeout (1 s), after which the server takes a vacuum of its own out of the
// way; shorter than a person notices.
constexpr std::int64_t try_ms = 2'000;
constexpr std::chrono::seconds pause_between_tries(1);
constexpr std::chrono::milliseconds interrupt_noticed_within(50);

constexpr std::string_view lock_not_available = "55P03";

SqlBuilder set_timeout(std::int64_t milliseconds) {
  SqlBuilder sql("set local lock_timeout = ");
  sql.number(milliseconds);
  return sql;
}

Sql relation_condition(std::string_view schema, std::string_view table) {
  SqlBuilder sql(
      "l.locktype = 'relation' and l.database = (select oid from pg_catalog.pg_database where "
      "datname = current_database()) and l.relation = (select c.oid from pg_catalog.pg_class c join "
      "pg_catalog.pg_namespace n on n.oid = c.relnamespace where n.nspname = ");
  sql.text(schema).code(" and c.relname = ").text(table).code(")");
  return std::move(sql).done();
}

Sql advisory_condition(std::int64_t key) {
  const auto bits = static_cast<std::uint64_t>(key);
  SqlBuilder sql("l.locktype = 'advisory' and l.objsubid = 1 and l.classid = ");
  sql.number(bits >> 32).code(" and l.objid = ").number(bits & 0xffff'ffff);
  return std::move(sql).done();
}

using Row = std::vector<std::optional<std::string>>;

// "pid 4711 (psql of ana from 10.0.0.7, idle in transaction since 2026-11-30 01:02:03 UTC)". Of
// other people's sessions a plain role sees the pid alone.
std::string describe(const Row& row) {
  if (!row[0]) return "a prepared transaction (pg_prepared_xacts has its GID)";
  std::string text = "pid " + *row[0];
  if (!row[2]) return text + " (pg_stat_activity shows whose it is to members of pg_monitor)";
  const auto or_empty = [&](std::size_t i) { return row[i].value_or(""); };
  text += " (" + (or_empty(1).empty() ? "a session" : or_empty(1)) + " of " + *row[2];
  if (row[3]) text += " from " + *row[3];
  text += ", " + or_empty(4);
  if (row[5]) text += " since " + *row[5] + " UTC";
  return text + ")";
}

}  // namespace

Sql postgres_lock_timeout() {
  return std::move(SqlBuilder("set lock_timeout = ").number(lock_wait_max_ms)).done();
}

void TableLocks::made(std::string_view schema, std::string_view table) {
  held_.emplace(schema, table);
}

Result<void> TableLocks::take(std::string_view schema, std::string_view table, TableLock lock) {
  if (held_.contains(std::pair(std::string(schema), std::string(table)))) return {};
  const auto give_up_at = Clock::now() + tries_max_;
  while (true) {
    DRAY_ASSIGN(const bool taken, try_once(schema, table, lock));
    if (taken) break;
    if (Clock::now() >= give_up_at) {
      const std::string name = std::string(schema) + "." + std::string(table);
      return transient_error(name + " could not be changed, because another session uses it: " +
                                 holders(relation_condition(schema, table)),
                             "let it end its transaction, or end it: select "
                             "pg_terminate_backend(PID), of a prepared one rollback prepared "
                             "'GID'");
    }
    DRAY_TRY(pause());
  }
  if (lock == TableLock::everything) made(schema, table);
  return {};
}

Result<bool> TableLocks::try_once(std::string_view schema, std::string_view table, TableLock lock) {
  DRAY_TRY(connection_.execute(
      std::move(SqlBuilder("savepoint dray_lock; ").sql(set_timeout(try_ms).done())).done()));
  SqlBuilder sql("lock table ");
  sql.table(schema, table);
  sql.word(lock == TableLock::everything ? " in access exclusive mode" : " in share mode");
  const auto locked = connection_.execute(std::move(sql).done());
  if (!locked && !was_in_vain()) return locked.error();
  // The timeout is the savepoint's, and goes with it.
  SqlBuilder end;
  if (locked) {
    end.sql(set_timeout(lock_wait_max_ms).done()).code("; release savepoint dray_lock");
  } else {
    end.code("rollback to savepoint dray_lock; release savepoint dray_lock");
  }
  DRAY_TRY(connection_.execute(std::move(end).done()));
  return locked.ok();
}

Result<void> TableLocks::pause() const {
  const auto end = Clock::now() + pause_between_tries;
  while (Clock::now() < end) {
    if (connection_.interrupted()) return cancelled_error();
    std::this_thread::sleep_for(interrupt_noticed_within);
  }
  return {};
}

bool TableLocks::was_in_vain() const { return connection_.last_sqlstate() == lock_not_available; }

Error TableLocks::explain(Error error, std::string_view schema, std::string_view table) {
  if (!was_in_vain()) return error;
  if (!connection_.execute(SqlBuilder("rollback").done())) return error;
  error.message += "; " + std::string(schema) + "." + std::string(table) + " is held by " +
                   holders(relation_condition(schema, table));
  return error;
}

Error TableLocks::explain_advisory(Error error, std::int64_t key) {
  if (!was_in_vain()) return error;
  if (!connection_.execute(SqlBuilder("rollback").done())) return error;
  error.message += "; it is " + holders(advisory_condition(key));
  return error;
}

// The oldest first. Asking may fail too: then the error has to do without them.
std::string TableLocks::holders(const Sql& condition) {
  SqlBuilder sql(
      "select distinct l.pid, a.application_name, a.usename, host(a.client_addr), a.state, "
      "date_trunc('second', a.xact_start at time zone 'UTC') from pg_catalog.pg_locks l left join "
      "pg_catalog.pg_stat_activity a on a.pid = l.pid where l.granted and l.pid is distinct from "
      "pg_backend_pid() and ");
  sql.sql(condition).code(" order by 6 nulls last limit 3");
  const auto found = connection_.query(std::move(sql).done());
  if (!found || found->rows.empty()) return "a session that has ended meanwhile";
  std::string text;
  for (const Row& row : found->rows)
    text += (text.empty() ? "" : ", ") + describe(row);
  return text;
}

}  // namespace dray
