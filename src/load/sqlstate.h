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
  std::string_view detail;
  std::string_view schema;  // of the object that a constraint belongs to
};

// "message (detail) [SQLSTATE]", and what to do about it where that is known.
Error error_of(const ServerError& error);

// Whether a COMMIT that was answered so may have happened all the same: the session was ended while
// it waited.
bool leaves_commit_in_doubt(std::string_view sqlstate);

// A connection that could not be opened. No SQLSTATE comes with that, so the text decides; what it
// does not know is `config`.
Error connect_error(std::string_view message);

}  // namespace dray
