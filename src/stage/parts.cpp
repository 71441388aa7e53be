#include "stage/parts.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "base/byte_buffer.h"
#include "base/hash.h"
#include "base/numbers.h"
#include "base/short_bytes.h"
#include "base/utf8.h"
#include "stage/csv.h"
#include "stage/row_shape.h"

namespace dray {
namespace {

// Text is compressed in pieces that are still in the core's cache: zstd's own block size.
constexpr std::size_t piece_bytes = 128U << 10;

// Below this a part is not worth a file of its own, even for an idle slice.
constexpr std::size_t part_bytes_min = 1U << 20;

// COPY takes 4 MB, and counts a '|' twice. The megabyte is for the columns that every table has and
// for numbers, which are never left out.
constexpr std::size_t row_bytes_max = 3'000'000;

// A timestamp, or a number that is not the event's own text, with its comma.
constexpr std::size_t short_field_bytes_max = 32;
static_assert(timestamp_text_bytes_max < short_field_bytes_max);
constexpr std::size_t place_fields_max = 4;

char* put_time(Micros micros, char* out) { return out + format_timestamp(micros, out); }

char* put_integer(std::int64_t value, char* out) {
  return std::to_chars(out, out + short_field_bytes_max, value).ptr;
}

// JSON's number text is what COPY takes. But what it makes of 1e-400, too small for any double, is
// not known: that is 0 here, as it is on the other warehouses.
char* put_double(std::string_view text, char* out) {
  // A number without an exponent takes more digits than this to get there, as in transform.
  const bool may_vanish = text.size() >= 300 || text.find_first_of("eE") != std::string_view::npos;
  return put_bytes(may_vanish && nearest_double(text) == 0.0 ? "0" : text, out);
}

// Writes rows as CSV. Cells come in the order of the event, fields go out in the order of the
// columns; what stands between two values is copied from the row that has none, so that absent
// values cost next to nothing.
class RowWriter {
 public:
  // `load` and `rows` are borrowed until the next begin().
  void begin(const TableLoad& load, const RunRows& rows, std::string_view null_text,
             RowOrigins origins) {
    load_ = &load;
    placed_.emplace(shape_.emplace(load));
    object_numbers_ = rows.object_numbers;
    null_text_ = null_text;
    origins_ = origins;
    profile_column_.reset();
    null_text_values_ = 0;
    empty_row_.clear();
    empty_fields_.clear();
    for (std::size_t i = 0; i < load.columns.size(); ++i) {
      const LoadColumn& column = load.columns[i];
      empty_fields_.push_back(empty_row_.size());
      if (column.refused) continue;
      if (column.name == load.profile_id_column) profile_column_ = i;
      if (column.type == ColumnType::varchar) empty_row_.append(null_text);
      empty_row_ += ',';
    }
    empty_fields_.push_back(empty_row_.size());
  }

  // Returns the record behind this one.
  const char* write(const RowBlock& block, std::size_t row, const char* record, ByteBuffer& out) {
    const RowKey& key = block.keys[row];
    const char* const end = placed_->place(block, key, record);
    // A cell of n bytes takes n + 4 in the record.
    const std::size_t bytes_max = 2 * static_cast<std::size_t>(end - record) + empty_row_.size() +
                                  load_->columns.size() * short_field_bytes_max +
                                  csv_text_bytes_max(block.event.size()) + csv_text_bytes_max(0) +
                                  place_fields_max * short_field_bytes_max;
    char* const begin = out.extend(bytes_max);
    char* at = begin;
    std::size_t done = 0;  // columns whose fields are written
    placed_->each([&](std::size_t i) {
      at = put_empty(done, i, at);
      done = i;
      Out field(*this, key, at);
      if (!placed_->put(i, key, field)) return;
      if (static_cast<std::size_t>(field.end() - begin) > row_bytes_max / 2 &&
          is_too_much(load_->columns[i], {begin, field.end()})) {
        return shape_->tell(i, RejectReason::row_too_wide, placed_->cell(i), key);
      }
      at = field.end();
      *at++ = ',';
      done = i + 1;
    });
    at = put_empty(done, load_->columns.size(), at);
    if (origins_ == RowOrigins::add) at = put_origin(block.first_row + row, key, at);
    if (at == begin) ++at;
    at[-1] = '\n';
    out.truncate(static_cast<std::size_t>(at - out.data()));
    return end;
  }

