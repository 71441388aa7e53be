#include "net/http_client.h"

#include <curl/curl.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/text.h"

namespace dray {
namespace {

using Clock = std::chrono::steady_clock;

// Idle connections beyond this are closed; a run reads far fewer objects at once.
constexpr std::size_t idle_exchanges_max = 64;
constexpr std::size_t url_bytes_expected = 256;
// What libcurl hands over at a time, at most.
constexpr long receive_bytes_max = 256L << 10;

// OpenSSL writes to sockets without MSG_NOSIGNAL, and a peer that hung up must not end the process.
// The signal is the thread's own, so it is enough that this thread does not take it.
class WithoutSigpipe {
 public:
  WithoutSigpipe() {
    pthread_sigmask(SIG_BLOCK, &only_sigpipe(), &before_);
    // So it is in a thread pool's threads.
    was_blocked_ = sigismember(&before_, SIGPIPE) == 1;
    if (was_blocked_) return;
    sigset_t pending;
    sigpending(&pending);
    was_pending_ = sigismember(&pending, SIGPIPE) == 1;
  }
  ~WithoutSigpipe() {
    if (was_blocked_) return;
    const timespec at_once{0, 0};
    if (!was_pending_) sigtimedwait(&only_sigpipe(), nullptr, &at_once);
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  WithoutSigpipe(const WithoutSigpipe&) = delete;
  WithoutSigpipe& operator=(const WithoutSigpipe&) = delete;

 private:
  static const sigset_t& only_sigpipe() {
    static const sigset_t set = [] {
      sigset_t only;
      sigemptyset(&only);
      sigaddset(&only, SIGPIPE);
      return only;
    }();
    return set;
  }
  sigset_t before_;
  bool was_blocked_ = false;
  bool was_pending_ = false;
};

void init_curl() {
  static std::once_flag once;
  std::call_once(once, [] { DRAY_ASSERT(curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK); });
}

// Lines as libcurl reads them, in memory that serves the next request too.
class LineList {
 public:
  void clear() {
    text_.clear();
    starts_.clear();
  }
  void add(std::string_view begin, std::string_view middle = {}, std::string_view end = {}) {
    starts_.push_back(text_.size());
    text_.append(begin).append(middle).append(end).push_back('\0');
  }
  // Until the next add() or clear().
  curl_slist* list() {
    nodes_.resize(starts_.size());
    for (std::size_t i = 0; i < starts_.size(); ++i) {
      nodes_[i].data = text_.data() + starts_[i];
      nodes_[i].next = i + 1 < nodes_.size() ? &nodes_[i + 1] : nullptr;
    }
    return nodes_.data();
  }

 private:
  std::string text_;
  std::vector<std::size_t> starts_;
  std::vector<curl_slist> nodes_;
};

std::string url_of(const HttpRequest& request) {
  std::string url;
  url.reserve(url_bytes_expected);
  url.append(request.scheme).append("://").append(request.host).append(request.path);
  char separator = '?';
  for (const auto& [name, value] : request.query) {
    url += separator;
    url += uri_encode(name) + '=' + uri_encode(value);
    separator = '&';
  }
  return url;
}

// Runs one request at a time, in whichever thread has it, and keeps its connection afterwards. A
// multi handle for one transfer: unlike curl_easy_perform it can be woken up from elsewhere.
//
// After an error it is of no more use: libcurl leaves the handle of a transfer that never began (a
// name that was not found, say) in a state in which it takes no options.
class Exchange {
 public:
  Exchange() : multi_(curl_multi_init()), easy_(curl_easy_init()) {
    DRAY_ASSERT(multi_ != nullptr && easy_ != nullptr);
  }
  ~Exchange() {
    curl_easy_cleanup(easy_);
    curl_multi_cleanup(multi_);
  }
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;

  Result<HttpResponse> run(const HttpOptions& options, const HttpRequest& request,
                           const HttpClient::TakesBody& takes_body, const HttpClient::Sink& sink,
                           const std::stop_token& stop) {
    response_ = {};
    takes_body_ = &takes_body;
    sink_ = &sink;
    to_sink_.reset();
    end_ = End::none;
    prepare(options, request);
    if (refused_) return refusal(options, request);
    const WithoutSigpipe guard;
    const std::stop_callback wake_own(stop, [this] { curl_multi_wakeup(multi_); });
    const std::stop_callback wake_all(options.stop, [this] { curl_multi_wakeup(multi_); });
    if (curl_multi_add_handle(multi_, easy_) != CURLM_OK) {
      return error_of(CURLE_OUT_OF_MEMORY, options, request);
    }
    const CURLcode code = transfer(options, stop);
    curl_multi_remove_handle(multi_, easy_);
    if (code != CURLE_OK || end_ != End::none) return error_of(code, options, request);
    return std::move(response_);
  }

 private:
  enum class End { none, stopped, idle, refused_by_sink, too_large };

