// Rows as PostgreSQL's binary COPY takes them (documentation of COPY, "Binary Format"): half the
// work of text on the server's side, which is the slower one, and nothing to escape.
//
// Only load/postgres*.cpp include this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "base/result.h"
#include "base/time.h"
#include "load/postgres_row.h"
#include "load/warehouse.h"
#include "model/staged.h"
#include "sql/pq_connection.h"
#include "stage/row_shape.h"

namespace dray {

// Rows in memory, as COPY takes them.
class CopyRows {
 public:
  // A row is begin_row() and that many fields.
  void begin_row(std::size_t fields);
  void put_null();
  void put(std::int64_t value);
  void put(bool value);
  void put(double value);
  void put(std::string_view text);
  void put_time(Micros micros);
  void put(const PlainValue& value);
  // Whoever writes rows by itself writes here.
  ByteBuffer& buffer() { return buffer_; }
  std::string_view view() const { return buffer_.view(); }

 private:
  ByteBuffer buffer_;
};

// A COPY ... FROM STDIN (FORMAT binary) in progress. Borrows the connection.
class CopyStream : public CopyRows {
 public:
  explicit CopyStream(PqConnection& connection) : connection_(connection) {}

  Result<void> begin(const Sql& sql);
  // After each row or some: sends what has gathered.
  Result<void> pass_on();
  // Sends rows that were made before.
  Result<void> pass_on(const CopyRows& rows);
  Result<std::uint64_t> end();  // rows

 private:
  Result<void> send();

  PqConnection& connection_;
};

// How many values every row has room for, whatever they are.
constexpr std::size_t columns_always_fitting = 330;

// What an index other than a hash takes for certain of a row's texts, all its columns together: a
// third of a page for a B-tree (2,704 bytes).
constexpr std::size_t index_row_bytes_max = 2'600;

// Where the columns of a load lie in their table. A row of PostgreSQL's must fit a page, long
// values aside, and whether it does depends on their order.
struct RowLayout {
  std::vector<std::uint32_t> order;  // load columns, by their place in the table
  std::size_t table_columns = 0;     // dropped ones included
  // What columns take that others filled: defaults, generated ones.
  std::size_t bytes_of_others = 0;
  std::size_t values_always_fitting = columns_always_fitting;
  std::vector<std::uint32_t> indexed;  // load columns of text that somebody's index has
  std::size_t indexed_text_bytes_max = index_row_bytes_max;

  // Whether there may be rows that the server refuses for their size.
  bool may_be_refused(std::size_t load_columns) const {
    return load_columns > values_always_fitting || !indexed.empty();
  }
};

// Whether a text has room in the column, whose bound counts characters.
bool fits_bound(const LoadColumn& column, std::string_view text);

// Staged rows with the columns of a load that are not refused, in their order. A value that does
// not fit its column is NULL, and so is one that its row has no room for; both are told.
class StagedRowWriter {
 public:
  // Borrows load and layout. With RowRoom::certain the server takes every row; with `likely`
  // nothing is refused that would have had room, but for what it says in postgres_row.h.
  StagedRowWriter(const RowsToLoad& load, const RowLayout& layout, RowRoom room,
                  ValueRejectSink value_rejects);

  // Appends the row to `out`; returns the record behind this one.
  const char* write(const RowBlock& block, std::size_t row, const char* record, ByteBuffer& out);
  // Whether the last row was not appended after all, because somebody's index has no room for its
  // id. It was told.
  bool has_refused() const { return has_refused_; }

 private:
  class Out;

  void make_room(const RowKey& key);
  void drop_what_no_index_takes(const RowKey& key);
  std::size_t with(std::size_t before, std::size_t i) const;
  void leave_out(std::size_t i, const RowKey& key);

  const RowLayout& layout_;
  bool has_refused_ = false;
  const RowRoom room_;
  const ValueRejectSink value_rejects_;
  const RowShape shape_;
  PlacedRow placed_;                   // the row at hand
  std::vector<std::uint32_t> fields_;  // the field before each column, by column
  std::size_t field_count_ = 0;
};

}  // namespace dray
