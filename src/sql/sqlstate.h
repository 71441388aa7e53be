// What a server's error means for the caller: SQLSTATE to cause and remedy.
//
// Pure. The codes are PostgreSQL's (documentation, appendix A); Redshift's are a subset of them.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace dray {

// The parts of an error report that matter, as the server sent them.
struct ServerError {
  std::string_view sqlstate;
  std::string_view message;
  std::string_view detail{};
  std::string_view schema{};  // of the object that a constraint belongs to
  std::string_view table{};
  std::string_view column{};
  std::string_view constraint{};  // or unique index
  std::string_view context{};     // where the server was, innermost first
  // The statement, if it changes a schema and looks at no row: then no value of one is in what a
  // function says of it.
  std::string_view change{};
};

// As much of a statement as a message has room for: it may have a thousand columns.
std::string beginning_of(std::string_view statement);

// Whether a statement is such a change: it makes a schema, a table, an index or a column, or says
// something about one.
bool is_change_without_rows(std::string_view statement);

// Whose statement it was: a person sees the values of the one that they typed.
enum class StatementOf { dray, person };

// "message (detail) [SQLSTATE]", and what to do about it where that is known. Of a statement of
// Dray's without any value of a row: what the server says goes into logs and into _dray.runs.
// `missing_right` is what gives a right that the server says is missing (sql/rights.h).
Error error_of(const ServerError& error, StatementOf whose = StatementOf::dray,
               std::string_view missing_right = {});

// Whether a COMMIT that was answered so may have happened all the same: the session was ended while
// it waited.
bool leaves_commit_in_doubt(std::string_view sqlstate);

// Who wanted to connect.
struct Login {
  std::string_view user;
  std::string_view database;
  // The server is known to speak TLS (Redshift): then nothing but TLS is advised.
  bool has_tls = false;
};

// A connection that could not be opened. No SQLSTATE comes with that, so the text decides; what it
// does not know is `config`.
Error connect_error(std::string_view message, const Login& login = {});

}  // namespace dray
