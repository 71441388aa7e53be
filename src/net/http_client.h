// A client that sends HTTP requests.
//
// One client keeps its connections open and hands each to one request at a time; it is made once
// and shared. Redirects are not followed: to whom a signed request goes is for its signer to say.
//
// Threads: a client may be used from several threads at once.
// Errors: `transient` for what may pass (no connection, a broken one, silence); `config` when a
// person must act (a certificate that is not trusted, a URL that is none); `cancelled` when the
// options' stop token says so. A status, whatever it is, is an answer and no error.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "net/http.h"

namespace dray {

struct HttpOptions {
  std::string ca_file;  // PEM; "": the system's
  std::chrono::milliseconds connect_timeout{10'000};
  // Without a byte in either direction for as long as this, a connection is given up.
  std::chrono::milliseconds idle_timeout{60'000};
  // The bound of the whole exchange; 0: no limit but those above.
  std::chrono::milliseconds total_timeout{0};
  // What the environment says (https_proxy, no_proxy), or always straight: for addresses that are
  // this machine's own.
  enum class Proxy { environment, none };
  Proxy proxy = Proxy::environment;
  std::stop_token stop;
  // Told of each exchange: method, place, what came of it. Nothing that may hold a secret: neither
  // headers nor query nor body. From any thread.
  std::function<void(std::string_view)> trace = {};
};

class HttpClient {
 public:
  // Takes the bytes of a body as they come; false ends the exchange.
  using Sink = std::function<bool(std::string_view bytes)>;
  // Whether the body of this answer goes to the sink; else it is kept, up to body_bytes_max.
  using TakesBody = std::function<bool(const HttpResponse& head)>;

  static constexpr std::size_t body_bytes_max = 64U << 20;

  explicit HttpClient(HttpOptions options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  Result<HttpResponse> send(const HttpRequest& request);
  // The same, but a body that `takes_body` accepts goes to `sink`. `stop` ends this exchange alone.
  Result<HttpResponse> receive(const HttpRequest& request, const TakesBody& takes_body,
                               const Sink& sink, const std::stop_token& stop);

  const HttpOptions& options() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray
