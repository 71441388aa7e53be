// From raw objects to staged parts, as a sync into Redshift does it before it speaks to the
// cluster: list, read, transform, find duplicates, write each table's files. Both ends may be
// directories or places in S3; bench/run.py holds the one against the other.
//
//   stage_parts SOURCE TARGET THREADS
//
// SOURCE is a directory or s3://bucket/prefix, TARGET a directory or s3://bucket/prefix. AWS's own
// environment variables say how S3 is reached. Prints what was written, as JSON.
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <span>
#include <thread>

#include "aws/credentials.h"
#include "aws/environment.h"
#include "aws/s3.h"
#include "base/json_writer.h"
#include "load/redshift_options.h"
#include "load/staging_area.h"
#include "run/reading.h"
#include "source/directory.h"
#include "source/s3.h"
#include "stage/duplicates.h"
#include "staged_tables.h"

namespace dray {
namespace {

struct Written {
  std::size_t objects = 0;
  std::uint64_t lines = 0;
  std::uint64_t rows = 0;
  std::uint64_t parts = 0;
  std::chrono::duration<double> reading{};
};

// Writes the files of one table; the number tells tables apart.
using TableSink = std::function<Result<StagedTable>(const RowsToLoad& load, std::size_t number)>;

Result<void> write_file(const std::string& path, std::string_view bytes) {
  std::ofstream file(path, std::ios::binary);
  file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  file.close();
  if (!file) return config_error("cannot write " + path);
  return {};
}

// What StagingArea does, into files.
Result<StagedTable> write_to_directory(const std::string& root, const RowsToLoad& load,
                                       std::size_t number) {
  StagedTable staged;
  staged.folder = root + "/" + std::to_string(number) + "/";
  staged.schema = load.schema;
  staged.table = load.table;
  staged.columns = load.columns;
  std::filesystem::create_directories(staged.folder);
  PartWriter writer({});
  const PartSink sink = [&](const FinishedPart& part) {
    ++staged.parts;
    return write_file(staged.part(staged.parts), part.bytes);
  };
  DRAY_ASSIGN(const PartsWritten written, writer.write(load, load, sink));
  staged.rows = written.rows;
  DRAY_TRY(write_file(staged.description(), to_json(staged)));
  DRAY_TRY(write_file(staged.manifest(), to_json(staged)));
  return staged;
}

bool is_in_s3(const std::string& location) { return location.starts_with("s3://"); }

Result<std::shared_ptr<S3Client>> open_client() {
  CredentialsOptions credentials;
  credentials.environment = process_environment();
  DRAY_ASSIGN(const AwsConnection connection, find_aws_connection(credentials.environment, {}));
  S3Options options;
  options.region = connection.region;
  options.endpoint = connection.endpoint;
  options.http.ca_file = connection.ca_file;
  return open_s3(std::move(options), credentials_chain(std::move(credentials)));
}

Result<std::unique_ptr<ObjectStore>> open_source(const std::string& source) {
  if (!is_in_s3(source)) return open_directory(source);
  DRAY_ASSIGN(S3Url url, parse_s3_url(source));
  DRAY_ASSIGN(std::shared_ptr<S3Client> client, open_client());
  return open_s3_store(std::move(client), std::move(url));
}

Result<TableSink> open_target(const std::string& target) {
  if (!is_in_s3(target)) {
    return TableSink([target](const RowsToLoad& load, std::size_t number) {
      return write_to_directory(target, load, number);
    });
  }
  DRAY_ASSIGN(S3Url url, parse_s3_url(target));
  DRAY_ASSIGN(std::shared_ptr<S3Client> client, open_client());
  const auto area = std::make_shared<StagingArea>(std::move(client),
                                                  StagingLocation{std::move(url), "warehouse"});
  return TableSink([area](const RowsToLoad& load, std::size_t number) {
    return area->write(load, load, RunId("run"), number, {});
  });
}

Result<Written> read(ObjectStore& store, Registry& registry, BlockStore& staged, unsigned threads) {
  DRAY_ASSIGN(const Listing listing, store.list({}));
  std::vector<ReadObject> objects;
  for (const ObjectInfo& info : listing.objects) {
    objects.emplace_back();
    objects.back().info = info;
  }
  SyncProgress progress;
  ReadingOptions options;
  options.threads = threads;
  Written written;
  const auto begun = std::chrono::steady_clock::now();
  DRAY_TRY(read_objects(objects, store, registry, staged, options, progress, {}));
  written.reading = std::chrono::steady_clock::now() - begun;
  written.objects = objects.size();
  for (const ReadObject& object : objects) {
    if (!object.set_aside_reason.empty()) {
      return bad_data_error(object.info.key + ": " + object.set_aside_reason);
    }
    written.lines += object.counts.lines;
  }
  return written;
}

Result<StagedTable> write_table(TableToWrite& table, const BlockStore& staged, std::size_t objects,
                                const TableSink& sink, std::size_t number) {
  const auto rows = staged.view(table.parts);
  DRAY_TRY(drop_duplicates(*rows, std::vector<bool>(objects)));
  table.load.schema = "bench";
  table.load.rows = rows.get();
  return sink(table.load, number);
}

// As many tables at once as a sync into Redshift stages.
Result<void> write(std::vector<TableToWrite> tables, const BlockStore& staged,
                   const TableSink& sink, Written& written) {
  std::mutex mutex;
  std::size_t next = 0;
  std::optional<Error> failure;
  const auto work = [&] {
    while (true) {
      std::unique_lock lock(mutex);
      if (failure || next == tables.size()) return;
      const std::size_t number = next++;
      lock.unlock();
      auto table = write_table(tables[number], staged, written.objects, sink, number + 1);
      lock.lock();
      if (!table) {
        failure = std::move(table).error();
        return;
      }
      written.rows += table->rows;
      written.parts += table->parts;
    }
  };
  {
    std::vector<std::jthread> workers;
    for (unsigned i = 0; i < RedshiftOptions{}.connections_max; ++i)
      workers.emplace_back(work);
  }
  if (failure) return *std::move(failure);
  return {};
}

Result<Written> stage(const std::string& source, const std::string& target, unsigned threads) {
  DRAY_ASSIGN(const std::unique_ptr<ObjectStore> store, open_source(source));
  DRAY_ASSIGN(const TableSink sink, open_target(target));
  Registry registry;
  BlockStore staged({4ULL << 30, "/tmp"});
  DRAY_ASSIGN(Written written, read(*store, registry, staged, threads));
  DRAY_TRY(write(tables_of(registry, staged), staged, sink, written));
  return written;
}

}  // namespace
}  // namespace dray

int main(int argc, char** argv) {
  const std::span<char*> arguments(argv, static_cast<std::size_t>(argc));
  if (arguments.size() != 4) {
    std::fputs("usage: stage_parts SOURCE TARGET THREADS\n", stderr);
    return 2;
  }
  const auto written = dray::stage(arguments[1], arguments[2],
                                   static_cast<unsigned>(std::strtoul(arguments[3], nullptr, 10)));
  if (!written) {
    std::fprintf(stderr, "stage_parts: %s\n", written.error().text().c_str());
    return 1;
  }
  dray::JsonWriter json;
  json.begin_object().field("objects", written->objects).field("lines", written->lines);
  json.field("rows", written->rows).field("parts", written->parts);
  json.field("reading_seconds", written->reading.count()).end_object();
  std::printf("%s\n", std::move(json).done().c_str());
  return 0;
}
