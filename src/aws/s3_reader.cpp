#include <algorithm>
#include <charconv>
#include <condition_variable>
#include <cstring>
#include <mutex>

#include "aws/digest.h"
#include "aws/s3_call.h"

namespace dray {
namespace {

// So much progress between two failures makes the later one count as the first of a new row: a
// server that gives a few bytes and hangs up is not to be asked for ever.
constexpr std::uint64_t progress_bytes_least = 64U << 10;

std::optional<std::uint64_t> number_in(std::string_view text) {
  std::uint64_t value = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
  if (read.ec != std::errc{} || read.ptr != text.data() + text.size()) return std::nullopt;
  return value;
}

// What is handed over at a time, at least, unless it is the rest: to wake a thread costs more than
// to wait for a few packets more.
constexpr std::size_t handover_bytes = 64U << 10;

// Between the thread that receives and the one that reads: what came is taken as a whole.
class Channel {
 public:
  explicit Channel(std::size_t bytes_max)
      : bytes_max_(bytes_max), handover_bytes_(std::min(bytes_max, handover_bytes)) {}

  // So many will come; nothing is moved then.
  void expect(std::uint64_t bytes) {
    const std::scoped_lock lock(mutex_);
    bytes_.reserve(static_cast<std::size_t>(std::min<std::uint64_t>(bytes, 2 * handover_bytes_)));
  }

  // Waits until there is room; false when nobody wants it any more.
  bool put(std::string_view bytes) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return bytes_.size() < bytes_max_ || abandoned_; });
    if (abandoned_) return false;
    bytes_.append(bytes);
    if (is_worth_a_wake()) changed_.notify_all();
    return true;
  }

  void abandon() {
    const std::scoped_lock lock(mutex_);
    abandoned_ = true;
    changed_.notify_all();
  }

  // Nothing is touched any more once the lock is free: the reader may end then.
  void close(Result<void> outcome) {
    const std::scoped_lock lock(mutex_);
    outcome_ = std::move(outcome);
    changed_.notify_all();
  }

  void wait_until_closed() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return outcome_.has_value(); });
  }

  // Everything that has come, in exchange for the empty `taken`; nothing at the end.
  Result<void> take(std::string& taken) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return is_worth_a_wake() || outcome_; });
    if (bytes_.empty()) return *outcome_;
    bytes_.swap(taken);
    changed_.notify_all();
    return {};
  }

 private:
  bool is_worth_a_wake() const { return bytes_.size() >= handover_bytes_; }

  const std::size_t bytes_max_;
  const std::size_t handover_bytes_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool abandoned_ = false;
  std::string bytes_;
  std::optional<Result<void>> outcome_;
};

// One object on its way, over as many connections as it takes.
class Download {
 public:
  Download(S3Client::Impl& client, S3GetRequest request, Channel& channel)
      : client_(client), request_(std::move(request)), channel_(channel) {}

  Result<void> run(const std::stop_token& stop) {
    S3Call call;
    call.method = "GET";
    call.operation = {"read", "s3:GetObject", request_.bucket, request_.key, {}};
    call.headers.set("x-amz-checksum-mode", "ENABLED");
    call.stop = stop;
    call.before_try = [this](HttpHeaders& headers) { ask(headers); };
    call.takes_body = [this](const HttpResponse& head) { return begin(head); };
    call.sink = [this](std::string_view bytes) { return !failure_ && take(bytes); };
    auto response = client_.answer_to(call, tries_);
    if (failure_) return *failure_;
    if (!response) {
      if (response.error().cause == Cause::cancelled) return response.error();
      return std::move(response).error().within(call.operation.uri());
    }
    if (response->status != 200 && response->status != 206) {
      return explain(read_refusal(*response), call.operation);
    }
    // An empty body never asked where it should go.
    if (!total_) begin(*response);
    return finish();
  }

 private:
  void ask(HttpHeaders& headers) const {
    if (offset_ > 0) headers.set("range", "bytes=" + std::to_string(offset_) + '-');
    if (!request_.etag.empty()) headers.set("if-match", '"' + request_.etag + '"');
  }

  bool begin(const HttpResponse& head) {
    if (head.status != 200 && head.status != 206) return false;
    // Not every server heeds if-match.
    if (!is_wanted(head.headers.find("etag"))) {
      failure_ = bad_data_error("changed since it was listed");
    } else if (!total_) {
      begin_first(head);
    } else if (head.status != 206 || !continues(head.headers.find("content-range"))) {
      failure_ = transient_error("the connection broke at byte " + std::to_string(offset_) +
                                 ", and the server does not give the rest by itself");
    }
    return true;
  }

