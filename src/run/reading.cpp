#include "run/reading.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <thread>

#include "base/guarded.h"
#include "decode/event.h"
#include "decode/inflate.h"
#include "decode/lines.h"
#include "transform/transformer.h"

namespace dray {
namespace {

// One object while it is being read. Whoever holds the mutex reads the next chunk.
struct OpenObject {
  explicit OpenObject(std::size_t index) : number(static_cast<std::uint32_t>(index)) {}

  const std::uint32_t number;
  std::size_t workers = 0;  // that are at it; of Reading::open_mutex_
  std::mutex mutex;
  std::unique_ptr<ByteReader> bytes;   // opened before its turn, until the first worker takes it
  std::unique_ptr<LineReader> reader;  // null until then
  std::atomic<bool> at_end{false};     // read to its end, or failed
  bool failed = false;
  std::uint64_t bytes_reported = 0;
  std::uint64_t bytes_plain = 0;
  NoticeCounts notices;
  std::vector<Observation> observations;
};

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// What all workers share.
class Reading {
 public:
  Reading(std::vector<ReadObject>& objects, ObjectStore& store, Registry& registry,
          BlockStore& staged, const ReadingOptions& options, SyncProgress& progress,
          const std::stop_token& stop)
      : objects_(objects),
        store_(store),
        registry_(registry),
        staged_(staged),
        options_(options),
        progress_(progress),
        stop_(stop) {}

  Result<ReadTotals> run() {
    {
      std::vector<std::jthread> workers;
      for (unsigned i = 1; i < options_.threads; ++i)
        workers.emplace_back([this] { work(); });
      work();
    }
    if (failure_) return *std::move(failure_);
    return totals_;
  }

 private:
  friend class Worker;
  void work();

  // The next object nobody has begun, else one that is still being read, else nothing. Whoever gets
  // one leaves it at last.
  OpenObject* pick() {
    std::size_t fresh = 0;
    OpenObject* object = nullptr;
    {
      const std::scoped_lock lock(open_mutex_);
      if (next_ == objects_.size()) return join();
      fresh = next_++;
      object = &opened(fresh);
      ++object->workers;
    }
    open_ahead(fresh);
    return object;
  }

  // Called with open_mutex_ held.
  OpenObject* join() {
    for (const auto& [number, object] : open_) {
      if (object->at_end) continue;
      ++object->workers;
      return object.get();
    }
    return nullptr;
  }

  // Called with open_mutex_ held.
  OpenObject& opened(std::size_t number) {
    auto& object = open_[number];
    if (!object) object = std::make_unique<OpenObject>(number);
    return *object;
  }

  // What was seen in an object counts once nobody is at it any more, if it was read to its end.
  void leave(OpenObject& object) {
    std::unique_ptr<OpenObject> done;
    {
      const std::scoped_lock lock(open_mutex_);
      if (--object.workers > 0 || !object.at_end) return;
      done = std::move(open_.extract(object.number).mapped());
      totals_.bytes_plain += done->bytes_plain;
      if (!done->failed) add_notices(*done);
    }
    if (!done->failed) registry_.observe(done->observations);
  }

  void add_notices(const OpenObject& object) {
    for (std::size_t i = 0; i < notice_code_count; ++i) {
      if (object.notices.counts[i] == 0) continue;
      ReadTotals::Found& found = totals_.notices[i];
      found.count += object.notices.counts[i];
      if (object.number > found.first_object) continue;
      found.first_object = object.number;
      found.first_line = object.notices.first_lines[i];
      if (static_cast<NoticeCode>(i) == NoticeCode::shared_column)
        totals_.first_shared = object.notices.first_shared;
    }
  }

  // The objects behind this one, so that their bytes are on the way while others are read. One that
  // does not open is tried again, and told of, when its turn comes.
  void open_ahead(std::size_t fresh) {
    const std::size_t ahead_max = store_.open_ahead_max();
    if (ahead_max == 0) return;
    const std::scoped_lock ahead_lock(ahead_mutex_);
    const std::size_t end = std::min(objects_.size(), fresh + 1 + ahead_max);
    for (ahead_ = std::max(ahead_, fresh + 1); ahead_ < end; ++ahead_) {
      OpenObject* const object = not_begun(ahead_);
      if (object == nullptr) continue;
      {
        const std::scoped_lock lock(object->mutex);
        if (!object->reader && !object->at_end) {
          auto bytes = store_.open(objects_[ahead_].info);
          if (bytes) object->bytes = std::move(*bytes);
        }
      }
      leave(*object);
    }
  }

