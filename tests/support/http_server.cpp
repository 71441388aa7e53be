#include "support/http_server.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <optional>

#include "base/result.h"

namespace dray {
namespace {

// The bytes of one connection, taken as requests.
class Incoming {
 public:
  explicit Incoming(int connection) : connection_(connection) {}

  std::optional<ServedRequest> next() {
    const auto head_end = wait_for("\r\n\r\n");
    if (!head_end) return std::nullopt;
    const std::string head = take(*head_end + 4);
    ServedRequest request;
    std::size_t at = head.find("\r\n");
    const std::string line = head.substr(0, at);
    request.method = line.substr(0, line.find(' '));
    request.target =
        line.substr(request.method.size() + 1, line.rfind(' ') - request.method.size() - 1);
    for (at += 2; at + 2 < head.size();) {
      const std::size_t end = head.find("\r\n", at);
      const std::string header = head.substr(at, end - at);
      std::string name = header.substr(0, header.find(':'));
      std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::tolower(c); });
      const std::size_t value = header.find_first_not_of(' ', name.size() + 1);
      request.headers[name] = value == std::string::npos ? "" : header.substr(value);
      at = end + 2;
    }
    if (const auto length = request.headers.find("content-length");
        length != request.headers.end()) {
      const std::size_t size = std::stoull(length->second);
      while (bytes_.size() < size) {
        if (!receive()) return std::nullopt;
      }
      request.body = take(size);
    }
    return request;
  }

 private:
  bool receive() {
    std::array<char, 65536> buffer{};
    const ssize_t count = ::recv(connection_, buffer.data(), buffer.size(), 0);
    if (count <= 0) return false;
    bytes_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }
  std::optional<std::size_t> wait_for(const char* text) {
    while (true) {
      const std::size_t at = bytes_.find(text);
      if (at != std::string::npos) return at;
      if (!receive()) return std::nullopt;
    }
  }
  std::string take(std::size_t count) {
    std::string taken = bytes_.substr(0, count);
    bytes_.erase(0, count);
    return taken;
  }

  const int connection_;
  std::string bytes_;
};

void send_all(int connection, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t count =
        ::send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;
    sent += static_cast<std::size_t>(count);
  }
}

}  // namespace

ServedAnswer answer(int status, const std::string& body, const std::vector<std::string>& headers) {
  std::string bytes = "HTTP/1.1 " + std::to_string(status) + " X\r\n";
  for (const std::string& header : headers)
    bytes += header + "\r\n";
  return {bytes + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body};
}

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  DRAY_ASSERT(listener_ >= 0 && ::bind(listener_, generic, size) == 0);
  DRAY_ASSERT(::listen(listener_, 64) == 0 && ::getsockname(listener_, generic, &size) == 0);
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_connections(); });
}

HttpServer::~HttpServer() {
  stopping_ = true;
  ::shutdown(listener_, SHUT_RDWR);
  acceptor_.join();
  {
    const std::scoped_lock lock(mutex_);
    for (const int connection : connections_)
      ::shutdown(connection, SHUT_RDWR);
  }
  for (std::thread& thread : threads_)
    thread.join();
  for (const int connection : connections_)
    ::close(connection);
  ::close(listener_);
}

std::vector<ServedRequest> HttpServer::requests() const {
  const std::scoped_lock lock(mutex_);
  return requests_;
}

void HttpServer::accept_connections() {
  while (true) {
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) return;
    const std::scoped_lock lock(mutex_);
    connections_.push_back(connection);
    if (stopping_) return;
    threads_.emplace_back([this, connection] { serve(connection); });
  }
}

void HttpServer::serve(int connection) {
  Incoming incoming(connection);
  while (auto request = incoming.next()) {
    ServedAnswer made;
    {
      const std::scoped_lock lock(mutex_);
      request->number = requests_.size();
      requests_.push_back(*request);
      made = handler_(*request);
    }
    send_all(connection, made.bytes);
    if (made.is_silent) continue;
    if (made.closes) break;
  }
  ::shutdown(connection, SHUT_RDWR);
}

}  // namespace dray
