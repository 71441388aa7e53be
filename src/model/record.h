// How one row lies in memory and in the spill file between transform and load.
//
// A record is its size and its cells back to back; absent cells are NULL. A cell is a header and
// its bytes. Values stay the text they were in the event, so that a column's type may be decided
// after its values were written: number text is verbatim, a string has its escapes resolved.
//
//   record   u32 size of the cells in bytes, then the cells
//   cell     u16 slot << 3 | kind, u16 size (0xFFFF: a u32 size follows), bytes
//
// Native byte order: records never leave the process that wrote them.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

#include "base/byte_buffer.h"
#include "base/short_bytes.h"
#include "base/time.h"

namespace dray {

enum class CellKind : std::uint8_t {
  text,       // a string
  time_text,  // a string that parse_timestamp() takes
  integer,    // a JSON number without fraction and exponent that fits 64 bits
  real,       // any other JSON number that some double is near to
  huge,       // a JSON number that no double can hold
  boolean,    // "true" or "false"
  micros,     // 8 bytes: Micros, for the standard times
  array,      // JSON text
};

// Which column of a table a cell belongs to. Slots below context_slot_first are the table's own:
// the standard columns under their StandardColumn number, then its properties as they were first
// seen. The others are the source's context columns, shared by all its tables.
using Slot = std::uint16_t;
constexpr Slot property_slot_first = 16;
constexpr Slot context_slot_first = 4096;
constexpr Slot slot_end = 8192;

// What the load needs to know of every row, kept apart from the record so that duplicates are found
// without reading rows.
struct RowKey {
  std::uint64_t uuid = 0;   // xxh3(id): the column `uuid`
  std::uint64_t check = 0;  // xxh3(id) under the run's secret seed; equal pairs mean equal ids
  Micros received_at = 0;
  std::uint32_t object = 0;  // number of the object within the run, in key order
  std::uint32_t line = 0;
};
static_assert(sizeof(RowKey) == 32);

struct Cell {
  Slot slot = 0;
  CellKind kind = CellKind::text;
  std::string_view bytes;
};

inline Micros micros_of(const Cell& cell) {
  Micros value = 0;
  std::memcpy(&value, cell.bytes.data(), sizeof value);
  return value;
}

// Appends cells to a buffer: begin(), cell()..., end().
class RecordWriter {
 public:
  explicit RecordWriter(ByteBuffer& out) : out_(out) {}

  void begin() {
    start_ = out_.size();
    out_.extend(sizeof(std::uint32_t));
  }
  void cell(Slot slot, CellKind kind, std::string_view bytes) {
    const bool is_long = bytes.size() >= long_size;
    const std::uint16_t header[2] = {
        static_cast<std::uint16_t>(static_cast<unsigned>(slot) << 3 | static_cast<unsigned>(kind)),
        is_long ? long_size : static_cast<std::uint16_t>(bytes.size())};
    char* at = out_.extend(sizeof header + (is_long ? sizeof(std::uint32_t) : 0) + bytes.size());
    std::memcpy(at, header, sizeof header);
    at += sizeof header;
    if (is_long) {
      const auto size = static_cast<std::uint32_t>(bytes.size());
      std::memcpy(at, &size, sizeof size);
      at += sizeof size;
    }
    put_bytes(bytes, at);
  }
  void cell(Slot slot, Micros micros) {
    cell(slot, CellKind::micros, {reinterpret_cast<const char*>(&micros), sizeof micros});
  }
  void end() {
    const auto size = static_cast<std::uint32_t>(out_.size() - start_ - sizeof(std::uint32_t));
    std::memcpy(out_.data() + start_, &size, sizeof size);
  }

  static constexpr std::uint16_t long_size = 0xFFFF;

 private:
  ByteBuffer& out_;
  std::size_t start_ = 0;
};

// Walks the cells of one record: for (CellReader cells(record); cells.next(cell);)
class CellReader {
 public:
  // `at` is a record's first byte. The record must be one that RecordWriter made.
  explicit CellReader(const char* at) {
    std::uint32_t size = 0;
    std::memcpy(&size, at, sizeof size);
    at_ = at + sizeof size;
    end_ = at_ + size;
  }
  bool next(Cell& cell) {
    if (at_ == end_) return false;
    std::uint16_t header[2];
    std::memcpy(header, at_, sizeof header);
    at_ += sizeof header;
    std::size_t size = header[1];
    if (size == RecordWriter::long_size) {
      std::uint32_t long_size = 0;
      std::memcpy(&long_size, at_, sizeof long_size);
      at_ += sizeof long_size;
      size = long_size;
    }
    cell.slot = static_cast<Slot>(header[0] >> 3);
    cell.kind = static_cast<CellKind>(header[0] & 7);
    cell.bytes = {at_, size};
    at_ += size;
    return true;
  }
  // The record behind this one.
  const char* end() const { return end_; }

 private:
  const char* at_;
  const char* end_;
};

}  // namespace dray
