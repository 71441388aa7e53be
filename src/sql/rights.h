// The right that a server says is missing, as the statement that gives it.
//
// Pure. PostgreSQL's and Redshift's texts.
#pragma once

#include <string>
#include <string_view>

namespace dray {

struct RefusedStatement {
  std::string_view message;    // the server's: "permission denied for schema shop"
  std::string_view statement;  // what it refused
  std::string_view user;
  std::string_view database;
};

// A name as a person would write it: in quotes if it needs them.
std::string quoted_if_needed(std::string_view name);

// The GRANT for somebody who may: "grant usage, create on schema shop to dray". Where the message
// is in another language than English, what the statement needs as a rule. Holds no secret of the
// statement's: only names.
std::string missing_right(const RefusedStatement& refused);

// Whether it is on one table, or on what a table is made with (its triggers' functions, the
// sequences of its columns): not on a schema or the database. Where the message is in another
// language than English, whether the statement is about a table that is there.
bool is_right_of_table(const RefusedStatement& refused);

}  // namespace dray
