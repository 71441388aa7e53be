// Where the values of a staged row belong among the columns of its load, and what becomes of them
// there: values of their columns' types, or rejects. One place for all forms that rows are written
// in: files (stage/parts.h), PostgreSQL's COPY, DuckDB's vectors.
//
// A form is an Out, which is handed one value of one row at a time:
//
//   static constexpr bool takes_number_text;  // a number as the text that it was, if it can be
//   bool put_text(std::size_t column, const Cell& cell, std::string_view text);
//   bool put_copied_text(...);                // the same, of a text that lives for the call only
//   void put_time(Micros);
//   void put_boolean(bool);
//   void put_integer(std::int64_t);
//   void put_double(double);                  // unless takes_number_text
//   void put_integer_text(std::string_view);  // if takes_number_text
//   void put_double_text(std::string_view);   // likewise
//
// A text that has no room in its column is false, and becomes a reject like any other value that
// does not fit.
//
// Threads: a RowShape may be used by several; each has an Out, and a PlacedRow, of its own.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "model/cast.h"
#include "model/record.h"
#include "model/staged.h"

namespace dray {

// A cell's text as a person reads it. Borrows the cell's.
class CellText {
 public:
  explicit CellText(const Cell& cell)
      : text_(cell.kind == CellKind::micros
                  ? std::string_view(time_.data(), format_timestamp(micros_of(cell), time_.data()))
                  : cell.bytes) {}
  CellText(const CellText&) = delete;
  CellText& operator=(const CellText&) = delete;
  std::string_view view() const { return text_; }

 private:
  std::array<char, timestamp_text_bytes_max> time_{};
  std::string_view text_;
};

class RowShape {
 public:
  // Borrows both. What does not fit is told to `value_rejects`.
  RowShape(const TableLoad& load, const ValueRejectSink& value_rejects);
  explicit RowShape(const TableLoad& load) : RowShape(load, load.value_rejects) {}

  std::size_t size() const { return kinds_.size(); }
  const LoadColumn& column(std::size_t i) const { return load_->columns[i]; }

  // The columns whose value every row has in its key, in order; without those that are refused.
  const std::vector<std::size_t>& filled() const { return filled_; }

  // Calls visit(column, cell) for the cells of a row that have a column. The first is `event`,
  // which its block has, the others come as the event had them. Those of refused columns are told
  // instead. Returns the record behind this one.
  template <typename Visit>
  const char* each_cell(const RowBlock& block, const RowKey& key, const char* record,
                        Visit visit) const {
    if (event_ != no_column) {
      give({static_cast<Slot>(StandardColumn::event), CellKind::text, block.event}, event_, key,
           visit);
    }
    CellReader cells(record);
    for (Cell cell; cells.next(cell);) {
      const std::int16_t at = slots_[cell.slot];
      if (at != no_column) give(cell, at, key, visit);
    }
    return cells.end();
  }

  // The value of one of filled().
  template <typename Out>
  void put_filled(std::size_t i, const RowKey& key, Out& out) const {
    switch (*column(i).standard) {
      case StandardColumn::received_at:
        return out.put_time(key.received_at);
      case StandardColumn::uuid:
        return out.put_integer(static_cast<std::int64_t>(key.uuid));
      case StandardColumn::uuid_ts:
        return out.put_time(load_->uuid_ts);
      default:
        DRAY_ASSERT(false);
    }
  }

  // The value of a cell. If it does not fit without loss it is told, and false.
  template <typename Out>
  bool put(std::size_t i, const Cell& cell, const RowKey& key, Out& out) const {
    if (put_value(i, cell, out)) return true;
    tell(i, RejectReason::does_not_fit, cell, key);
    return false;
  }

  void tell(std::size_t i, RejectReason reason, const Cell& cell, const RowKey& key) const;

 private:
  static constexpr std::int16_t no_column = -1;

  // What the loops ask of a column, close together.
  struct Kind {
    ColumnType type = ColumnType::varchar;
    Rounding rounding = Rounding::none;
    bool is_refused = false;
  };

  template <typename Visit>
  void give(const Cell& cell, std::int16_t at, const RowKey& key, Visit& visit) const {
    const auto i = static_cast<std::size_t>(at);
    if (kinds_[i].is_refused) return tell(i, *column(i).refused, cell, key);
    visit(i, cell);
  }

