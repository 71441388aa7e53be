// From raw objects to compressed CSV parts: on one core, against a roofline measured in the same
// run (a bare loop that inflates, parses every value with simdjson, writes one text row per event
// and compresses it); on two cores; and with a thousand kinds of events. All check what they made
// before they report a time.
//
// The sample's events are those shipped, which real SDKs wrote, copied with other messageIds; the
// copies lie further apart than zstd's window at level 1 reaches.
#include <benchmark/benchmark.h>
#include <simdjson.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <span>
#include <sstream>
#include <thread>

#include "decode/inflate.h"
#include "decode/lines.h"
#include "gen/generator.h"
#include "run/reading.h"
#include "source/directory.h"
#include "source/memory.h"
#include "stage/duplicates.h"
#include "stage/parts.h"
#include "staged_tables.h"

namespace dray {
namespace {

constexpr int copies = 12;

struct Corpus {
  MemoryStore store;
  std::vector<ObjectInfo> objects;
  std::uint64_t lines = 0;
  std::uint64_t rows = 0;  // of all tables, `tracks` too
};

std::string gzip(const std::string& text, int level = 6) {
  z_stream stream{};
  deflateInit2(&stream, level, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, text.size()) + 64, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
  stream.avail_in = static_cast<uInt>(text.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

std::string plain(const std::string& bytes) {
  const auto stream = open_inflate(read_memory(bytes), Encoding::gzip);
  std::string text(16U << 20, '\0');
  text.resize(stream->read(std::as_writable_bytes(std::span(text))).value());
  return text;
}

// The same events with ids of their own.
std::string copy_of(const std::string& text, int copy) {
  constexpr std::string_view key = "\"messageId\":\"";
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t next = std::min(text.find(key, at), text.size());
    out.append(text, at, next - at);
    at = next;
    if (next == text.size()) break;
    out.append(key).append(std::to_string(copy)).append("-");
    at += key.size();
  }
  return out;
}

Corpus& sample() {
  static Corpus made;
  if (!made.objects.empty()) return made;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(
           DRAY_SOURCE_DIR "/examples/shop-logs/segment-logs/kWebShop01")) {
    if (entry.path().extension() == ".gz") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  for (int copy = 0; copy < copies; ++copy) {
    for (const auto& file : files) {
      std::ifstream in(file, std::ios::binary);
      std::ostringstream bytes;
      bytes << in.rdbuf();
      made.store.add(std::to_string(100 + copy) + "/" + file.filename().string(),
                     gzip(copy_of(plain(bytes.str()), copy)));
    }
  }
  made.objects = made.store.list({}).value().objects;
  // What a clean load of the sample gives, every copy.
  made.lines = copies * 3'712ULL;
  made.rows = copies * (1492ULL + 1722 + 1722 + 244 + 124 + 58 + 10);
  return made;
}

// 20,000 track events of 100 properties each, of as many kinds: about 79 MB whatever the kinds.
Corpus& wide(std::uint32_t kinds) {
  static std::map<std::uint32_t, Corpus> all;
  Corpus& made = all[kinds];
  if (!made.objects.empty()) return made;
  gen::Options options;
  options.events = 20'000;
  options.kinds = kinds;
  options.width = 100;
  options.mix = {1, 0, 0, 0, 0, 0};
  const gen::Generator generator(options);
  gen::Counts counts;
  constexpr std::uint64_t events_per_object = 2'500;
  for (std::uint64_t index = 0; index < options.events;) {
    std::string text;
    for (std::uint64_t end = index + events_per_object; index < end; ++index)
      generator.append(index, text, counts);
    made.store.add(std::to_string(1'000'000 + index) + ".gz", gzip(text, 1));
  }
  made.objects = made.store.list({}).value().objects;
  made.lines = options.events;
  made.rows = options.events * 2;
  return made;
}

// Numbers and words at their most compact, straight into the row.
template <typename T>
void append_number(T value, ByteBuffer& row) {
  constexpr std::size_t number_bytes_max = 32;
  char* const begin = row.extend(number_bytes_max);
  char* const end = std::to_chars(begin, begin + number_bytes_max, value).ptr;
  row.truncate(static_cast<std::size_t>(end - row.data()));
}

void append_value(simdjson::dom::element value, ByteBuffer& row) {
  switch (value.type()) {
    case simdjson::dom::element_type::OBJECT:
      for (const auto field : simdjson::dom::object(value))
        append_value(field.value, row);
      return;
    case simdjson::dom::element_type::ARRAY:
      for (const auto item : simdjson::dom::array(value))
        append_value(item, row);
      return;
    case simdjson::dom::element_type::STRING:
      row.append('"');
      row.append(std::string_view(value));
      row.append("\",");
      return;
    case simdjson::dom::element_type::INT64:
      append_number(std::int64_t(value), row);
      break;
    case simdjson::dom::element_type::UINT64:
      append_number(std::uint64_t(value), row);
      break;
    case simdjson::dom::element_type::DOUBLE:
      append_number(double(value), row);
      break;
    case simdjson::dom::element_type::BOOL:
      row.append(bool(value) ? 't' : 'f');
      break;
    case simdjson::dom::element_type::NULL_VALUE:
      break;
  }
  row.append(',');
}

void Roofline(benchmark::State& state) {
  Corpus& from = sample();
  simdjson::dom::parser parser;
  LineChunk chunk;
  ByteBuffer rows;
  std::vector<char> compressed(ZSTD_compressBound(1U << 20));
  const std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context(ZSTD_createCCtx(),
                                                                     &ZSTD_freeCCtx);
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    for (const ObjectInfo& object : from.objects) {
      LineReader reader(open_inflate(from.store.open(object).value(), object.encoding), {});
      while (reader.next(chunk).value()) {
        rows.clear();
        for (std::size_t begin = 0; begin < chunk.size_bytes;) {
          const std::size_t end = chunk.text().find('\n', begin);
          simdjson::dom::element root;
          if (parser.parse(chunk.buffer.data() + begin, end - begin, false).get(root) ==
              simdjson::SUCCESS) {
            append_value(root, rows);
            rows.append('\n');
          }
          ++lines;
          begin = end + 1;
        }
        bytes += chunk.size_bytes;
        for (std::size_t at = 0; at < rows.size(); at += 1U << 20) {
          const auto piece = rows.view().substr(at, 1U << 20);
          benchmark::DoNotOptimize(ZSTD_compressCCtx(
              context.get(), compressed.data(), compressed.size(), piece.data(), piece.size(), 1));
        }
      }
    }
  }
  if (lines != state.iterations() * from.lines) state.SkipWithError("lines are missing");
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(static_cast<std::int64_t>(lines));
}
BENCHMARK(Roofline)->Unit(benchmark::kMillisecond)->MinWarmUpTime(0.2);

Result<std::uint64_t> write(TableToWrite& table, const BlockStore& staged,
                            const std::vector<bool>& unusable, PartWriter& writer) {
  const auto view = staged.view(table.parts);
  DRAY_TRY(drop_duplicates(*view, unusable));
  table.load.rows = view.get();
  const PartSink sink = [](const FinishedPart& part) -> Result<void> {
    benchmark::DoNotOptimize(part.bytes.data());
    return {};
  };
  DRAY_ASSIGN(const PartsWritten written, writer.write(table.load, table.load, sink));
  return written.rows;
}

// Returns the rows written, or nothing when something failed.
std::optional<std::uint64_t> write_all(const Registry& registry, const BlockStore& staged,
                                       const std::vector<bool>& unusable, unsigned threads) {
  std::vector<TableToWrite> tables = tables_of(registry, staged);
  std::atomic<std::size_t> next{0};
  std::atomic<std::uint64_t> rows{0};
  std::atomic<bool> failed{false};
  const auto work = [&] {
    PartWriter writer({});
    for (std::size_t at = next++; at < tables.size(); at = next++) {
      const auto written = write(tables[at], staged, unusable, writer);
      if (!written) {
        failed = true;
      } else {
        rows += *written;
      }
    }
  };
  {
    std::vector<std::jthread> others;
    for (unsigned i = 1; i < threads; ++i)
      others.emplace_back(work);
    work();
  }
  if (failed) return std::nullopt;
  return rows.load();
}

enum class Until { staged, parts };

// One pass over the corpus; false when the answer is wrong.
bool pass(Corpus& from, unsigned threads, Until until, std::uint64_t& bytes) {
  std::vector<ReadObject> objects;
  for (const ObjectInfo& info : from.objects) {
    objects.emplace_back();
    objects.back().info = info;
  }
  Registry registry;
  BlockStore staged({1U << 30, "/tmp"});
  SyncProgress progress;
  ReadingOptions options;
  options.threads = threads;
  const auto totals = read_objects(objects, from.store, registry, staged, options, progress, {});
  if (!totals) return false;
  bytes += totals->bytes_plain;
  std::uint64_t lines = 0;
  for (const ReadObject& object : objects)
    lines += object.counts.lines;
  if (lines != from.lines || until == Until::staged) return lines == from.lines;
  return write_all(registry, staged, std::vector<bool>(objects.size()), threads) == from.rows;
}

void run_passes(benchmark::State& state, Corpus& from, unsigned threads, Until until) {
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    if (!pass(from, threads, until, bytes)) {
      state.SkipWithError("the rows are not those of the events");
      return;
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(static_cast<std::int64_t>(from.lines * state.iterations()));
}

void RawToParts(benchmark::State& state) { run_passes(state, sample(), 1, Until::parts); }
BENCHMARK(RawToParts)->Unit(benchmark::kMillisecond)->MinWarmUpTime(0.2);

// With 1 and 2 threads, by the clock on the wall; the processor time is that of all threads.
void ThreadsToStaged(benchmark::State& state) {
  run_passes(state, sample(), static_cast<unsigned>(state.range(0)), Until::staged);
}
void ThreadsToParts(benchmark::State& state) {
  run_passes(state, sample(), static_cast<unsigned>(state.range(0)), Until::parts);
}
#define DRAY_THREADS_BENCHMARK(name)  \
  BENCHMARK(name)                     \
      ->Arg(1)                        \
      ->Arg(2)                        \
      ->Unit(benchmark::kMillisecond) \
      ->MinWarmUpTime(0.2)            \
      ->MeasureProcessCPUTime()       \
      ->UseRealTime()
DRAY_THREADS_BENCHMARK(ThreadsToStaged);
DRAY_THREADS_BENCHMARK(ThreadsToParts);

// 1,000 kinds of events against 20, each of 100 properties: the same bytes in many more tables and
// columns.
void KindsToParts(benchmark::State& state) {
  run_passes(state, wide(static_cast<std::uint32_t>(state.range(0))), 1, Until::parts);
}
void KindsToStaged(benchmark::State& state) {
  run_passes(state, wide(static_cast<std::uint32_t>(state.range(0))), 1, Until::staged);
}
BENCHMARK(KindsToStaged)->Arg(20)->Arg(1000)->Unit(benchmark::kMillisecond)->MinWarmUpTime(0.2);
BENCHMARK(KindsToParts)->Arg(20)->Arg(1000)->Unit(benchmark::kMillisecond)->MinWarmUpTime(0.2);

}  // namespace
}  // namespace dray