  // A proxy that packs what it passes on makes the same ETag a weak one.
  bool is_wanted(std::string_view etag) const {
    if (etag.starts_with("W/")) etag.remove_prefix(2);
    return etag.empty() || request_.etag.empty() || plain_etag(etag) == request_.etag;
  }

  void begin_first(const HttpResponse& head) {
    total_ = number_in(head.headers.find("content-length"));
    if (request_.etag.empty()) request_.etag = plain_etag(head.headers.find("etag"));
    if (request_.size_bytes && total_ && *total_ != *request_.size_bytes) {
      failure_ = bad_data_error("changed since it was listed");
    }
    if (!total_) total_ = request_.size_bytes;
    if (total_) channel_.expect(*total_);
    for (const std::string_view header :
         {"x-amz-checksum-crc64nvme", "x-amz-checksum-crc32c", "x-amz-checksum-crc32",
          "x-amz-checksum-sha256", "x-amz-checksum-sha1"}) {
      const std::string_view value = head.headers.find(header);
      // "…-3" is a checksum of three parts' checksums.
      if (value.empty() || value.find('-') != std::string_view::npos) continue;
      const std::string_view name = header.substr(std::string_view("x-amz-checksum-").size());
      checksum_name_ = name;
      checksum_wanted_ = value;
      checksum_ = make_checksum(name);
      return;
    }
  }

  // "bytes 100-199/200": from where we are, and of the same size as before.
  bool continues(std::string_view range) const {
    const std::string begin = "bytes " + std::to_string(offset_) + '-';
    const std::size_t slash = range.find('/');
    if (!range.starts_with(begin) || slash == std::string_view::npos) return false;
    return number_in(range.substr(slash + 1)) == total_;
  }

  bool take(std::string_view bytes) {
    if (total_ && bytes.size() > *total_ - offset_) {
      failure_ = bad_data_error("changed since it was listed");
      return false;
    }
    if (checksum_) checksum_->add(bytes);
    offset_ += bytes.size();
    if (offset_ - offset_at_progress_ >= progress_bytes_least) {
      offset_at_progress_ = offset_;
      tries_.failures = 0;
    }
    return channel_.put(bytes);
  }

  Result<void> finish() {
    if (total_ && offset_ != *total_) {
      return transient_error("ended after " + std::to_string(offset_) + " of " +
                             std::to_string(*total_) + " bytes");
    }
    if (checksum_ && checksum_->finish() != checksum_wanted_) {
      return transient_error("arrived damaged: its " + checksum_name_ +
                             " is not what the server says");
    }
    return {};
  }

  S3Client::Impl& client_;
  S3GetRequest request_;
  Channel& channel_;
  S3Tries tries_;
  std::uint64_t offset_ = 0;
  std::uint64_t offset_at_progress_ = 0;
  std::optional<std::uint64_t> total_;
  std::optional<Error> failure_;  // of ours, where the server found nothing wrong
  std::string checksum_name_;
  std::string checksum_wanted_;
  std::unique_ptr<Checksum> checksum_;
};

class S3Reader final : public ByteReader {
 public:
  S3Reader(std::shared_ptr<S3Client::Impl> client, S3GetRequest request)
      : client_(std::move(client)),
        channel_(request.buffer_bytes_max),
        // Whoever stops everything stops this too.
        stop_all_(client_->options().http.stop, [this] { stop(); }) {
    client_->threads().run([this, request = std::move(request)]() mutable {
      Download download(*client_, std::move(request), channel_);
      channel_.close(download.run(stop_.get_token()));
    });
  }

  ~S3Reader() override {
    stop();
    channel_.wait_until_closed();
  }

  Result<std::size_t> read(std::span<std::byte> buffer) override {
    if (at_ == bytes_.size()) {
      bytes_.clear();
      at_ = 0;
      DRAY_TRY(channel_.take(bytes_));
    }
    const std::size_t count = std::min(buffer.size(), bytes_.size() - at_);
    if (count > 0) std::memcpy(buffer.data(), bytes_.data() + at_, count);
    at_ += count;
    return count;
  }

 private:
  void stop() {
    stop_.request_stop();
    channel_.abandon();
  }

  const std::shared_ptr<S3Client::Impl> client_;
  Channel channel_;
  std::string bytes_;
  std::size_t at_ = 0;
  std::stop_source stop_;
  std::stop_callback<std::function<void()>> stop_all_;
};

}  // namespace

std::unique_ptr<ByteReader> read_object(std::shared_ptr<S3Client::Impl> client,
                                        S3GetRequest request) {
  return std::make_unique<S3Reader>(std::move(client), std::move(request));
}

}  // namespace dray
