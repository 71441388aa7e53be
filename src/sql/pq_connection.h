// A connection to a server that speaks PostgreSQL's protocol, through libpq, whose header only
// sql/pq_*.cpp see. Knows no dialect: PostgreSQL and Redshift both stand on it.
//
// Threads: a connection belongs to one thread at a time; interrupt() may come from any.
// Errors: as sql/sqlstate.h decides. A connection that was lost stays lost; every later call fails
// with `transient`.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "sql/pq_address.h"
#include "sql/session.h"
#include "sql/sql.h"

namespace dray {

struct PqOptions {
  // Those that are not given are libpq's own (environment, ~/.pgpass, service file), save for
  // application_name, connect_timeout and the keepalives.
  PqParameters parameters;
  std::string location;                              // for messages
  std::vector<Sql> setup;                            // sent first
  bool has_tls = false;                              // the server is known to speak it
  std::function<void(std::string_view)> trace = {};  // sees each statement before it is sent
};

// INFO, NOTICE or WARNING that a statement caused.
struct PqNotice {
  std::string severity;  // not translated
  std::string sqlstate;
  std::string message;
};

// One row of a result, its values as the server wrote them; valid during the call.
using PqRow = std::span<const std::optional<std::string_view>>;

struct PqColumn {
  std::string name;
  std::string type;  // as PqConnection::query() names it
  std::uint32_t type_oid = 0;
  std::int32_t type_modifier = -1;
};

class PqConnection {
 public:
  static Result<std::unique_ptr<PqConnection>> open(PqOptions options);
  ~PqConnection();
  PqConnection(const PqConnection&) = delete;
  PqConnection& operator=(const PqConnection&) = delete;

  Result<void> execute(const Sql& sql);
  // Rows inserted, updated, deleted or copied.
  Result<std::uint64_t> changed_rows(const Sql& sql);
  // Booleans as true and false, doubles by their shortest text.
  Result<QueryResult> query(const Sql& sql);
  // Row by row as they arrive; the result may be larger than memory.
  Result<void> each_row(const Sql& sql, const std::function<Result<void>(PqRow)>& row);

  // One statement by the extended protocol, which takes no second one. `columns` comes once, before
  // any row. When one of the two fails the statement is cancelled, and its error is returned.
  Result<void> read(const Sql& sql,
                    const std::function<Result<void>(const std::vector<PqColumn>&)>& columns,
                    const std::function<Result<void>(PqRow)>& row);
  // What the server said of the last statement, if it refused it; else "".
  const std::string& last_sqlstate() const;
  // The table whose constraint it was refused for, without its schema; "" if the server names none.
  const std::string& last_table() const;
  // Where in it, in code points from 1; 0 when that is not known.
  std::size_t last_position() const;

  // "commit". `in_doubt` if the connection broke before the answer; an error of another cause means
  // that it did not happen. interrupt() does not concern it.
  Result<void> commit();

  // COPY ... FROM STDIN: begin, any number of puts, end. After an error, or if it is never ended,
  // the copy is abandoned and the transaction lost.
  Result<void> begin_copy(const Sql& sql);
  Result<void> put_copy(std::string_view bytes);
  Result<std::uint64_t> end_copy();  // rows

  // Since the last call.
  std::vector<PqNotice> take_notices();

  // Whose rights the server looks at, where that is not who logged in (`alter role ... set role`):
  // the one that remedies name.
  void act_as(std::string user);

  bool is_in_transaction() const;
  int server_version() const;  // 150004 for 15.4; Redshift says 80002

  // From any thread: the statement in progress is cancelled on the server, it and every later call
  // fail with `cancelled`.
  void interrupt();
  bool interrupted() const;

 private:
  class Impl;
  explicit PqConnection(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray
