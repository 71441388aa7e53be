#include "load/duckdb_chunk_writer.h"

#include <cstring>

#include "base/result.h"
#include "base/time.h"
#include "model/cast.h"

namespace dray {

ChunkWriter::ChunkWriter(const RowsToLoad& load, duckdb_data_chunk chunk) : load_(load) {
  slots_.fill(absent);
  for (std::size_t i = 0; i < load.columns.size(); ++i) {
    const LoadColumn& column = load.columns[i];
    if (column.refused) {
      if (!column.standard) slots_[column.slot] = static_cast<std::int16_t>(i);
      vectors_.push_back({});
      continue;
    }
    duckdb_vector vector = duckdb_data_chunk_get_vector(chunk, shown_++);
    duckdb_vector_ensure_validity_writable(vector);
    Target target{vector, duckdb_vector_get_data(vector), duckdb_vector_get_validity(vector)};
    std::memset(target.validity, 0, duckdb_vector_size() / 8);
    vectors_.push_back(target);
    if (!column.standard) {
      slots_[column.slot] = static_cast<std::int16_t>(i);
    } else {
      standard_.push_back(i);
    }
  }
}

const char* ChunkWriter::write(const RowBlock& block, std::size_t block_row, const char* record,
                               idx_t row) {
  const RowKey& key = block.keys[block_row];
  for (const std::size_t i : standard_)
    write_standard(i, block, key, row);
  CellReader cells(record);
  for (Cell cell; cells.next(cell);) {
    const std::int16_t at = slots_[cell.slot];
    if (at != absent) write_cell(static_cast<std::size_t>(at), cell, key, row);
  }
  return cells.end();
}

void ChunkWriter::put_text(Target& target, idx_t row, std::string_view text) {
  duckdb_string_t value{};
  if (text.size() > sizeof value.value.inlined.inlined) {
    text_bytes_ += text.size();
    value.value.pointer.length = static_cast<std::uint32_t>(text.size());
    std::memcpy(value.value.pointer.prefix, text.data(), sizeof value.value.pointer.prefix);
    value.value.pointer.ptr = const_cast<char*>(text.data());
  } else {
    value.value.inlined.length = static_cast<std::uint32_t>(text.size());
    std::memcpy(value.value.inlined.inlined, text.data(), text.size());
  }
  put(target, row, value);
}

void ChunkWriter::write_standard(std::size_t i, const RowBlock& block, const RowKey& key,
                                 idx_t row) {
  Target& target = vectors_[i];
  switch (*load_.columns[i].standard) {
    case StandardColumn::received_at:
      return put(target, row, key.received_at);
    case StandardColumn::uuid:
      return put(target, row, key.uuid);
    case StandardColumn::uuid_ts:
      return put(target, row, load_.uuid_ts);
    case StandardColumn::event:
      return put_text(target, row, block.event);
    default:
      DRAY_ASSERT(false);
  }
}

void ChunkWriter::write_cell(std::size_t i, const Cell& cell, const RowKey& key, idx_t row) {
  const LoadColumn& column = load_.columns[i];
  Target& target = vectors_[i];
  if (column.refused) return reject(column, *column.refused, cell, key);
  switch (column.type) {
    case ColumnType::varchar:
      return write_varchar(target, cell, row);
    case ColumnType::timestamp:
      if (const auto value = as_timestamp(cell)) return put(target, row, *value);
      break;
    case ColumnType::bigint:
      if (const auto value = as_bigint(cell)) return put(target, row, *value);
      break;
    case ColumnType::double_precision:
      if (const auto value = as_double(cell, column.created ? Rounding::nearest : Rounding::none)) {
        return put(target, row, *value);
      }
      break;
    case ColumnType::boolean:
      if (const auto value = as_boolean(cell)) return put(target, row, *value);
      break;
  }
  reject(column, RejectReason::does_not_fit, cell, key);
}

void ChunkWriter::write_varchar(Target& target, const Cell& cell, idx_t row) {
  if (cell.kind != CellKind::micros) return put_text(target, row, cell.bytes);
  std::array<char, timestamp_text_bytes_max> text{};
  const std::size_t size = format_timestamp(micros_of(cell), text.data());
  text_bytes_ += size;
  duckdb_vector_assign_string_element_len(target.vector, row, text.data(), size);
  target.validity[row / 64] |= std::uint64_t{1} << (row % 64);
}

void ChunkWriter::reject(const LoadColumn& column, RejectReason reason, const Cell& cell,
                         const RowKey& key) {
  std::array<char, timestamp_text_bytes_max> text{};
  const std::string_view value =
      cell.kind == CellKind::micros
          ? std::string_view(text.data(), format_timestamp(micros_of(cell), text.data()))
          : cell.bytes;
  load_.value_rejects({key.object, key.line, reason, column.name, column.type, value});
}

}  // namespace dray
