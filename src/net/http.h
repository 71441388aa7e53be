// HTTP requests and answers as values, and how an address is written.
//
// Pure. Threads: any.
#pragma once

#include <initializer_list>
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

// Percent-encodes all but A-Z a-z 0-9 - . _ ~ (RFC 3986, unreserved), and '/' if told to.
enum class EncodeSlash { no, yes };
std::string uri_encode(std::string_view text, EncodeSlash slash = EncodeSlash::yes);
// "+" is a space, as in a form; a '%' that encodes nothing stays.
std::string uri_decode(std::string_view text);

// "https://host:port/path" into the request's scheme, host and path (encoded as it comes; "/" if
// there is none) and query.
Result<HttpRequest> request_to(std::string_view url);

}  // namespace dray