  template <typename Out>
  bool put_value(std::size_t i, const Cell& cell, Out& out) const {
    switch (kinds_[i].type) {
      case ColumnType::varchar:
        if (cell.kind != CellKind::micros) return out.put_text(i, cell, cell.bytes);
        return out.put_copied_text(i, cell, CellText(cell).view());
      case ColumnType::timestamp:
        return put_if(as_timestamp(cell), [&](Micros value) { out.put_time(value); });
      case ColumnType::bigint:
        if constexpr (Out::takes_number_text) {
          if (cell.kind == CellKind::integer) {
            out.put_integer_text(cell.bytes);
            return true;
          }
        }
        return put_if(as_bigint(cell), [&](std::int64_t value) { out.put_integer(value); });
      case ColumnType::double_precision:
        return put_double(cell, kinds_[i].rounding, out);
      case ColumnType::boolean:
        return put_if(as_boolean(cell), [&](bool value) { out.put_boolean(value); });
    }
    return false;
  }

  template <typename Out>
  static bool put_double(const Cell& cell, Rounding rounding, Out& out) {
    if constexpr (Out::takes_number_text) {
      // Every real is near to a double, and that is how near a double's column is.
      const bool fits = cell.kind == CellKind::real || as_double(cell, rounding);
      if (fits) out.put_double_text(cell.bytes);
      return fits;
    } else {
      return put_if(as_double(cell, rounding), [&](double value) { out.put_double(value); });
    }
  }

  template <typename Value, typename Put>
  static bool put_if(const std::optional<Value>& value, Put put) {
    if (value) put(*value);
    return value.has_value();
  }

  const TableLoad* load_;
  const ValueRejectSink* value_rejects_;
  std::vector<Kind> kinds_;                     // by column
  std::vector<std::size_t> filled_;             // columns
  std::int16_t event_ = no_column;              // the column
  std::array<std::int16_t, slot_end> slots_{};  // to the column
};

// The cells of one row by their columns, for a form whose fields stand in the columns' order.
class PlacedRow {
 public:
  // Borrows the shape.
  explicit PlacedRow(const RowShape& shape);

  // Takes the row in place of the one before, whose cells it borrows. Tells the cells of refused
  // columns. Returns the record behind this one.
  const char* place(const RowBlock& block, const RowKey& key, const char* record) {
    present_ = filled_;
    return shape_->each_cell(block, key, record, [this](std::size_t i, const Cell& cell) {
      cells_[i] = cell;
      present_[i / 64] |= std::uint64_t{1} << (i % 64);
    });
  }

  // Whether there is a value for the column, and whether it comes from the row's key instead of a
  // cell.
  bool has(std::size_t i) const { return (present_[i / 64] >> (i % 64) & 1) != 0; }
  bool is_filled(std::size_t i) const { return (filled_[i / 64] >> (i % 64) & 1) != 0; }
  const Cell& cell(std::size_t i) const { return cells_[i]; }
  void leave_out(std::size_t i) { present_[i / 64] &= ~(std::uint64_t{1} << (i % 64)); }
  std::size_t count() const;

  // visit(column) for each that there is a value for, in their order.
  template <typename Visit>
  void each(Visit visit) const {
    for (std::size_t word = 0; word < present_.size(); ++word) {
      for (std::uint64_t bits = present_[word]; bits != 0; bits &= bits - 1)
        visit(word * 64 + static_cast<std::size_t>(std::countr_zero(bits)));
    }
  }

  // The value of column i, as RowShape puts it.
  template <typename Out>
  bool put(std::size_t i, const RowKey& key, Out& out) const {
    if (!is_filled(i)) return shape_->put(i, cells_[i], key, out);
    shape_->put_filled(i, key, out);
    return true;
  }

 private:
  const RowShape* shape_;
  std::vector<Cell> cells_;             // by column; of the row at hand where present
  std::vector<std::uint64_t> present_;  // a bit per column
  std::vector<std::uint64_t> filled_;   // the same for those that every row has
};

// The text of what a column holds of an id, which somebody may have given another type; nothing if
// it does not fit. Of a varchar without bound.
std::optional<std::string> id_text(ColumnType type, const Cell& cell);

}  // namespace dray