  void prepare(const HttpOptions& options, const HttpRequest& request) {
    // One GET after the other differs in its address and headers alone.
    const bool is_get = request.method == "GET" && request.body.empty();
    if (!is_get || !is_set_for_get_) {
      curl_easy_reset(easy_);
      set_options(options);
      if (!is_get) set_body(request);
    }
    is_set_for_get_ = is_get;
    error_text_[0] = '\0';
    set(CURLOPT_URL, url_of(request).c_str());
    set_headers(request);
  }

  // Those of the client, which never change.
  void set_options(const HttpOptions& options) {
    set(CURLOPT_PATH_AS_IS, 1L);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_ERRORBUFFER, error_text_.data());
    set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(options.total_timeout.count()));
    set(CURLOPT_BUFFERSIZE, receive_bytes_max);
    set(CURLOPT_TCP_KEEPALIVE, 1L);
    if (!options.ca_file.empty()) set(CURLOPT_CAINFO, options.ca_file.c_str());
    if (options.proxy == HttpOptions::Proxy::none) set(CURLOPT_NOPROXY, "*");
    set(CURLOPT_HEADERFUNCTION, &Exchange::on_header);
    set(CURLOPT_HEADERDATA, this);
    set(CURLOPT_WRITEFUNCTION, &Exchange::on_body);
    set(CURLOPT_WRITEDATA, this);
    set(CURLOPT_NOPROGRESS, 0L);
    set(CURLOPT_XFERINFOFUNCTION, &Exchange::on_progress);
    set(CURLOPT_XFERINFODATA, this);
  }

  void set_body(const HttpRequest& request) {
    if (request.method == "HEAD") {
      set(CURLOPT_NOBODY, 1L);
      return;
    }
    const bool has_body =
        !request.body.empty() || request.method == "PUT" || request.method == "POST";
    if (has_body) {
      set(CURLOPT_POST, 1L);
      set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      set(CURLOPT_POSTFIELDS, request.body.empty() ? "" : request.body.data());
    }
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }

  void set_headers(const HttpRequest& request) {
    lines_.clear();
    lines_.add("user-agent: dray");
    lines_.add("expect:");
    if (!request.headers.contains("accept")) lines_.add("accept:");
    if (!request.headers.contains("content-type")) lines_.add("content-type:");
    for (const auto& [name, value] : request.headers)
      value.empty() ? lines_.add(name, ";") : lines_.add(name, ": ", value);
    set(CURLOPT_HTTPHEADER, lines_.list());
  }

  // The first refusal counts: what libcurl was built without, or what it has no memory for.
  template <typename T>
  void set(CURLoption option, T value) {
    const CURLcode code = curl_easy_setopt(easy_, option, value);
    if (code != CURLE_OK && !refused_) refused_ = {option, code};
  }

  Error refusal(const HttpOptions& options, const HttpRequest& request) const {
    Error error = error_of(refused_->second, options, request);
    error.message += " (libcurl refuses option " + std::to_string(refused_->first) + ")";
    return error;
  }

  CURLcode transfer(const HttpOptions& options, const std::stop_token& stop) {
    progress_ = {};
    last_progress_ = Clock::now();
    while (true) {
      int running = 0;
      if (curl_multi_perform(multi_, &running) != CURLM_OK) return CURLE_OUT_OF_MEMORY;
      if (running == 0) return outcome();
      const auto idle = Clock::now() - last_progress_;
      if (stop.stop_requested() || options.stop.stop_requested()) end_ = End::stopped;
      if (idle > options.idle_timeout) end_ = End::idle;
      if (end_ != End::none) return CURLE_ABORTED_BY_CALLBACK;
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(options.idle_timeout - idle);
      const auto pause = std::clamp<std::int64_t>(left.count(), 1, 1000);
      curl_multi_poll(multi_, nullptr, 0, static_cast<int>(pause), nullptr);
    }
  }

  CURLcode outcome() {
    int left = 0;
    const CURLMsg* message = curl_multi_info_read(multi_, &left);
    DRAY_ASSERT(message != nullptr && message->msg == CURLMSG_DONE);
    return message->data.result;
  }

  Error error_of(CURLcode code, const HttpOptions& options, const HttpRequest& request) const {
    const std::string place = request.scheme + "://" + request.host;
    const std::string why = error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(code);
    switch (end_) {
      case End::stopped:
      case End::refused_by_sink:
        return cancelled_error();
      case End::idle:
        return transient_error(
            place + ": silent for " +
            std::to_string(std::chrono::ceil<std::chrono::seconds>(options.idle_timeout).count()) +
            " s");
      case End::too_large:
        return transient_error(place + ": the answer is larger than 64 MiB");
      case End::none:
        break;
    }
    switch (code) {
      case CURLE_COULDNT_RESOLVE_HOST:
        return transient_error(place + ": there is no such host, or the network is down (" + why +
                               "); check the endpoint and the region");
      case CURLE_COULDNT_RESOLVE_PROXY:
        return transient_error(place + ": the proxy is not found (" + why +
                               "); check https_proxy and http_proxy");
      case CURLE_URL_MALFORMAT:
        return config_error(place + ": is not an address (" + why +
                            "); write it like https://host:port");
      case CURLE_PEER_FAILED_VERIFICATION:
        return config_error(place + ": its certificate is not trusted (" + why +
                            "); name the file of the authority that signed it in AWS_CA_BUNDLE or "
                            "ca_file");
      case CURLE_SSL_CACERT_BADFILE:
        return config_error("the file of trusted certificates cannot be read (" + why +
                            "); check AWS_CA_BUNDLE and ca_file");
      case CURLE_SSL_CONNECT_ERROR:
        return transient_error(place + ": no TLS connection (" + why +
                               "); if the server speaks plain HTTP, write http://");
      default:
        return transient_error(place + ": " + why);
    }
  }