  // That object, held; nothing if its turn has come.
  OpenObject* not_begun(std::size_t number) {
    const std::scoped_lock lock(open_mutex_);
    if (number < next_) return nullptr;
    OpenObject& object = opened(number);
    ++object.workers;
    return &object;
  }

  Result<std::unique_ptr<ByteReader>> open(OpenObject& object) {
    if (object.bytes) return std::move(object.bytes);
    return store_.open(objects_[object.number].info);
  }

  // The next chunk of `object`; false when there is none.
  bool next_chunk(OpenObject& object, LineChunk& chunk) {
    const std::scoped_lock lock(object.mutex);
    if (object.at_end) return false;
    ReadObject& out = objects_[object.number];
    if (!object.reader) {
      auto bytes = open(object);
      if (!bytes) return set_aside(object, bytes.error());
      LineLimits limits;
      limits.line_bytes_max = options_.line_bytes_max;
      object.reader = std::make_unique<LineReader>(
          open_inflate(std::move(bytes).value(), out.info.encoding), limits);
    }
    const Result<bool> more = object.reader->next(chunk);
    if (!more) return set_aside(object, more.error());
    const std::uint64_t consumed = object.reader->bytes_consumed();
    progress_.bytes_done += consumed - object.bytes_reported;
    object.bytes_reported = consumed;
    if (!*more) {
      object.at_end = true;
      out.shape = shape_of(object.reader->head());
      object.reader.reset();
      ++progress_.objects_done;
    }
    return true;
  }

  bool set_aside(OpenObject& object, const Error& error) {
    object.failed = true;
    object.at_end = true;
    object.reader.reset();
    objects_[object.number].set_aside_reason = error.message;
    ++progress_.objects_done;
    return false;
  }

  void fail(Error error) {
    const std::scoped_lock lock(failure_mutex_);
    if (!failure_) failure_ = std::move(error);
    stopping_ = true;
  }

  bool should_stop() {
    if (stop_.stop_requested()) fail(cancelled_error());
    return stopping_;
  }

