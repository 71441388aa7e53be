#include "stage/parts.h"

#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "base/byte_buffer.h"
#include "base/hash.h"
#include "base/numbers.h"
#include "base/short_bytes.h"
#include "base/utf8.h"
#include "model/cast.h"
#include "stage/csv.h"

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
    object_numbers_ = rows.object_numbers;
    null_text_ = null_text;
    origins_ = origins;
    profile_column_ = no_column;
    null_text_values_ = 0;
    slots_.fill(no_column);
    cells_.resize(load.columns.size());
    standard_.assign(load.columns.size() / 64 + 1, 0);
    empty_row_.clear();
    empty_fields_.clear();
    for (std::size_t i = 0; i < load.columns.size(); ++i) {
      const LoadColumn& column = load.columns[i];
      empty_fields_.push_back(empty_row_.size());
      if (!column.standard) slots_[column.slot] = static_cast<std::int16_t>(i);
      if (column.refused) continue;
      if (origins == RowOrigins::add && column.name == load.profile_id_column) {
        profile_column_ = static_cast<std::int16_t>(i);
      }
      if (column.standard) standard_[i / 64] |= std::uint64_t{1} << (i % 64);
      if (column.type == ColumnType::varchar) empty_row_.append(null_text);
      empty_row_ += ',';
    }
    empty_fields_.push_back(empty_row_.size());
  }

  // Returns the record behind this one.
  const char* write(const RowBlock& block, std::size_t row, const char* record, ByteBuffer& out) {
    const RowKey& key = block.keys[row];
    const char* const end = place_cells(record, key);
    // A cell of n bytes takes n + 4 in the record.
    const std::size_t bytes_max = 2 * static_cast<std::size_t>(end - record) + empty_row_.size() +
                                  load_->columns.size() * short_field_bytes_max +
                                  csv_text_bytes_max(block.event.size()) + csv_text_bytes_max(0) +
                                  place_fields_max * short_field_bytes_max;
    char* const begin = out.extend(bytes_max);
    char* at = begin;
    std::size_t done = 0;  // columns whose fields are written
    for (std::size_t word = 0; word < present_.size(); ++word) {
      for (std::uint64_t bits = present_[word]; bits != 0; bits &= bits - 1) {
        const std::size_t i = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
        at = put_empty(done, i, at);
        char* const behind = put_field(i, block, key, at);
        done = i;
        if (behind == nullptr) continue;
        if (static_cast<std::size_t>(behind - begin) > row_bytes_max / 2 &&
            is_too_much(load_->columns[i], {begin, behind})) {
          tell(load_->columns[i], RejectReason::row_too_wide, cells_[i], key);
          continue;
        }
        at = behind;
        *at++ = ',';
        done = i + 1;
      }
    }
    at = put_empty(done, load_->columns.size(), at);
    if (origins_ == RowOrigins::add) at = put_origin(block.first_row + row, key, at);
    if (at == begin) ++at;
    at[-1] = '\n';
    out.truncate(static_cast<std::size_t>(at - out.data()));
    return end;
  }

  std::uint64_t null_text_values() const { return null_text_values_; }

 private:
  static constexpr std::int16_t no_column = -1;

  // Sorts the cells by column; tells those of refused columns.
  const char* place_cells(const char* record, const RowKey& key) {
    present_ = standard_;
    CellReader reader(record);
    for (Cell cell; reader.next(cell);) {
      const std::int16_t slot = slots_[cell.slot];
      if (slot == no_column) continue;
      const auto i = static_cast<std::size_t>(slot);
      const LoadColumn& column = load_->columns[i];
      if (column.refused) {
        tell(column, *column.refused, cell, key);
        continue;
      }
      cells_[i] = cell;
      present_[i / 64] |= std::uint64_t{1} << (i % 64);
    }
    return reader.end();
  }

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

  // Null if the value does not fit its column.
  char* put_field(std::size_t i, const RowBlock& block, const RowKey& key, char* out) {
    const LoadColumn& column = load_->columns[i];
    if (column.standard) return put_standard(*column.standard, block, key, out);
    const Cell& cell = cells_[i];
    if (column.type == ColumnType::varchar) return put_varchar(column, cell, key, out);
    char* const behind = put_cell(column, cell, out);
    if (behind == nullptr) tell(column, RejectReason::does_not_fit, cell, key);
    return behind;
  }

  char* put_standard(StandardColumn column, const RowBlock& block, const RowKey& key, char* out) {
    switch (column) {
      case StandardColumn::received_at:
        return put_time(key.received_at, out);
      case StandardColumn::uuid:
        return put_integer(static_cast<std::int64_t>(key.uuid), out);
      case StandardColumn::uuid_ts:
        return put_time(load_->uuid_ts, out);
      default:
        return put_text(block.event, out);
    }
  }

  char* put_text(std::string_view text, char* out) {
    if (text != null_text_) return put_csv_text(text, out);
    ++null_text_values_;
    return put_csv_quoted(text, out);
  }

  static std::string_view text_that_fits(const LoadColumn& column, std::string_view text) {
    return column.varchar_bytes ? cut_utf8(text, *column.varchar_bytes) : text;
  }

  char* put_varchar(const LoadColumn& column, const Cell& cell, const RowKey& key, char* out) {
    if (cell.kind == CellKind::micros) return put_time(micros_of(cell), out);
    const std::string_view text = text_that_fits(column, cell.bytes);
    if (text.size() < cell.bytes.size()) tell(column, RejectReason::too_long, cell, key);
    return put_text(text, out);
  }

  char* put_origin(std::uint64_t row, const RowKey& key, char* out) const {
    out = put_integer(static_cast<std::int64_t>(row), out);
    *out++ = ',';
    out = put_integer((*object_numbers_)[key.object], out);
    *out++ = ',';
    out = put_integer(key.line, out);
    *out++ = ',';
    if (load_->profile_id_column.empty()) return out;
    if (profile_column_ != no_column && is_present(static_cast<std::size_t>(profile_column_))) {
      const auto i = static_cast<std::size_t>(profile_column_);
      const std::string_view id = text_that_fits(load_->columns[i], cells_[i].bytes);
      out = put_integer(static_cast<std::int64_t>(xxh3(id)), out);
    }
    *out++ = ',';
    return out;
  }

  bool is_present(std::size_t column) const {
    return (present_[column / 64] >> (column % 64) & 1) != 0;
  }

  // Number text whose kind is the column's is carried verbatim.
  char* put_cell(const LoadColumn& column, const Cell& cell, char* out) {
    switch (column.type) {
      case ColumnType::varchar:
        return nullptr;  // put_varchar()
      case ColumnType::timestamp: {
        const auto value = as_timestamp(cell);
        return value ? put_time(*value, out) : nullptr;
      }
      case ColumnType::bigint: {
        if (cell.kind == CellKind::integer) return put_bytes(cell.bytes, out);
        const auto value = as_bigint(cell);
        return value ? put_integer(*value, out) : nullptr;
      }
      case ColumnType::double_precision: {
        // Every real is near to a double, and that is how near a double's column is.
        if (cell.kind == CellKind::real) return put_double(cell.bytes, out);
        const Rounding rounding = column.created ? Rounding::nearest : Rounding::none;
        return as_double(cell, rounding) ? put_double(cell.bytes, out) : nullptr;
      }
      case ColumnType::boolean: {
        const auto value = as_boolean(cell);
        return value ? put_bytes(*value ? "t" : "f", out) : nullptr;
      }
    }
    return nullptr;
  }

  void tell(const LoadColumn& column, RejectReason reason, const Cell& cell,
            const RowKey& key) const {
    std::array<char, timestamp_text_bytes_max> time{};
    const std::string_view value =
        cell.kind == CellKind::micros
            ? std::string_view(time.data(), format_timestamp(micros_of(cell), time.data()))
            : cell.bytes;
    load_->value_rejects({key.object, key.line, reason, column.name, column.type, value});
  }

  const TableLoad* load_ = nullptr;
  const std::vector<std::int64_t>* object_numbers_ = nullptr;
  std::string_view null_text_;
  std::uint64_t null_text_values_ = 0;
  RowOrigins origins_ = RowOrigins::leave_out;
  std::int16_t profile_column_ = no_column;
  std::array<std::int16_t, slot_end> slots_{};  // to the column
  std::vector<Cell> cells_;                     // by column; of the row at hand where present_
  std::vector<std::uint64_t> present_;          // a bit per column: has a field of its own
  std::vector<std::uint64_t> standard_;         // the same for those that every row has
  std::string empty_row_;                       // the fields of a row without values
  std::vector<std::size_t> empty_fields_;       // where each column's begins in it
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