  std::uint64_t null_text_values() const { return null_text_values_; }

 private:
  // One field.
  class Out {
   public:
    // Number text whose kind is the column's is carried verbatim.
    static constexpr bool takes_number_text = true;

    Out(RowWriter& row, const RowKey& key, char* at) : row_(row), key_(key), at_(at) {}

    // As much of the text as its column holds.
    bool put_text(std::size_t i, const Cell& cell, std::string_view whole) {
      const std::string_view text = text_that_fits(row_.load_->columns[i], whole);
      if (text.size() < whole.size()) {
        row_.shape_->tell(i, RejectReason::too_long, cell, key_);
      }
      at_ = row_.put_text(text, at_);
      return true;
    }
    bool put_copied_text(std::size_t i, const Cell& cell, std::string_view text) {
      return put_text(i, cell, text);
    }
    void put_time(Micros value) { at_ = dray::put_time(value, at_); }
    void put_boolean(bool value) { at_ = put_bytes(value ? "t" : "f", at_); }
    void put_integer(std::int64_t value) { at_ = dray::put_integer(value, at_); }
    void put_integer_text(std::string_view text) { at_ = put_bytes(text, at_); }
    void put_double_text(std::string_view text) { at_ = dray::put_double(text, at_); }

    char* end() const { return at_; }

   private:
    RowWriter& row_;
    const RowKey& key_;
    char* at_;
  };

  // Whether the row up to this field is longer than COPY would take.
  static bool is_too_much(const LoadColumn& column, std::string_view row) {
    if (column.type != ColumnType::varchar || standard_column(column.name)) return false;
    return row.size() + static_cast<std::size_t>(std::ranges::count(row, '|')) > row_bytes_max;
  }

  char* put_empty(std::size_t from, std::size_t to, char* out) const {
    if (from == to) return out;
    const std::size_t begin = empty_fields_[from];
    return put_bytes({empty_row_.data() + begin, empty_fields_[to] - begin}, out);
  }

  char* put_text(std::string_view text, char* out) {
    if (text != null_text_) return put_csv_text(text, out);
    ++null_text_values_;
    return put_csv_quoted(text, out);
  }

  static std::string_view text_that_fits(const LoadColumn& column, std::string_view text) {
    return column.varchar_bytes ? cut_utf8(text, *column.varchar_bytes) : text;
  }

  char* put_origin(std::uint64_t row, const RowKey& key, char* out) const {
    out = put_integer(static_cast<std::int64_t>(row), out);
    *out++ = ',';
    out = put_integer((*object_numbers_)[key.object], out);
    *out++ = ',';
    out = put_integer(key.line, out);
    *out++ = ',';
    if (load_->profile_id_column.empty()) return out;
    if (profile_column_ && placed_->has(*profile_column_)) out = put_profile(*profile_column_, out);
    *out++ = ',';
    return out;
  }

  // The hash of the id as its column holds it.
  char* put_profile(std::size_t i, char* out) const {
    const LoadColumn& column = load_->columns[i];
    const Cell& cell = placed_->cell(i);
    if (column.type == ColumnType::varchar)
      return put_hash(text_that_fits(column, cell.bytes), out);
    const auto id = id_text(column.type, cell);
    return id ? put_hash(*id, out) : out;
  }

  static char* put_hash(std::string_view id, char* out) {
    return put_integer(static_cast<std::int64_t>(xxh3(id)), out);
  }

