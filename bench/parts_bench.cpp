// From raw objects to compressed CSV parts, on one core, against a roofline measured in the same
// run: a bare loop that inflates, parses every value with simdjson, writes one text row per event
// and compresses it. Both check what they made before they report a time.
//
// The events are the shipped sample's, which real SDKs wrote, copied with other messageIds; the
// copies lie further apart than zstd's window at level 1 reaches.
#include <benchmark/benchmark.h>
#include <simdjson.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <span>
#include <sstream>

#include "decode/inflate.h"
#include "decode/lines.h"
#include "run/reading.h"
#include "source/directory.h"
#include "source/memory.h"
#include "stage/duplicates.h"
#include "stage/parts.h"

namespace dray {
namespace {

constexpr int copies = 12;

struct Sample {
  MemoryStore store;
  std::vector<ObjectInfo> objects;
};

std::string gzip(const std::string& text) {
  z_stream stream{};
  deflateInit2(&stream, 6, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
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

Sample& sample() {
  static Sample made;
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
  made.objects = made.store.list().value().objects;
  return made;
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
    default: {
      const std::string text = simdjson::minify(value);
      row.append(text);
      row.append(',');
    }
  }
}

void Roofline(benchmark::State& state) {
  Sample& from = sample();
  simdjson::dom::parser parser;
  std::vector<char> compressed(ZSTD_compressBound(1U << 20));
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    for (const ObjectInfo& object : from.objects) {
      LineReader reader(open_inflate(from.store.open(object).value(), object.encoding), {});
      LineChunk chunk;
      ByteBuffer rows;
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
          benchmark::DoNotOptimize(
              ZSTD_compress(compressed.data(), compressed.size(), piece.data(), piece.size(), 1));
        }
      }
    }
  }
  if (lines != state.iterations() * 3'712ULL * copies) state.SkipWithError("lines are missing");
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(static_cast<std::int64_t>(lines));
}
BENCHMARK(Roofline)->Unit(benchmark::kMillisecond)->MinWarmUpTime(0.2);

TableLoad load_of(const std::string& table, const std::map<Slot, LoadColumn>& columns) {
  TableLoad load;
  load.table = table;
  for (const StandardColumn standard :
       {StandardColumn::received_at, StandardColumn::uuid, StandardColumn::uuid_ts}) {
    LoadColumn column{
        std::string(facts(standard).name), facts(standard).type, true, {}, standard, 0};
    load.columns.push_back(column);
  }
  for (const auto& [slot, column] : columns)
    load.columns.push_back(column);
  load.value_rejects = [](const ValueReject&) {};
  return load;
}

// Parts of every table, `tracks` included; returns the rows written.
Result<std::uint64_t> write_all(const Registry& registry, const BlockStore& staged,
                                const std::vector<bool>& unusable) {
  std::uint64_t rows = 0;
  std::vector<BlockStore::Part> track_parts;
  std::map<Slot, LoadColumn> track_columns;
  const PartSink sink = [](std::string_view bytes) -> Result<void> {
    benchmark::DoNotOptimize(bytes.data());
    return {};
  };
  const auto write = [&](TableLoad load,
                         const std::vector<BlockStore::Part>& parts) -> Result<void> {
    const auto view = staged.view(parts);
    DRAY_TRY(drop_duplicates(*view, unusable));
    load.rows = view.get();
    DRAY_ASSIGN(const PartsWritten written, write_parts(load, {}, sink));
    rows += written.rows;
    return {};
  };
  for (const Registry::TableSeen& seen : registry.tables()) {
    std::map<Slot, LoadColumn> columns;
    for (const Registry::ColumnSeen& column : seen.columns) {
      columns[column.slot] = {column.name, narrowest_type(column.bits), true, {}, {}, column.slot};
      const bool shared = column.slot < property_slot_first || column.slot >= context_slot_first;
      if (seen.type == EventType::track && shared) {
        track_columns[column.slot] = columns[column.slot];
        track_columns[column.slot].type = ColumnType::varchar;
      }
    }
    if (seen.type == EventType::track) track_parts.push_back({seen.number, seen.event});
    DRAY_TRY(write(load_of(seen.name, columns), {{seen.number, seen.event}}));
  }
  DRAY_TRY(write(load_of("tracks", track_columns), track_parts));
  return rows;
}

void RawToParts(benchmark::State& state) {
  Sample& from = sample();
  std::uint64_t lines = 0;
  std::uint64_t bytes = 0;
  for (auto _ : state) {
    std::vector<ReadObject> objects;
    for (const ObjectInfo& object : from.objects) {
      objects.emplace_back();
      objects.back().info = object;
    }
    Registry registry;
    BlockStore staged({1U << 30, "/tmp"});
    SyncProgress progress;
    const auto read = read_objects(objects, from.store, registry, staged, {}, progress, {});
    const auto rows = write_all(registry, staged, std::vector<bool>(objects.size()));
    // What a clean load of the sample gives, every copy.
    constexpr std::uint64_t rows_expected = copies * (1492ULL + 1722 + 1722 + 244 + 124 + 58 + 10);
    if (!read || !rows || *rows != rows_expected) {
      state.SkipWithError("the rows are not those of the sample");
      return;
    }
    for (const ReadObject& object : objects) {
      lines += object.counts.lines;
      bytes += object.bytes_plain;
    }
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(static_cast<std::int64_t>(lines));
}
BENCHMARK(RawToParts)->Unit(benchmark::kMillisecond)->MinWarmUpTime(0.2);

}  // namespace
}  // namespace dray
