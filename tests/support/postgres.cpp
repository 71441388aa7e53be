#include "support/postgres.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <memory>

#include "sql/pq_connection.h"
#include "support/source_directory.h"

namespace dray::testing_support {
namespace {

std::string script() { return in_source("tests/servers/start-postgres"); }

std::string output_of(const std::string& command) {
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string output;
  std::array<char, 4096> piece{};
  while (const std::size_t size = std::fread(piece.data(), 1, piece.size(), pipe.get()))
    output.append(piece.data(), size);
  return output;
}

class Server {
 public:
  static const Server& instance() {
    static const Server server;
    return server;
  }
  // postgres://dray@127.0.0.1:PORT/
  const std::string& address() const { return address_; }

 private:
  Server() {
    const char* shared = std::getenv("DRAY_TEST_POSTGRES");  // NOLINT(concurrency-mt-unsafe)
    if (shared == nullptr) {
      std::string folder = "/tmp/dray-pg-XXXXXX";
      own_folder_ = ::mkdtemp(folder.data());
    }
    const std::string output =
        output_of(script() + ' ' + (shared == nullptr ? own_folder_ : shared));
    const std::size_t url = output.find("PG_URL=");
    EXPECT_NE(url, std::string::npos) << "no PostgreSQL: " << output;
    if (url == std::string::npos) return;
    address_ = output.substr(url + 7, output.find('\n', url) - url - 7);
    address_.erase(address_.rfind('/') + 1);
  }
  ~Server() {
    if (own_folder_.empty()) return;
    output_of(script() + " --stop " + own_folder_);
    std::error_code ignored;
    std::filesystem::remove_all(own_folder_, ignored);
  }

  std::string own_folder_;
  std::string address_;
};

void run(const Sql& sql) {
  const auto parameters = parse_pq_url(Server::instance().address() + "postgres");
  ASSERT_TRUE(parameters.ok());
  PqOptions options;
  options.parameters = *parameters;
  auto connection = PqConnection::open(std::move(options));
  ASSERT_TRUE(connection.ok()) << connection.error().text();
  const auto done = (*connection)->execute(sql);
  ASSERT_TRUE(done.ok()) << done.error().text();
}

}  // namespace

PostgresDatabase::PostgresDatabase() {
  static int count = 0;
  name_ = "test_" + std::to_string(::getpid()) + '_' + std::to_string(++count);
  run(std::move(SqlBuilder("create database ").name(name_)).done());
  url_ = Server::instance().address() + name_;
}

PostgresDatabase::~PostgresDatabase() {
  run(std::move(SqlBuilder("drop database ").name(name_).code(" with (force)")).done());
}

}  // namespace dray::testing_support