  const TableLoad* load_ = nullptr;
  std::optional<RowShape> shape_;
  std::optional<PlacedRow> placed_;  // the row at hand
  const std::vector<std::int64_t>* object_numbers_ = nullptr;
  std::string_view null_text_;
  std::uint64_t null_text_values_ = 0;
  RowOrigins origins_ = RowOrigins::leave_out;
  std::optional<std::size_t> profile_column_;
  std::string empty_row_;                  // the fields of a row without values
  std::vector<std::size_t> empty_fields_;  // where each column's begins in it
};

// One part after the other through one compressor.
class PartStream {
 public:
  virtual ~PartStream() = default;
  virtual void begin() = 0;
  virtual void add(std::string_view text) = 0;
  // A part that is added and ended at once is compressed without being copied first.
  virtual void end(std::string_view text) = 0;
  std::string_view bytes() const { return bytes_.view(); }

 protected:
  ByteBuffer bytes_;
};

class ZstdStream final : public PartStream {
 public:
  explicit ZstdStream(int level) : context_(ZSTD_createCCtx()) {
    DRAY_ASSERT(context_ != nullptr);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
  }

  void begin() override {
    ZSTD_CCtx_reset(context_.get(), ZSTD_reset_session_only);
    bytes_.clear();
  }
  void add(std::string_view text) override { compress(text, ZSTD_e_continue); }
  void end(std::string_view text) override { compress(text, ZSTD_e_end); }

 private:
  struct FreeContext {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
  };

  void compress(std::string_view text, ZSTD_EndDirective directive) {
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    std::size_t left = 0;
    do {
      const std::size_t room = ZSTD_compressBound(piece_bytes);
      const std::size_t before = bytes_.size();
      ZSTD_outBuffer to{bytes_.extend(room), room, 0};
      left = ZSTD_compressStream2(context_.get(), &to, &in, directive);
      DRAY_ASSERT(!ZSTD_isError(left));
      bytes_.truncate(before + to.pos);
    } while (in.pos < in.size || (directive == ZSTD_e_end && left != 0));
  }

  std::unique_ptr<ZSTD_CCtx, FreeContext> context_;
};

class GzipStream final : public PartStream {
 public:
  explicit GzipStream(int level) {
    constexpr int gzip_window = 15 + 16;  // zlib.h, deflateInit2
    constexpr int memory = 8;
    const int made =
        deflateInit2(&stream_, level, Z_DEFLATED, gzip_window, memory, Z_DEFAULT_STRATEGY);
    DRAY_ASSERT(made == Z_OK);
  }
  ~GzipStream() override { deflateEnd(&stream_); }
  GzipStream(const GzipStream&) = delete;
  GzipStream& operator=(const GzipStream&) = delete;

  void begin() override {
    deflateReset(&stream_);
    bytes_.clear();
  }
  void add(std::string_view text) override { compress(text, Z_NO_FLUSH); }
  void end(std::string_view text) override { compress(text, Z_FINISH); }

 private:
  void compress(std::string_view text, int flush) {
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());
    do {
      const std::size_t before = bytes_.size();
      stream_.next_out = reinterpret_cast<Bytef*>(bytes_.extend(piece_bytes));
      stream_.avail_out = static_cast<uInt>(piece_bytes);
      const int outcome = deflate(&stream_, flush);
      DRAY_ASSERT(outcome != Z_STREAM_ERROR);
      bytes_.truncate(before + piece_bytes - stream_.avail_out);
    } while (stream_.avail_out == 0);
  }

  z_stream stream_{};
};

std::unique_ptr<PartStream> make_stream(const PartOptions& options) {
  if (options.compression == PartCompression::gzip) {
    return std::make_unique<GzipStream>(options.level);
  }
  return std::make_unique<ZstdStream>(options.level);
}

std::uint64_t rows_kept(const StagedRows& rows) {
  std::uint64_t kept = 0;
  for (std::uint64_t row = 0; row < rows.row_count(); ++row)
    kept += rows.is_dropped(row) ? 0 : 1;
  return kept;
}

std::uint64_t divided_up(std::uint64_t number, std::uint64_t by) { return (number + by - 1) / by; }

}  // namespace

class PartWriter::Impl {
 public:
  explicit Impl(PartOptions options)
      : options_(std::move(options)), stream_(make_stream(options_)) {
    DRAY_ASSERT(options_.parts_multiple > 0);
  }

