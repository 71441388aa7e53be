// A database of a test's own on a real PostgreSQL.
#pragma once

#include <string>

namespace dray::testing_support {

// The server is the one in the folder that $DRAY_TEST_POSTGRES names (ctest starts and stops it),
// or one of this process's own, started with the first database and ended with the process.
// A server that cannot be had fails the test.
class PostgresDatabase {
 public:
  PostgresDatabase();
  ~PostgresDatabase();
  PostgresDatabase(const PostgresDatabase&) = delete;
  PostgresDatabase& operator=(const PostgresDatabase&) = delete;

  // postgres://dray@127.0.0.1:PORT/NAME; the user is a superuser.
  const std::string& url() const { return url_; }

 private:
  std::string name_;
  std::string url_;
};

}  // namespace dray::testing_support
