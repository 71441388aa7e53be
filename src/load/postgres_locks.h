// Waiting for other sessions of a PostgreSQL server, with a bound, and telling who they are.
//
// Threads: as the connection. Errors: as sql/sqlstate.h decides.
#pragma once

#include <chrono>
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"
#include "sql/pq_connection.h"

namespace dray {

// How long any lock is waited for but those of TableLocks::take(), whose waiters hold nobody up.
constexpr std::int64_t lock_wait_max_ms = 300'000;

// "set lock_timeout", to be sent with each session that writes.
Sql postgres_lock_timeout();

// What of a table no other session may use meanwhile.
enum class TableLock {
  changes,     // of its rows: for a new index
  everything,  // for a change of its columns
};

// The locks of one transaction at a time. Borrows the connection.
class TableLocks {
 public:
  explicit TableLocks(PqConnection& connection,
                      std::chrono::milliseconds tries_max = std::chrono::seconds(60))
      : connection_(connection), tries_max_(tries_max) {}

  // A transaction begins.
  void reset() { held_.clear(); }
  // Made in this transaction, so that nobody else sees it.
  void made(std::string_view schema, std::string_view table);

  // Whoever waits for such a lock holds up all who come later, readers too. So it is waited for in
  // short tries with pauses that let them through; `transient`, with the holder, if none succeeds.
  // Once it is held there is nothing to do.
  Result<void> take(std::string_view schema, std::string_view table, TableLock lock);

  // The same error with the sessions that hold the table, if it says that a lock was waited for in
  // vain. The transaction is rolled back for that.
  Error explain(Error error, std::string_view schema, std::string_view table);
  // The same error, with those that hold an advisory lock.
  Error explain_advisory(Error error, std::int64_t key);

 private:
  Result<bool> try_once(std::string_view schema, std::string_view table, TableLock lock);
  Result<void> pause() const;
  bool was_in_vain() const;
  std::string holders(const Sql& condition);

  PqConnection& connection_;
  const std::chrono::milliseconds tries_max_;
  std::set<std::pair<std::string, std::string>, std::less<>> held_;  // with everything
};

}  // namespace dray
