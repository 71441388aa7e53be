#include "load/copy_rows.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <numeric>
#include <utility>

#include "base/short_bytes.h"
#include "base/utf8.h"
#include "model/cast.h"

namespace dray {
namespace {

// What goes to libpq at once: large enough for few calls, small enough to stay in the cache.
constexpr std::size_t piece_bytes = 256U << 10;

// Signature, flags, length of the extension.
constexpr std::string_view copy_header("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);

constexpr Micros year_2000 = 946'684'800'000'000;  // PostgreSQL's epoch

// A field of fixed size, or one whose text is not the event's, with its length.
constexpr std::size_t short_field_bytes_max = 4 + 32;
static_assert(timestamp_text_bytes_max <= 32);

char* put_u16(std::uint16_t value, char* out) {
  const std::uint16_t swapped = __builtin_bswap16(value);
  std::memcpy(out, &swapped, sizeof swapped);
  return out + sizeof swapped;
}

char* put_u32(std::uint32_t value, char* out) {
  const std::uint32_t swapped = __builtin_bswap32(value);
  std::memcpy(out, &swapped, sizeof swapped);
  return out + sizeof swapped;
}

char* put_u64(std::uint64_t value, char* out) {
  const std::uint64_t swapped = __builtin_bswap64(value);
  std::memcpy(out, &swapped, sizeof swapped);
  return out + sizeof swapped;
}

char* put_integer(std::int64_t value, char* out) {
  return put_u64(static_cast<std::uint64_t>(value), put_u32(8, out));
}
char* put_double(double value, char* out) {
  return put_u64(std::bit_cast<std::uint64_t>(value), put_u32(8, out));
}
char* put_micros(Micros micros, char* out) { return put_integer(micros - year_2000, out); }
char* put_boolean(bool value, char* out) {
  out = put_u32(1, out);
  *out = value ? 1 : 0;
  return out + 1;
}
char* put_text(std::string_view text, char* out) {
  return put_bytes(text, put_u32(static_cast<std::uint32_t>(text.size()), out));
}

// NULL is a length of -1.
char* put_nulls(std::size_t count, char* out) {
  std::memset(out, 0xFF, 4 * count);
  return out + 4 * count;
}

static_assert(std::endian::native == std::endian::little);

// Null if it is longer than the column's bound. An id has no NULL to be instead: the server refuses
// it, and names the column.
char* put_varchar(const LoadColumn& column, const Cell& cell, char* out) {
  std::array<char, timestamp_text_bytes_max> time{};
  const std::string_view text =
      cell.kind == CellKind::micros
          ? std::string_view(time.data(), format_timestamp(micros_of(cell), time.data()))
          : cell.bytes;
  const bool is_id = cell.slot == static_cast<Slot>(StandardColumn::id);
  return is_id || fits_bound(column, text) ? put_text(text, out) : nullptr;
}

// Null if the value does not fit.
char* put_cell(const LoadColumn& column, const Cell& cell, char* out) {
  switch (column.type) {
    case ColumnType::varchar:
      return put_varchar(column, cell, out);
    case ColumnType::timestamp: {
      const auto value = as_timestamp(cell);
      return value ? put_micros(*value, out) : nullptr;
    }
    case ColumnType::bigint: {
      const auto value = as_bigint(cell);
      return value ? put_integer(*value, out) : nullptr;
    }
    case ColumnType::double_precision: {
      const auto value = as_double(cell, column.created ? Rounding::nearest : Rounding::none);
      return value ? put_double(*value, out) : nullptr;
    }
    case ColumnType::boolean: {
      const auto value = as_boolean(cell);
      return value ? put_boolean(*value, out) : nullptr;
    }
  }
  return nullptr;
}

// --- the size of a row in its page

std::size_t with_cell(std::size_t before, ColumnType type, const Cell& cell, RowRoom room) {
  if (type != ColumnType::varchar) return with_value(before, type);
  if (cell.kind == CellKind::micros) return with_short_text(before, timestamp_text_bytes_max);
  return with_text(before, cell.bytes, room);
}

std::size_t with_standard(std::size_t before, StandardColumn column, std::string_view event,
                          RowRoom room) {
  if (column == StandardColumn::event) return with_text(before, event, room);
  return with_value(before, ColumnType::timestamp);
}

}  // namespace

bool fits_bound(const LoadColumn& column, std::string_view text) {
  return !column.varchar_bytes || text.size() <= *column.varchar_bytes ||
         utf8_characters(text) <= *column.varchar_bytes;
}

Result<void> CopyStream::begin(const Sql& sql) {
  buffer_.clear();
  DRAY_TRY(connection_.begin_copy(sql));
  buffer_.append(copy_header);
  return {};
}

void CopyStream::begin_row(std::size_t fields) {
  put_u16(static_cast<std::uint16_t>(fields), buffer_.extend(2));
}

void CopyStream::put_null() { put_nulls(1, buffer_.extend(4)); }
void CopyStream::put(std::int64_t value) { put_integer(value, buffer_.extend(12)); }
void CopyStream::put(bool value) { put_boolean(value, buffer_.extend(5)); }
void CopyStream::put(double value) { put_double(value, buffer_.extend(12)); }
void CopyStream::put_time(Micros micros) { put_micros(micros, buffer_.extend(12)); }

void CopyStream::put(std::string_view text) {
  put_u32(static_cast<std::uint32_t>(text.size()), buffer_.extend(4));
  buffer_.append(text);
}

void CopyStream::put(const PlainValue& value) {
  struct Visitor {
    CopyStream& out;
    void operator()(std::monostate) const { out.put_null(); }
    void operator()(bool v) const { out.put(v); }
    void operator()(std::int64_t v) const { out.put(v); }
    void operator()(double v) const { out.put(v); }
    void operator()(std::string_view v) const { out.put(v); }
    void operator()(Timestamp v) const { out.put_time(to_micros(v)); }
  };
  std::visit(Visitor{*this}, value);
}

Result<void> CopyStream::pass_on() {
  if (buffer_.size() < piece_bytes) return {};
  DRAY_TRY(connection_.put_copy(buffer_.view()));
  buffer_.clear();
  return {};
}

Result<std::uint64_t> CopyStream::end() {
  put_u16(0xFFFF, buffer_.extend(2));
  DRAY_TRY(connection_.put_copy(buffer_.view()));
  buffer_.clear();
  return connection_.end_copy();
}

StagedRowWriter::StagedRowWriter(const RowsToLoad& load, const RowLayout& layout, RowRoom room,
                                 ValueRejectSink value_rejects)
    : load_(load),
      layout_(layout),
      room_(room),
      value_rejects_(std::move(value_rejects)),
      cells_(load.columns.size()),
      standard_(load.columns.size() / 64 + 1) {
  slots_.fill(no_column);
  for (std::size_t i = 0; i < load.columns.size(); ++i) {
    const LoadColumn& column = load.columns[i];
    fields_.push_back(static_cast<std::uint32_t>(field_count_));
    if (!column.standard) slots_[column.slot] = static_cast<std::int16_t>(i);
    if (column.refused) continue;
    ++field_count_;
    if (column.standard) standard_[i / 64] |= std::uint64_t{1} << (i % 64);
  }
}

const char* StagedRowWriter::write(const RowBlock& block, std::size_t row, const char* record,
                                   ByteBuffer& out) {
  const RowKey& key = block.keys[row];
  const char* const end = place_cells(record, key);
  has_refused_ = false;
  if (room_ == RowRoom::certain) drop_what_no_index_takes(key);
  if (has_refused_) return end;
  if (present_count() > layout_.values_always_fitting) make_room(key, block.event);
  const std::size_t bytes_max = 2 + field_count_ * short_field_bytes_max + block.event.size() +
                                static_cast<std::size_t>(end - record);
  char* at = put_u16(static_cast<std::uint16_t>(field_count_), out.extend(bytes_max));
  std::size_t done = 0;  // fields written
  for (std::size_t word = 0; word < present_.size(); ++word) {
    for (std::uint64_t bits = present_[word]; bits != 0; bits &= bits - 1) {
      const std::size_t i = word * 64 + static_cast<std::size_t>(std::countr_zero(bits));
      at = put_nulls(fields_[i] - done, at);
      done = fields_[i];
      char* const behind = put_field(i, block, key, at);
      if (behind == nullptr) continue;
      at = behind;
      ++done;
    }
  }
  at = put_nulls(field_count_ - done, at);
  out.truncate(static_cast<std::size_t>(at - out.data()));
  return end;
}

// Sorts the cells by column; tells those of refused columns.
const char* StagedRowWriter::place_cells(const char* record, const RowKey& key) {
  present_ = standard_;
  CellReader reader(record);
  for (Cell cell; reader.next(cell);) {
    if (slots_[cell.slot] == no_column) continue;
    const auto i = static_cast<std::size_t>(slots_[cell.slot]);
    cells_[i] = cell;
    if (load_.columns[i].refused) {
      tell(i, *load_.columns[i].refused, key);
    } else {
      present_[i / 64] |= std::uint64_t{1} << (i % 64);
    }
  }
  return reader.end();
}

std::size_t StagedRowWriter::present_count() const {
  std::size_t count = 0;
  for (const std::uint64_t word : present_)
    count += static_cast<std::size_t>(std::popcount(word));
  return count;
}

// Takes away what the row has no room for, from the end of the table's columns; the columns that
// every table of Dray's has always find it.
void StagedRowWriter::make_room(const RowKey& key, std::string_view event) {
  std::size_t reserved = 0;
  const auto is_kept = [&](std::size_t i) {
    return load_.columns[i].standard || load_.columns[i].slot < property_slot_first;
  };
  const auto with = [&](std::size_t before, std::size_t i) {
    const LoadColumn& column = load_.columns[i];
    return column.standard ? with_standard(before, *column.standard, event, room_)
                           : with_cell(before, column.type, cells_[i], room_);
  };
  for (const std::size_t i : layout_.order) {
    if (is_present(i) && is_kept(i)) reserved = aligned_row(with(reserved, i));
  }
  std::size_t bytes =
      row_bytes_before_values(layout_.table_columns) + reserved + layout_.bytes_of_others;
  for (const std::size_t i : layout_.order) {
    if (!is_present(i) || is_kept(i)) continue;
    const std::size_t larger = with(bytes, i);
    if (aligned_row(larger) <= row_bytes_max) {
      bytes = larger;
      continue;
    }
    present_[i / 64] &= ~(std::uint64_t{1} << (i % 64));
    tell(i, RejectReason::row_too_wide, key);
  }
}

void StagedRowWriter::drop_what_no_index_takes(const RowKey& key) {
  for (const std::uint32_t i : layout_.indexed) {
    if (!is_present(i) || load_.columns[i].standard) continue;
    if (cells_[i].kind == CellKind::micros ||
        cells_[i].bytes.size() <= layout_.indexed_text_bytes_max)
      continue;
    present_[i / 64] &= ~(std::uint64_t{1} << (i % 64));
    tell(i, RejectReason::row_too_wide, key);
    // The one column that is never NULL.
    if (load_.columns[i].name == facts(StandardColumn::id).name) has_refused_ = true;
  }
}

// Null if the value does not fit its column.
char* StagedRowWriter::put_field(std::size_t i, const RowBlock& block, const RowKey& key,
                                 char* out) {
  const LoadColumn& column = load_.columns[i];
  if (column.standard) return put_standard(i, block, key, out);
  char* const behind = put_cell(column, cells_[i], out);
  if (behind == nullptr) tell(i, RejectReason::does_not_fit, key);
  return behind;
}

char* StagedRowWriter::put_standard(std::size_t i, const RowBlock& block, const RowKey& key,
                                    char* out) {
  switch (*load_.columns[i].standard) {
    case StandardColumn::received_at:
      return put_micros(key.received_at, out);
    case StandardColumn::uuid:
      return put_integer(static_cast<std::int64_t>(key.uuid), out);
    case StandardColumn::uuid_ts:
      return put_micros(load_.uuid_ts, out);
    case StandardColumn::event: {
      // This one alone of the standard columns may have been given another type, or a bound.
      cells_[i] = {static_cast<Slot>(StandardColumn::event), CellKind::text, block.event};
      char* const behind = put_cell(load_.columns[i], cells_[i], out);
      if (behind == nullptr) tell(i, RejectReason::does_not_fit, key);
      return behind;
    }
    default:
      DRAY_ASSERT(false);
  }
}

void StagedRowWriter::tell(std::size_t i, RejectReason reason, const RowKey& key) const {
  const LoadColumn& column = load_.columns[i];
  const Cell& cell = cells_[i];
  std::array<char, timestamp_text_bytes_max> text{};
  const std::string_view value =
      cell.kind == CellKind::micros
          ? std::string_view(text.data(), format_timestamp(micros_of(cell), text.data()))
          : cell.bytes;
  value_rejects_({key.object, key.line, reason, column.name, column.type, value});
}

}  // namespace dray
