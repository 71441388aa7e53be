#include "load/copy_rows.h"

#include <bit>
#include <cstring>
#include <utility>

#include "base/short_bytes.h"
#include "base/utf8.h"

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

// --- the size of a row in its page

std::size_t with_cell(std::size_t before, ColumnType type, const Cell& cell, RowRoom room) {
  if (type != ColumnType::varchar) return with_value(before, type);
  if (cell.kind == CellKind::micros) return with_short_text(before, timestamp_text_bytes_max);
  return with_text(before, cell.bytes, room);
}

}  // namespace

bool fits_bound(const LoadColumn& column, std::string_view text) {
  return !column.varchar_bytes || text.size() <= *column.varchar_bytes ||
         utf8_characters(text) <= *column.varchar_bytes;
}

void CopyRows::begin_row(std::size_t fields) {
  put_u16(static_cast<std::uint16_t>(fields), buffer_.extend(2));
}

void CopyRows::put_null() { put_nulls(1, buffer_.extend(4)); }
void CopyRows::put(std::int64_t value) { put_integer(value, buffer_.extend(12)); }
void CopyRows::put(bool value) { put_boolean(value, buffer_.extend(5)); }
void CopyRows::put(double value) { put_double(value, buffer_.extend(12)); }
void CopyRows::put_time(Micros micros) { put_micros(micros, buffer_.extend(12)); }

void CopyRows::put(std::string_view text) {
  put_u32(static_cast<std::uint32_t>(text.size()), buffer_.extend(4));
  buffer_.append(text);
}

void CopyRows::put(const PlainValue& value) {
  struct Visitor {
    CopyRows& out;
    void operator()(std::monostate) const { out.put_null(); }
    void operator()(bool v) const { out.put(v); }
    void operator()(std::int64_t v) const { out.put(v); }
    void operator()(double v) const { out.put(v); }
    void operator()(std::string_view v) const { out.put(v); }
    void operator()(Timestamp v) const { out.put_time(to_micros(v)); }
  };
  std::visit(Visitor{*this}, value);
}

Result<void> CopyStream::begin(const Sql& sql) {
  buffer().clear();
  DRAY_TRY(connection_.begin_copy(sql));
  buffer().append(copy_header);
  return {};
}

Result<void> CopyStream::send() {
  DRAY_TRY(connection_.put_copy(buffer().view()));
  buffer().clear();
  return {};
}

Result<void> CopyStream::pass_on() {
  return buffer().size() < piece_bytes ? Result<void>() : send();
}

Result<void> CopyStream::pass_on(const CopyRows& rows) {
  DRAY_TRY(send());
  return connection_.put_copy(rows.view());
}

Result<std::uint64_t> CopyStream::end() {
  put_u16(0xFFFF, buffer().extend(2));
  DRAY_TRY(send());
  return connection_.end_copy();
}

// A row's fields, one behind the other.
class StagedRowWriter::Out {
 public:
  static constexpr bool takes_number_text = false;

  Out(const RowShape& shape, char* at) : shape_(shape), at_(at) {}

  // A text that is longer than the column's bound does not fit. But an id has no NULL to be
  // instead: the server refuses it, and names the column.
  bool put_text(std::size_t i, const Cell& cell, std::string_view text) {
    const bool is_id = cell.slot == static_cast<Slot>(StandardColumn::id);
    if (!is_id && !fits_bound(shape_.column(i), text)) return false;
    at_ = dray::put_text(text, at_);
    return true;
  }
  bool put_copied_text(std::size_t i, const Cell& cell, std::string_view text) {
    return put_text(i, cell, text);
  }
  void put_time(Micros value) { at_ = put_micros(value, at_); }
  void put_boolean(bool value) { at_ = dray::put_boolean(value, at_); }
  void put_integer(std::int64_t value) { at_ = dray::put_integer(value, at_); }
  void put_double(double value) { at_ = dray::put_double(value, at_); }
  void put_nulls(std::size_t count) { at_ = dray::put_nulls(count, at_); }

  const char* end() const { return at_; }

 private:
  const RowShape& shape_;
  char* at_;
};

StagedRowWriter::StagedRowWriter(const RowsToLoad& load, const RowLayout& layout, RowRoom room,
                                 ValueRejectSink value_rejects)
    : layout_(layout),
      room_(room),
      value_rejects_(std::move(value_rejects)),
      shape_(load, value_rejects_),
      placed_(shape_) {
  for (const LoadColumn& column : load.columns) {
    fields_.push_back(static_cast<std::uint32_t>(field_count_));
    if (!column.refused) ++field_count_;
  }
}

const char* StagedRowWriter::write(const RowBlock& block, std::size_t row, const char* record,
                                   ByteBuffer& out) {
  const RowKey& key = block.keys[row];
  const char* const end = placed_.place(block, key, record);
  has_refused_ = false;
  if (room_ == RowRoom::certain) drop_what_no_index_takes(key);
  if (has_refused_) return end;
  if (placed_.count() > layout_.values_always_fitting) make_room(key);
  const std::size_t bytes_max = 2 + field_count_ * short_field_bytes_max + block.event.size() +
                                static_cast<std::size_t>(end - record);
  Out fields(shape_, put_u16(static_cast<std::uint16_t>(field_count_), out.extend(bytes_max)));
  std::size_t done = 0;  // fields written
  placed_.each([&](std::size_t i) {
    fields.put_nulls(fields_[i] - done);
    done = fields_[i] + (placed_.put(i, key, fields) ? 1U : 0U);
  });
  fields.put_nulls(field_count_ - done);
  out.truncate(static_cast<std::size_t>(fields.end() - out.data()));
  return end;
}

// Where the value of column i ends that begins behind `before` bytes.
std::size_t StagedRowWriter::with(std::size_t before, std::size_t i) const {
  if (placed_.is_filled(i)) return with_value(before, shape_.column(i).type);
  return with_cell(before, shape_.column(i).type, placed_.cell(i), room_);
}

// Takes away what the row has no room for, from the end of the table's columns; the columns that
// every table of Dray's has always find it.
void StagedRowWriter::make_room(const RowKey& key) {
  std::size_t reserved = 0;
  const auto is_kept = [&](std::size_t i) {
    return shape_.column(i).standard || shape_.column(i).slot < property_slot_first;
  };
  for (const std::size_t i : layout_.order) {
    if (placed_.has(i) && is_kept(i)) reserved = aligned_row(with(reserved, i));
  }
  std::size_t bytes =
      row_bytes_before_values(layout_.table_columns) + reserved + layout_.bytes_of_others;
  for (const std::size_t i : layout_.order) {
    if (!placed_.has(i) || is_kept(i)) continue;
    const std::size_t larger = with(bytes, i);
    if (aligned_row(larger) <= row_bytes_max) {
      bytes = larger;
    } else {
      leave_out(i, key);
    }
  }
}

void StagedRowWriter::drop_what_no_index_takes(const RowKey& key) {
  for (const std::uint32_t i : layout_.indexed) {
    if (!placed_.has(i) || placed_.cell(i).kind == CellKind::micros ||
        placed_.cell(i).bytes.size() <= layout_.indexed_text_bytes_max)
      continue;
    leave_out(i, key);
    // The one column that is never NULL.
    if (shape_.column(i).name == facts(StandardColumn::id).name) has_refused_ = true;
  }
}

void StagedRowWriter::leave_out(std::size_t i, const RowKey& key) {
  placed_.leave_out(i);
  shape_.tell(i, RejectReason::row_too_wide, placed_.cell(i), key);
}

}  // namespace dray