  Result<PartsWritten> write(const TableLoad& load, const RunRows& rows, const PartSink& sink) {
    begin(load, rows, sink);
    for (std::size_t number = 0; number < staged_->block_count(); ++number) {
      DRAY_ASSIGN(const RowBlock block, staged_->rows(number, scratch_));
      DRAY_TRY(write_block(block));
    }
    if (part_rows_ > 0) DRAY_TRY(end_part());
    written_.null_text_values = rows_.null_text_values();
    return written_;
  }

 private:
  void begin(const TableLoad& load, const RunRows& rows, const PartSink& sink) {
    staged_ = rows.rows;
    sink_ = &sink;
    written_ = {};
    rows_.begin(load, rows, options_.null_text, options_.origins);
    is_planned_ = options_.parts_multiple == 1;
    rows_per_part_ = std::numeric_limits<std::uint64_t>::max();
    begin_part();
  }

  Result<void> write_block(const RowBlock& block) {
    const char* record = block.records.data();
    for (std::size_t row = 0; row < block.keys.size(); ++row) {
      if (staged_->is_dropped(block.first_row + row)) {
        record = CellReader(record).end();
        continue;
      }
      record = rows_.write(block, row, record, text_);
      ++part_rows_;
      if (part_rows_ == rows_per_part_) DRAY_TRY(end_part());
      if (text_.size() >= piece_bytes) DRAY_TRY(end_piece());
    }
    return {};
  }

  Result<void> end_piece() {
    part_bytes_plain_ += text_.size();
    stream_->add(text_.view());
    text_.clear();
    if (!is_planned_ && part_bytes_plain_ >= part_bytes_min) plan_parts();
    const bool by_rows = rows_per_part_ != std::numeric_limits<std::uint64_t>::max();
    if (stream_->bytes().size() < options_.part_bytes * (by_rows ? 2 : 1)) return {};
    return end_part();
  }

  // What the table has given so far tells how large it will be.
  void plan_parts() {
    is_planned_ = true;
    const std::uint64_t rows = rows_kept(*staged_);
    const std::uint64_t bytes = stream_->bytes().size() * divided_up(rows, part_rows_);
    const std::uint64_t multiple = options_.parts_multiple;
    const std::uint64_t bytes_min = std::min<std::uint64_t>(part_bytes_min, options_.part_bytes);
    if (bytes < multiple * bytes_min) return;
    const std::uint64_t parts =
        divided_up(divided_up(bytes, options_.part_bytes), multiple) * multiple;
    // No part is to be ended that has more already.
    rows_per_part_ = std::max(divided_up(rows, parts), part_rows_ + 1);
  }

  Result<void> end_part() {
    part_bytes_plain_ += text_.size();
    stream_->end(text_.view());
    text_.clear();
    ++written_.parts;
    written_.rows += part_rows_;
    written_.bytes_plain += part_bytes_plain_;
    written_.bytes_compressed += stream_->bytes().size();
    const FinishedPart part{stream_->bytes(), part_rows_};
    DRAY_TRY((*sink_)(part));
    begin_part();
    return {};
  }

  void begin_part() {
    stream_->begin();
    text_.clear();
    part_rows_ = 0;
    part_bytes_plain_ = 0;
  }

  const PartOptions options_;
  RowWriter rows_;
  std::unique_ptr<PartStream> stream_;
  BlockScratch scratch_;
  ByteBuffer text_;  // rows not yet compressed

  // The table at hand:
  const StagedRows* staged_ = nullptr;
  const PartSink* sink_ = nullptr;
  PartsWritten written_;
  bool is_planned_ = true;
  std::uint64_t rows_per_part_ = 0;
  // The part at hand:
  std::uint64_t part_rows_ = 0;
  std::uint64_t part_bytes_plain_ = 0;
};

PartWriter::PartWriter(PartOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
PartWriter::~PartWriter() = default;

Result<PartsWritten> PartWriter::write(const TableLoad& load, const RunRows& rows,
                                       const PartSink& sink) {
  return impl_->write(load, rows, sink);
}

}  // namespace dray