  std::vector<ReadObject>& objects_;
  ObjectStore& store_;
  Registry& registry_;
  BlockStore& staged_;
  const ReadingOptions& options_;
  SyncProgress& progress_;
  const std::stop_token& stop_;
  std::mutex open_mutex_;
  // The objects that are begun or opened ahead, and not left by all yet, by number.
  std::map<std::size_t, std::unique_ptr<OpenObject>> open_;
  std::size_t next_ = 0;  // that nobody has begun
  ReadTotals totals_;     // of those that were left
  std::mutex ahead_mutex_;
  std::size_t ahead_ = 0;  // objects before this one were opened ahead, or had their turn
  std::atomic<bool> stopping_{false};
  std::mutex failure_mutex_;
  std::optional<Error> failure_;
};

// One worker's limits. What a path takes: its node, its key, and two texts.
TransformLimits transform_limits(const ReadingOptions& options) {
  constexpr std::size_t path_bytes = 256;  // of a usual one
  TransformLimits limits;
  limits.paths_max = std::clamp<std::size_t>(options.paths_bytes_max / options.threads / path_bytes,
                                             1'000, limits.paths_max);
  return limits;
}

class Worker {
 public:
  explicit Worker(Reading& reading)
      : reading_(reading),
        transformer_(reading.registry_, reading.options_.check_seed,
                     transform_limits(reading.options_)) {}

  Result<void> run() {
    while (OpenObject* object = reading_.pick()) {
      DRAY_TRY(read(*object));
      reading_.leave(*object);
      if (reading_.should_stop()) return {};
    }
    return stage(transformer_.take_all_batches());
  }

 private:
  Result<void> read(OpenObject& object) {
    transformer_.begin_object(object.number);
    while (!reading_.should_stop() && reading_.next_chunk(object, chunk_)) {
      counts_ = {};
      notices_ = {};
      transform(object.number);
      tell(object);
      DRAY_TRY(stage(transformer_.take_full_batches()));
      if (transformer_.pending_bytes() >
          reading_.options_.batches_bytes_max / reading_.options_.threads) {
        DRAY_TRY(stage(transformer_.take_all_batches()));
      }
    }
    const std::scoped_lock lock(object.mutex);
    transformer_.end_object(object.at_end && !object.failed);
    return {};
  }

  void tell(OpenObject& object) {
    const std::vector<Observation> observations = transformer_.take_observations();
    const std::scoped_lock lock(object.mutex);
    ReadObject& out = reading_.objects_[object.number];
    out.counts += counts_;
    object.notices += notices_;
    object.bytes_plain += chunk_.size_bytes;
    for (const OversizeLine& line : chunk_.oversize)
      object.bytes_plain += line.size_bytes;
    object.observations.insert(object.observations.end(), observations.begin(), observations.end());
    reading_.progress_.lines += counts_.lines;
  }

  Result<void> stage(std::vector<RowBatch> batches) {
    for (RowBatch& batch : batches)
      DRAY_TRY(reading_.staged_.add(std::move(batch)));
    return {};
  }

  void transform(std::uint32_t object) {
    const auto* only = reading_.objects_[object].only_lines;
    const auto wanted = [&](std::uint64_t line) { return only == nullptr || only->contains(line); };
    std::uint64_t number = chunk_.first_line;
    const std::string_view text = chunk_.text();
    std::size_t begin = 0;
    for (const std::size_t end : chunk_.line_ends) {
      if (wanted(number)) add_line(text.substr(begin, end - begin), number);
      begin = end + 1;
      ++number;
    }
    for (const OversizeLine& line : chunk_.oversize) {
      if (!wanted(line.line)) continue;
      ++counts_.lines;
      reject(line.line, RejectReason::line_too_long, std::to_string(line.size_bytes) + " bytes",
             {});
    }
  }

  void add_line(std::string_view line, std::uint64_t number) {
    if (line.empty()) return;
    if (line.front() != '{') {
      // One of UTF-8, where files were put one behind the other.
      constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
      if (line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
      if (is_blank(line)) return;
    }
    ++counts_.lines;
    notices_.line = static_cast<std::uint32_t>(number);
    arena_.clear();
    const JsonError error = document_.parse(line);
    if (error != JsonError::none) {
      return reject(number, reject_reason(error), describe(error), line);
    }
    const Decoded decoded =
        decode_event(document_, line, reading_.options_.warehouse_id, arena_, notices_);
    if (const auto* reason = std::get_if<RejectReason>(&decoded)) {
      return reject(number, *reason, explain(*reason), line);
    }
    if (std::holds_alternative<Filtered>(decoded)) {
      ++counts_.filtered;
      return;
    }
    const auto refused = transformer_.add(document_, std::get<Event>(decoded),
                                          static_cast<std::uint32_t>(number), notices_);
    if (refused) reject(number, *refused, explain(*refused), line);
  }

  std::string describe(JsonError error) const {
    std::string text(to_string(error));
    if (error == JsonError::grammar) {
      text += " at byte " + std::to_string(document_.error_offset() + 1);
    }
    return text;
  }

  void reject(std::uint64_t line, RejectReason reason, std::string_view detail,
              std::string_view text) {
    ++counts_.rejected;
    transformer_.reject(static_cast<std::uint32_t>(line), reason, detail, text);
  }

  Reading& reading_;
  Transformer transformer_;
  JsonDocument document_;
  Arena arena_;
  LineChunk chunk_;
  LineCounts counts_;  // of the chunk at hand
  NoticeCounts notices_;
};

void Reading::work() {
  auto outcome = guarded([&] { return Worker(*this).run(); });
  if (!outcome) fail(std::move(outcome).error());
}

}  // namespace

Result<ReadTotals> read_objects(std::vector<ReadObject>& objects, ObjectStore& store,
                                Registry& registry, BlockStore& staged,
                                const ReadingOptions& options, SyncProgress& progress,
                                const std::stop_token& stop) {
  return Reading(objects, store, registry, staged, options, progress, stop).run();
}

}  // namespace dray
