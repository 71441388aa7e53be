#include "stage/row_shape.h"

#include "base/numbers.h"
#include "model/standard_columns.h"

namespace dray {

RowShape::RowShape(const TableLoad& load, const ValueRejectSink& value_rejects)
    : load_(&load), value_rejects_(&value_rejects) {
  slots_.fill(no_column);
  for (std::size_t i = 0; i < load.columns.size(); ++i) {
    const LoadColumn& column = load.columns[i];
    kinds_.push_back({column.type, column.created ? Rounding::nearest : Rounding::none,
                      column.refused.has_value()});
    const auto at = static_cast<std::int16_t>(i);
    if (!column.standard) {
      slots_[column.slot] = at;
    } else if (*column.standard == StandardColumn::event) {
      event_ = at;
    } else if (!column.refused) {
      // No table whose column has another type is planned for (schema/plan.h).
      DRAY_ASSERT(column.type == facts(*column.standard).type);
      filled_.push_back(i);
    }
  }
}

void RowShape::tell(std::size_t i, RejectReason reason, const Cell& cell, const RowKey& key) const {
  const LoadColumn& of = column(i);
  const CellText text(cell);
  (*value_rejects_)({key.object, key.line, reason, of.name, of.type, text.view()});
}

PlacedRow::PlacedRow(const RowShape& shape)
    : shape_(&shape), cells_(shape.size()), filled_(shape.size() / 64 + 1) {
  for (const std::size_t i : shape.filled())
    filled_[i / 64] |= std::uint64_t{1} << (i % 64);
}

std::size_t PlacedRow::count() const {
  std::size_t count = 0;
  for (const std::uint64_t word : present_)
    count += static_cast<std::size_t>(std::popcount(word));
  return count;
}

std::optional<std::string> id_text(ColumnType type, const Cell& cell) {
  switch (type) {
    case ColumnType::varchar:
      return std::string(CellText(cell).view());
    case ColumnType::bigint:
      if (const auto value = as_bigint(cell)) return std::to_string(*value);
      return std::nullopt;
    case ColumnType::double_precision:
      if (const auto value = as_double(cell, Rounding::none)) return double_text(*value);
      return std::nullopt;
    case ColumnType::boolean:
      if (const auto value = as_boolean(cell)) return *value ? "true" : "false";
      return std::nullopt;
    case ColumnType::timestamp:
      if (const auto value = as_timestamp(cell)) return format_timestamp(*value);
      return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace dray
