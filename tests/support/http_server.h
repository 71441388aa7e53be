// An HTTP server on loopback whose answers the test makes up, down to the bytes: what no real one
// does on demand.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace dray {

struct ServedRequest {
  std::string method;
  std::string target;                          // path and query as they were sent
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::size_t number = 0;  // from 0, over all connections
};

// The bytes of an answer as they go out. A connection is closed after what says so.
struct ServedAnswer {
  std::string bytes;
  bool closes = false;
  bool is_silent = false;  // says nothing more until the server ends
};

// A whole answer with its length.
ServedAnswer answer(int status, const std::string& body,
                    const std::vector<std::string>& headers = {});

// Threads: the handler is called by one thread for each connection, one call at a time.
class HttpServer {
 public:
  using Handler = std::function<ServedAnswer(const ServedRequest&)>;
  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  std::vector<ServedRequest> requests() const;

 private:
  void accept_connections();
  void serve(int connection);

  const Handler handler_;
  int listener_ = -1;
  std::uint16_t port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::vector<ServedRequest> requests_;
  std::vector<int> connections_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace dray
