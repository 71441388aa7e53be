#include "stage/parts.h"

#include <zstd.h>

#include <array>
#include <charconv>
#include <cstring>
#include <memory>

#include "model/cast.h"

namespace dray {
namespace {

void append_quoted(std::string_view text, ByteBuffer& out) {
  out.append('"');
  while (true) {
    const auto* quote = text.empty()
                            ? nullptr
                            : static_cast<const char*>(std::memchr(text.data(), '"', text.size()));
    if (quote == nullptr) break;
    const auto size = static_cast<std::size_t>(quote - text.data()) + 1;
    out.append(text.substr(0, size));
    out.append('"');
    text.remove_prefix(size);
  }
  out.append(text);
  out.append('"');
}

void append_time(Micros micros, ByteBuffer& out) {
  std::array<char, timestamp_text_bytes_max> text{};
  out.append({text.data(), format_timestamp(micros, text.data())});
}

template <typename T>
void append_number(T value, ByteBuffer& out) {
  std::array<char, 32> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  out.append({text.data(), static_cast<std::size_t>(end - text.data())});
}

// Cells come in the order of the event; a row is written in the order of the columns.
class RowWriter {
 public:
  explicit RowWriter(const TableLoad& load) : load_(load), cells_(load.columns.size()) {
    slots_.fill(absent);
    for (std::size_t i = 0; i < load.columns.size(); ++i) {
      if (!load.columns[i].standard) slots_[load.columns[i].slot] = static_cast<std::int16_t>(i);
    }
  }

  // Returns the record behind this one.
  const char* write(const RowBlock& block, std::size_t row, const char* record, ByteBuffer& out) {
    ++row_;
    CellReader reader(record);
    for (Cell cell; reader.next(cell);) {
      if (const std::int16_t at = slots_[cell.slot]; at != absent) {
        cells_[static_cast<std::size_t>(at)] = {row_, cell};
      }
    }
    const RowKey& key = block.keys[row];
    bool first = true;
    for (std::size_t i = 0; i < load_.columns.size(); ++i) {
      const LoadColumn& column = load_.columns[i];
      if (!column.refused) {
        if (!first) out.append(',');
        first = false;
      }
      if (column.standard) {
        write_standard(*column.standard, block, key, out);
      } else if (cells_[i].row == row_) {
        write_cell(column, cells_[i].cell, key, out);
      }
    }
    out.append('\n');
    return reader.end();
  }

 private:
  struct Held {
    std::uint64_t row = 0;
    Cell cell;
  };
  static constexpr std::int16_t absent = -1;

  void write_standard(StandardColumn column, const RowBlock& block, const RowKey& key,
                      ByteBuffer& out) const {
    switch (column) {
      case StandardColumn::received_at:
        return append_time(key.received_at, out);
      case StandardColumn::uuid:
        return append_number(static_cast<std::int64_t>(key.uuid), out);
      case StandardColumn::uuid_ts:
        return append_time(load_.uuid_ts, out);
      default:
        return append_quoted(block.event, out);
    }
  }

  void write_cell(const LoadColumn& column, const Cell& cell, const RowKey& key,
                  ByteBuffer& out) const {
    if (!column.refused && append_value(column, cell, out)) return;
    load_.value_rejects({key.object, key.line, column.refused.value_or(RejectReason::does_not_fit),
                         column.name, column.type, cell.bytes});
  }

  // False if the value does not fit; then nothing was appended. Number text whose kind is the
  // column's is carried verbatim.
  static bool append_value(const LoadColumn& column, const Cell& cell, ByteBuffer& out) {
    switch (column.type) {
      case ColumnType::varchar:
        if (cell.kind == CellKind::micros) {
          append_time(micros_of(cell), out);
        } else {
          append_quoted(cell.bytes, out);
        }
        return true;
      case ColumnType::timestamp: {
        const auto value = as_timestamp(cell);
        if (value) append_time(*value, out);
        return value.has_value();
      }
      case ColumnType::bigint: {
        if (cell.kind == CellKind::integer) {
          out.append(cell.bytes);
          return true;
        }
        const auto value = as_bigint(cell);
        if (value) append_number(*value, out);
        return value.has_value();
      }
      case ColumnType::double_precision: {
        const Rounding rounding = column.created ? Rounding::nearest : Rounding::none;
        if (!as_double(cell, rounding)) return false;
        out.append(cell.bytes);
        return true;
      }
      case ColumnType::boolean: {
        const auto value = as_boolean(cell);
        if (value) out.append(*value ? 't' : 'f');
        return value.has_value();
      }
    }
    return false;
  }

  const TableLoad& load_;
  std::vector<Held> cells_;  // by column; of the row at hand if `row` says so
  std::array<std::int16_t, slot_end> slots_{};
  std::uint64_t row_ = 0;
};

struct FreeContext {
  void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
};

class PartWriter {
 public:
  PartWriter(const PartOptions& options, const PartSink& sink)
      : options_(options), sink_(sink), context_(ZSTD_createCCtx()) {
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, options.zstd_level);
  }

  // Compresses `text` and cuts the part when it is large enough: between rows, so `text` is whole
  // rows.
  Result<void> add(std::string_view text, PartsWritten& written) {
    written.bytes_plain += text.size();
    compress(text, ZSTD_e_continue);
    if (part_.size() < options_.part_bytes) return {};
    return finish(written);
  }

  Result<void> finish(PartsWritten& written) {
    if (!begun_) return {};
    compress({}, ZSTD_e_end);
    ++written.parts;
    written.bytes_compressed += part_.size();
    DRAY_TRY(sink_(part_.view()));
    part_.clear();
    begun_ = false;
    return {};
  }

 private:
  void compress(std::string_view text, ZSTD_EndDirective directive) {
    begun_ = true;
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    std::size_t left = 0;
    do {
      const std::size_t room = ZSTD_CStreamOutSize();
      const std::size_t before = part_.size();
      ZSTD_outBuffer to{part_.extend(room), room, 0};
      left = ZSTD_compressStream2(context_.get(), &to, &in, directive);
      DRAY_ASSERT(!ZSTD_isError(left));
      part_.truncate(before + to.pos);
    } while (in.pos < in.size || (directive == ZSTD_e_end && left != 0));
  }

  const PartOptions& options_;
  const PartSink& sink_;
  std::unique_ptr<ZSTD_CCtx, FreeContext> context_;
  ByteBuffer part_;
  bool begun_ = false;
};

}  // namespace

Result<PartsWritten> write_parts(const TableLoad& load, const PartOptions& options,
                                 const PartSink& sink) {
  // Text is compressed in pieces that are still in the core's cache.
  constexpr std::size_t piece_bytes = 128U << 10;
  PartsWritten written;
  RowWriter rows(load);
  PartWriter parts(options, sink);
  BlockScratch scratch;
  ByteBuffer text;
  for (std::size_t number = 0; number < load.rows->block_count(); ++number) {
    DRAY_ASSIGN(const RowBlock block, load.rows->rows(number, scratch));
    const char* record = block.records.data();
    for (std::size_t row = 0; row < block.keys.size(); ++row) {
      if (load.rows->is_dropped(block.first_row + row)) {
        record = CellReader(record).end();
        continue;
      }
      record = rows.write(block, row, record, text);
      ++written.rows;
      if (text.size() < piece_bytes) continue;
      DRAY_TRY(parts.add(text.view(), written));
      text.clear();
    }
  }
  if (!text.empty()) DRAY_TRY(parts.add(text.view(), written));
  DRAY_TRY(parts.finish(written));
  return written;
}

}  // namespace dray
