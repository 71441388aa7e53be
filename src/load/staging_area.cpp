#include "load/staging_area.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <charconv>
#include <functional>
#include <set>

#include "base/hash.h"
#include "base/json.h"
#include "base/json_writer.h"

namespace dray {
namespace {

// A description has two names and a number for each of at most 1,600 columns.
constexpr std::size_t description_bytes_max = 4U << 20;
// A key of S3 and some numbers.
constexpr std::size_t note_bytes_max = 64U << 10;
// Parts are cut at half of it at the latest.
constexpr std::size_t part_bytes_max = 256U << 20;

std::string five_digits(std::uint64_t number) {
  std::string digits = std::to_string(number);
  return std::string(digits.size() < 5 ? 5 - digits.size() : 0, '0') + digits;
}

std::string manifest_of(const std::vector<std::string>& urls,
                        const std::vector<std::uint64_t>& sizes) {
  JsonWriter json;
  json.begin_object().key("entries").begin_array();
  for (std::size_t i = 0; i < urls.size(); ++i) {
    json.begin_object().field("url", urls[i]).field("mandatory", true);
    json.key("meta").begin_object().field("content_length", sizes[i]).end_object().end_object();
  }
  json.end_array().end_object();
  return std::move(json).done();
}

ColumnType type_named(std::string_view name) {
  for (const ColumnType type : {ColumnType::boolean, ColumnType::bigint,
                                ColumnType::double_precision, ColumnType::timestamp}) {
    if (to_string(type) == name) return type;
  }
  return ColumnType::varchar;
}

// Reads the members of one JSON object that are wanted; what is missing stays as it was.
class Members {
 public:
  Members(const JsonDocument& json, JsonValue object) : json_(json), object_(object) {}

  std::optional<JsonValue> find(std::string_view name) const {
    if (json_.kind(object_) != JsonKind::object) return std::nullopt;
    for (JsonValue key = json_.first(object_); !json_.at_end(key); key = json_.after(key + 2)) {
      if (json_.raw_string(key) == name) return key + 2;
    }
    return std::nullopt;
  }
  void read(std::string_view name, std::string& out) const {
    const auto value = find(name);
    if (!value || json_.kind(*value) != JsonKind::string) return;
    out.clear();
    unescape_json(json_.raw_string(*value), out);
  }
  template <typename Number>
  bool read_number(std::string_view name, Number& out) const {
    const auto value = find(name);
    return value && number(*value, out);
  }
  template <typename Number>
  bool number(JsonValue value, Number& out) const {
    if (json_.kind(value) != JsonKind::number) return false;
    const std::string_view text = json_.number(value);
    return std::from_chars(text.data(), text.data() + text.size(), out).ec == std::errc();
  }