  static std::size_t on_header(const char* line, std::size_t, std::size_t size, void* self) {
    static_cast<Exchange*>(self)->take_header({line, size});
    return size;
  }

  void take_header(std::string_view line) {
    // Interim answers (100 Continue) come before the one that counts.
    if (line.starts_with("HTTP/")) {
      response_.headers = {};
      long status = 0;
      curl_easy_getinfo(easy_, CURLINFO_RESPONSE_CODE, &status);
      response_.status = static_cast<int>(status);
      return;
    }
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos) return;
    response_.headers.set(line.substr(0, colon), std::string(trimmed(line.substr(colon + 1))));
  }

  static std::size_t on_body(const char* bytes, std::size_t, std::size_t size, void* self) {
    return static_cast<Exchange*>(self)->take_body({bytes, size}) ? size : 0;
  }

  bool take_body(std::string_view bytes) {
    if (!to_sink_) to_sink_ = *takes_body_ && (*takes_body_)(response_);
    if (*to_sink_) {
      if (!(*sink_)(bytes)) end_ = End::refused_by_sink;
      // However long the sink took, the server was not idle meanwhile.
      last_progress_ = Clock::now();
      return end_ == End::none;
    }
    if (response_.body.size() + bytes.size() > HttpClient::body_bytes_max) end_ = End::too_large;
    if (end_ != End::none) return false;
    response_.body.append(bytes);
    return true;
  }

  static int on_progress(void* self, curl_off_t, curl_off_t received, curl_off_t, curl_off_t sent) {
    static_cast<Exchange*>(self)->note_progress({received, sent});
    return 0;
  }

  void note_progress(std::array<curl_off_t, 2> progress) {
    if (progress == progress_) return;
    progress_ = progress;
    last_progress_ = Clock::now();
  }

  CURLM* multi_;
  CURL* easy_;
  bool is_set_for_get_ = false;
  LineList lines_;
  HttpResponse response_;
  const HttpClient::TakesBody* takes_body_ = nullptr;
  const HttpClient::Sink* sink_ = nullptr;
  std::optional<bool> to_sink_;
  End end_ = End::none;
  std::optional<std::pair<CURLoption, CURLcode>> refused_;
  std::array<curl_off_t, 2> progress_{};
  Clock::time_point last_progress_;
  std::array<char, CURL_ERROR_SIZE> error_text_{};
};

}  // namespace

class HttpClient::Impl {
 public:
  explicit Impl(HttpOptions options) : options_(std::move(options)) { init_curl(); }

  Result<HttpResponse> receive(const HttpRequest& request, const TakesBody& takes_body,
                               const Sink& sink, const std::stop_token& stop) {
    std::unique_ptr<Exchange> exchange = take();
    const auto begun = std::chrono::steady_clock::now();
    auto response = exchange->run(options_, request, takes_body, sink, stop);
    if (response) give_back(std::move(exchange));
    if (options_.trace) tell(request, response, std::chrono::steady_clock::now() - begun);
    return response;
  }

  const HttpOptions& options() const { return options_; }

 private:
  void tell(const HttpRequest& request, const Result<HttpResponse>& response,
            std::chrono::steady_clock::duration took) const {
    const auto milliseconds = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
    options_.trace(request.method + " " + request.place() + ": " +
                   (response ? std::to_string(response->status) : response.error().message) + ", " +
                   std::to_string(milliseconds) + " ms");
  }

  // The one that was used last: its connection is the least likely to have been closed.
  std::unique_ptr<Exchange> take() {
    {
      const std::scoped_lock lock(mutex_);
      if (!idle_.empty()) {
        std::unique_ptr<Exchange> exchange = std::move(idle_.back());
        idle_.pop_back();
        return exchange;
      }
    }
    return std::make_unique<Exchange>();
  }

  void give_back(std::unique_ptr<Exchange> exchange) {
    const std::scoped_lock lock(mutex_);
    if (idle_.size() < idle_exchanges_max) idle_.push_back(std::move(exchange));
  }

  const HttpOptions options_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Exchange>> idle_;
};

HttpClient::HttpClient(HttpOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
HttpClient::~HttpClient() = default;

Result<HttpResponse> HttpClient::send(const HttpRequest& request) {
  return impl_->receive(request, {}, {}, {});
}

Result<HttpResponse> HttpClient::receive(const HttpRequest& request, const TakesBody& takes_body,
                                         const Sink& sink, const std::stop_token& stop) {
  return impl_->receive(request, takes_body, sink, stop);
}

const HttpOptions& HttpClient::options() const { return impl_->options(); }

}  // namespace dray
