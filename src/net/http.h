// HTTP requests as values, and a client that sends them.
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
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace dray {

using HttpParameters = std::vector<std::pair<std::string, std::string>>;

// Names in lower case, in the order in which they were added.
class HttpHeaders {
 public:
  HttpHeaders() = default;
  HttpHeaders(std::initializer_list<std::pair<std::string, std::string>> headers);

  // Takes the place of one with the same name. `name` in any case.
  void set(std::string_view name, std::string value);
  // "" when there is none. `name` in lower case.
  std::string_view find(std::string_view name) const;
  bool contains(std::string_view name) const;

  auto begin() const { return headers_.begin(); }
  auto end() const { return headers_.end(); }

 private:
  HttpParameters headers_;
};

struct HttpRequest {
  std::string method = "GET";
  std::string scheme = "https";
  std::string host;        // with ":port" unless it is the scheme's own
  std::string path = "/";  // percent-encoded, sent exactly like this: "/a/./b" stays
  HttpParameters query;    // not encoded; a name without a value is sent as "name="
  HttpHeaders headers;     // the only place for secrets: no message shows them
  std::string_view body;   // borrowed for the call

  // Scheme, host and path, for messages.
  std::string place() const { return scheme + "://" + host + path; }
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;
  std::string body;  // without what went to a sink
};

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

// Percent-encodes all but A-Z a-z 0-9 - . _ ~ (RFC 3986, unreserved), and '/' if told to.
enum class EncodeSlash { no, yes };
std::string uri_encode(std::string_view text, EncodeSlash slash = EncodeSlash::yes);
// "+" is a space, as in a form; a '%' that encodes nothing stays.
std::string uri_decode(std::string_view text);

// "https://host:port/path" into the request's scheme, host and path (encoded as it comes; "/" if
// there is none) and query.
Result<HttpRequest> request_to(std::string_view url);

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