 private:
  const JsonDocument& json_;
  JsonValue object_;
};

LoadColumn column_of(const JsonDocument& json, JsonValue object) {
  const Members members(json, object);
  LoadColumn column;
  members.read("name", column.name);
  std::string type;
  members.read("type", type);
  column.type = type_named(type);
  std::uint32_t bytes = 0;
  if (members.read_number("bytes", bytes)) column.varchar_bytes = bytes;
  return column;
}

struct FreeContext {
  void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
};

Result<std::string> unzstd(std::string_view compressed) {
  const std::unique_ptr<ZSTD_DCtx, FreeContext> context(ZSTD_createDCtx());
  std::string text;
  ZSTD_inBuffer in{compressed.data(), compressed.size(), 0};
  while (in.pos < in.size) {
    const std::size_t before = text.size();
    text.resize(before + (1U << 20));
    ZSTD_outBuffer out{text.data() + before, text.size() - before, 0};
    if (ZSTD_isError(ZSTD_decompressStream(context.get(), &out, &in))) {
      return bad_data_error("not a part of Dray's");
    }
    text.resize(before + out.pos);
    if (out.pos == 0 && in.pos == in.size) break;
  }
  return text;
}

Result<std::string> gunzip(std::string_view compressed) {
  z_stream stream{};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(compressed.data()));
  stream.avail_in = static_cast<uInt>(compressed.size());
  constexpr int gzip_window = 15 + 16;  // zlib.h, inflateInit2
  DRAY_ASSERT(inflateInit2(&stream, gzip_window) == Z_OK);
  std::string text;
  int outcome = Z_OK;
  while (outcome == Z_OK) {
    const std::size_t before = text.size();
    text.resize(before + (1U << 20));
    stream.next_out = reinterpret_cast<Bytef*>(text.data() + before);
    stream.avail_out = 1U << 20;
    outcome = inflate(&stream, Z_NO_FLUSH);
    text.resize(text.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (outcome != Z_STREAM_END) return bad_data_error("not a part of Dray's");
  return text;
}

// The CSV record of which the line with this number, from 1, is a part.
std::string_view row_with_line(std::string_view text, std::uint64_t line) {
  std::uint64_t lines = 1;
  std::size_t row = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '"') quoted = !quoted;
    if (text[i] != '\n') continue;
    if (!quoted) {
      if (lines >= line) return text.substr(row, i - row);
      row = i + 1;
    }
    ++lines;
  }
  return {};
}

// One of the row's last fields, which are numbers: the last is 0.
std::optional<std::int64_t> field_from_end(std::string_view row, std::size_t number) {
  for (; number > 0; --number) {
    const std::size_t comma = row.rfind(',');
    if (comma == std::string_view::npos) return std::nullopt;
    row = row.substr(0, comma);
  }
  const std::size_t comma = row.rfind(',');
  const std::string_view field = comma == std::string_view::npos ? row : row.substr(comma + 1);
  std::int64_t value = 0;
  const auto read = std::from_chars(field.data(), field.data() + field.size(), value);
  if (field.empty() || read.ec != std::errc()) return std::nullopt;
  return value;
}

}  // namespace

std::string StagedTable::part(std::uint64_t number) const {
  return folder + "part-" + five_digits(number) +
         (compression == PartCompression::gzip ? ".csv.gz" : ".csv.zst");
}

std::string to_json(const StagedTable& staged) {
  JsonWriter json;
  json.begin_object();
  json.field("folder", staged.folder).field("schema", staged.schema).field("table", staged.table);
  json.field("lineage_table", staged.lineage_table);
  json.key("rival_tables").begin_array();
  for (const std::int64_t number : staged.rival_tables)
    json.value(number);
  json.end_array();
  json.field("profile_id_column", staged.profile_id_column);
  json.field("profile_table", staged.profile_table);
  json.field("null_text", staged.null_text);
  json.field("compression", staged.compression == PartCompression::gzip ? "gzip" : "zstd");
  json.field("rows", staged.rows).field("parts", staged.parts);
  json.key("columns").begin_array();
  for (const LoadColumn& column : staged.columns) {
    json.begin_object().field("name", column.name).field("type", to_string(column.type));
    if (column.varchar_bytes) {
      json.field("bytes", static_cast<std::uint64_t>(*column.varchar_bytes));
    }
    json.end_object();
  }
  json.end_array().end_object();
  return std::move(json).done();
}

Result<StagedTable> staged_table_of(std::string_view text) {
  JsonDocument json;
  if (json.parse(text) != JsonError::none) return bad_data_error("not a description of a table");
  const Members members(json, json.root());
  StagedTable staged;
  members.read("folder", staged.folder);
  members.read("schema", staged.schema);
  members.read("table", staged.table);
  members.read("profile_id_column", staged.profile_id_column);
  members.read("profile_table", staged.profile_table);
  members.read("null_text", staged.null_text);
  std::string compression;
  members.read("compression", compression);
  if (compression == "gzip") staged.compression = PartCompression::gzip;
  if (std::int64_t number = 0; members.read_number("lineage_table", number)) {
    staged.lineage_table = number;
  }
  const bool counted =
      members.read_number("rows", staged.rows) && members.read_number("parts", staged.parts);
  const auto rivals = members.find("rival_tables");
  const auto columns = members.find("columns");
  if (staged.folder.empty() || staged.table.empty() || !counted || !rivals || !columns) {
    return bad_data_error("not a description of a table");
  }
  for (JsonValue rival = json.first(*rivals); !json.at_end(rival); rival = json.after(rival)) {
    if (std::int64_t number = 0; members.number(rival, number)) {
      staged.rival_tables.push_back(number);
    }
  }
  for (JsonValue column = json.first(*columns); !json.at_end(column); column = json.after(column))
    staged.columns.push_back(column_of(json, column));
  return staged;
}

StagingArea::StagingArea(std::shared_ptr<S3Client> client, StagingLocation location)
    : client_(std::move(client)), location_(std::move(location)) {
  std::string& key = location_.url.key;
  if (!key.empty() && key.back() != '/') key += '/';
}

std::string StagingArea::source_folder(const std::string& source) const {
  return "s3://" + location_.url.bucket + "/" + location_.url.key + "dray/" + location_.warehouse +
         "/" + source + "/";
}

Result<void> StagingArea::put(const std::string& url, std::string_view bytes) {
  DRAY_ASSIGN(const S3Url to, parse_s3_url(url));
  auto written = client_->put(to.bucket, to.key, {bytes.data(), bytes.size()});
  if (!written) return std::move(written).error().within("write " + url);
  return {};
}

Result<StagedTable> StagingArea::write(const TableLoad& load, const RunRows& rows,
                                       const RunId& run_id, std::size_t number,
                                       const PartOptions& options) {
  StagedTable staged;
  staged.folder = source_folder(load.schema) + run_id.text() + "/" + five_digits(number) + "/";
  staged.schema = load.schema;
  staged.table = load.table;
  staged.lineage_table = load.lineage_table;
  staged.rival_tables = load.rival_tables;
  staged.profile_id_column = load.profile_id_column;
  staged.profile_table = load.profile_table;
  staged.compression = options.compression;
  for (const LoadColumn& column : load.columns) {
    if (!column.refused) staged.columns.push_back(column);
  }
  std::vector<std::uint64_t> sizes;
  DRAY_TRY(write_parts(load, rows, options, staged, sizes));
  std::vector<std::string> parts;
  for (std::uint64_t part = 1; part <= staged.parts; ++part)
    parts.push_back(staged.part(part));
  DRAY_TRY(put(staged.description(), to_json(staged)));
  DRAY_TRY(put(staged.manifest(), manifest_of(parts, sizes)));
  return staged;
}

// If some text reads like the marker of NULL, all is written once more with a marker that nobody
// could foresee.
Result<void> StagingArea::write_parts(const TableLoad& load, const RunRows& rows,
                                      const PartOptions& options, StagedTable& staged,
                                      std::vector<std::uint64_t>& sizes) {
  PartOptions own = options;
  TableLoad quiet = load;
  while (true) {
    sizes.clear();
    PartWriter writer(own);
    const auto sink = [&](const FinishedPart& part) {
      sizes.push_back(part.bytes.size());
      return put(staged.part(sizes.size()), part.bytes);
    };
    DRAY_ASSIGN(const PartsWritten written, writer.write(quiet, rows, sink));
    staged.null_text = own.null_text;
    staged.rows = written.rows;
    staged.parts = written.parts;
    if (written.null_text_values == 0) return {};
    own.null_text = "null-" + sha256_hex(std::to_string(random_seed())).substr(0, 16);
    quiet.value_rejects = [](const ValueReject&) {};  // told already
  }
}

Result<StagedTable> StagingArea::read(const std::string& description) {
  DRAY_ASSIGN(const S3Url url, parse_s3_url(description));
  auto text = client_->get_all(url.bucket, url.key, description_bytes_max);
  if (!text) return std::move(text).error().within("read " + description);
  auto staged = staged_table_of(*text);
  if (!staged) return std::move(staged).error().within("read " + description);
  return staged;
}

std::string StagingArea::ledger_folder(const std::string& source, const RunId& run_id,
                                       std::size_t number) const {
  return source_folder(source) + run_id.text() + "/ledger-" + five_digits(number) + "/";
}

Result<StagingArea::PlainFile> StagingArea::write_file(const std::string& folder,
                                                       std::size_t number, std::string_view bytes) {
  PlainFile file{folder + "rows-" + five_digits(number) + ".csv", bytes.size()};
  DRAY_TRY(put(file.url, bytes));
  return file;
}

Result<std::string> StagingArea::write_manifest(const std::string& folder,
                                                const std::vector<PlainFile>& files) {
  std::vector<std::string> urls;
  std::vector<std::uint64_t> sizes;
  for (const PlainFile& file : files) {
    urls.push_back(file.url);
    sizes.push_back(file.size_bytes);
  }
  DRAY_TRY(put(folder + "manifest.json", manifest_of(urls, sizes)));
  return folder + "manifest.json";
}

Result<std::optional<StagingArea::RowOrigin>> StagingArea::origin_of(const std::string& part,
                                                                     std::uint64_t line,
                                                                     const StagedTable& staged) {
  DRAY_ASSIGN(const S3Url url, parse_s3_url(part));
  DRAY_ASSIGN(const std::string compressed, client_->get_all(url.bucket, url.key, part_bytes_max));
  DRAY_ASSIGN(const std::string text, staged.compression == PartCompression::gzip
                                          ? gunzip(compressed)
                                          : unzstd(compressed));
  const std::string_view row = row_with_line(text, line);
  const std::size_t behind = staged.profile_id_column.empty() ? 0 : 1;
  const auto object = field_from_end(row, behind + 1);
  const auto line_in_object = field_from_end(row, behind);
  if (!object || !line_in_object) return std::optional<RowOrigin>();
  return std::optional<RowOrigin>({*object, static_cast<std::uint64_t>(*line_in_object)});
}

namespace {

// Calls `each` for every key that begins with the url's.
Result<void> each_key(S3Client& client, const S3Url& url,
                      const std::function<void(const std::string&)>& each) {
  S3ListRequest request;
  request.bucket = url.bucket;
  request.prefix = url.key;
  return client.list_all(std::move(request), [&](const S3Page& page) {
    for (const S3Object& object : page.objects)
      each(object.key);
  });
}

std::string note_name(NoteKind kind) { return kind == NoteKind::listing ? "note" : "looked"; }

}  // namespace

Result<std::optional<std::string>> StagingArea::read_note(NoteKind kind,
                                                          const std::string& source) {
  DRAY_ASSIGN(const S3Url url, parse_s3_url(source_folder(source) + note_name(kind)));
  DRAY_ASSIGN(const auto there, client_->head(url.bucket, url.key));
  if (!there) return std::optional<std::string>();
  DRAY_ASSIGN(std::string note, client_->get_all(url.bucket, url.key, note_bytes_max));
  return std::optional(std::move(note));
}

Result<void> StagingArea::write_note(NoteKind kind, const std::string& source,
                                     const std::string& note) {
  return put(source_folder(source) + note_name(kind), note);
}

Result<void> StagingArea::remove(const std::string& folder) {
  DRAY_ASSIGN(const S3Url url, parse_s3_url(folder));
  std::vector<std::string> keys;
  DRAY_TRY(each_key(*client_, url, [&](const std::string& key) { keys.push_back(key); }));
  return client_->remove(url.bucket, keys);
}

Result<std::vector<RunId>> StagingArea::runs(const std::string& source) {
  DRAY_ASSIGN(const S3Url url, parse_s3_url(source_folder(source)));
  std::set<RunId> runs;
  DRAY_TRY(each_key(*client_, url, [&](const std::string& key) {
    const std::size_t begin = url.key.size();
    const std::size_t end = key.find('/', begin);
    if (end != std::string::npos) runs.insert(RunId(key.substr(begin, end - begin)));
  }));
  return std::vector<RunId>(runs.begin(), runs.end());
}

Result<void> StagingArea::remove_run(const std::string& source, const RunId& run_id,
                                     const std::vector<std::string>& kept) {
  DRAY_ASSIGN(const S3Url url, parse_s3_url(source_folder(source) + run_id.text() + "/"));
  std::vector<std::string> keys;
  DRAY_TRY(each_key(*client_, url, [&](const std::string& key) {
    const std::string uri = "s3://" + url.bucket + "/" + key;
    const bool is_kept = std::ranges::any_of(
        kept, [&](const std::string& folder) { return uri.starts_with(folder); });
    if (!is_kept) keys.push_back(key);
  }));
  return client_->remove(url.bucket, keys);
}

}  // namespace dray
