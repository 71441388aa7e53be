#include "load/duckdb_scan.h"

#include <algorithm>
#include <utility>

#include "load/duckdb_chunk_writer.h"

namespace dray {
namespace {

// The next block of keys with something left, or false at the end.
Result<bool> next_keys(DuckScan& scan, DuckScanThread& thread) {
  while (thread.row == thread.block.keys.size()) {
    const std::size_t number = scan.next_block.fetch_add(1);
    if (number >= scan.load.rows->block_count()) return false;
    DRAY_ASSIGN(thread.block, scan.load.rows->keys(number, *thread.scratch));
    thread.row = 0;
  }
  return true;
}

// The next share that no thread has; false if there is none.
bool next_share(DuckRelations::Cursor& cursor, DuckRelations::Cursor::Share& share) {
  const std::scoped_lock lock(cursor.mutex);
  if (cursor.shares.empty()) return false;
  share = std::move(cursor.shares.back());
  cursor.shares.pop_back();
  return true;
}

// Keeps what was read of the block until the chunk is done. A block in memory takes none of the
// scratch.
void hold_scratch(DuckScanThread& thread) {
  if (thread.scratch->plain.empty()) return;
  thread.held.push_back(std::move(thread.scratch));
  thread.scratch = std::make_unique<BlockScratch>();
}

// The next row that is left, or false at the end.
Result<bool> next_row(DuckScan& scan, DuckScanThread& thread) {
  while (thread.row == thread.end) {
    if (thread.share.empty() && !next_share(scan.cursor, thread.share)) return false;
    const DuckRelations::Cursor::Range range = thread.share.back();
    thread.share.pop_back();
    if (thread.block.keys.empty() || thread.number != range.block) {
      hold_scratch(thread);
      DRAY_ASSIGN(thread.block, scan.load.rows->rows(range.block, *thread.scratch));
      thread.number = range.block;
      thread.record = thread.block.records.data();
      thread.row = 0;
    }
    DRAY_ASSERT(thread.row <= range.row);
    for (; thread.row < range.row; ++thread.row)
      thread.record = CellReader(thread.record).end();
    thread.end = range.end;
  }
  return true;
}

// Leaves what there is of its share to a later statement.
void leave_share(DuckScan& scan, DuckScanThread& thread) {
  if (thread.row < thread.end) thread.share.push_back({thread.number, thread.row, thread.end});
  if (thread.share.empty()) return;
  const std::scoped_lock lock(scan.cursor.mutex);
  scan.cursor.shares.push_back(std::move(thread.share));
  thread.share.clear();
  thread.row = thread.end = 0;
  thread.block = {};
}

// Counts a row that was shown; whether DuckDB has room for another behind it.
bool count_row(DuckScan& scan, DuckScanThread& thread, std::uint64_t text_bytes) {
  if (text_bytes >= scan.cursor.long_row_bytes) scan.cursor.has_long_rows = true;
  thread.group_bytes += text_bytes;
  const bool has_room = thread.group_bytes < scan.thread_bytes_max;
  if (++thread.group_rows == duckdb_vector_size()) thread.group_rows = thread.group_bytes = 0;
  return has_room;
}

template <std::size_t n>
std::array<std::int64_t*, n> numbers_of(duckdb_data_chunk chunk) {
  std::array<std::int64_t*, n> columns{};
  for (idx_t i = 0; i < n; ++i) {
    columns[i] =
        static_cast<std::int64_t*>(duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, i)));
  }
  return columns;
}

}  // namespace

Result<std::vector<DuckRelations::Cursor::Share>> shares_of(const StagedRows& rows,
                                                            std::uint64_t share_rows) {
  std::vector<DuckRelations::Cursor::Share> shares;
  std::uint64_t room = 0;  // in the last one
  BlockScratch scratch;
  for (std::size_t block = 0; block < rows.block_count(); ++block) {
    DRAY_ASSIGN(const RowBlock keys, rows.keys(block, scratch));
    for (std::size_t row = 0; row < keys.keys.size(); ++row) {
      const bool is_dropped = rows.is_dropped(keys.first_row + row);
      if (!is_dropped && room == 0) {
        shares.emplace_back();
        room = share_rows;
      }
      if (shares.empty()) continue;  // dropped, before the first live one
      auto& share = shares.back();
      if (share.empty() || share.back().block != block) share.push_back({block, row, row});
      share.back().end = row + 1;
      if (!is_dropped) --room;
    }
  }
  for (auto& share : shares)
    std::ranges::reverse(share);
  std::ranges::reverse(shares);
  return shares;
}

Result<idx_t> fill_rows(DuckScan& scan, DuckScanThread& thread, duckdb_data_chunk chunk) {
  // A line may have megabytes, and DuckDB does not count what a chunk's strings take.
  constexpr std::uint64_t chunk_bytes_max = 8U << 20;
  thread.held.clear();
  ChunkWriter writer(scan.shape, chunk);
  idx_t count = 0;
  while (count < duckdb_vector_size() && writer.text_bytes() < chunk_bytes_max) {
    if (scan.cursor.is_full) {
      leave_share(scan, thread);
      break;
    }
    DRAY_ASSIGN(const bool more, next_row(scan, thread));
    if (!more) break;
    if (scan.load.rows->is_dropped(thread.block.first_row + thread.row++)) {
      thread.record = CellReader(thread.record).end();
      continue;
    }
    const std::uint64_t before = writer.text_bytes();
    thread.record = writer.write(thread.block, thread.row - 1, thread.record, count++);
    if (!count_row(scan, thread, writer.text_bytes() - before)) scan.cursor.is_full = true;
  }
  return count;
}

Result<idx_t> fill_keys(DuckScan& scan, DuckScanThread& thread, duckdb_data_chunk chunk) {
  const auto columns = numbers_of<keys_columns.size()>(chunk);
  idx_t count = 0;
  while (count < duckdb_vector_size()) {
    DRAY_ASSIGN(const bool more, next_keys(scan, thread));
    if (!more) break;
    const RowKey& key = thread.block.keys[thread.row];
    const std::uint64_t row = thread.block.first_row + thread.row++;
    if (scan.load.rows->is_dropped(row)) continue;
    columns[0][count] = static_cast<std::int64_t>(key.uuid);
    columns[1][count] = static_cast<std::int64_t>(key.check);
    columns[2][count] = key.received_at;
    columns[3][count] = key.object;
    columns[4][count] = key.line;
    columns[5][count] = static_cast<std::int64_t>(row);
    ++count;
  }
  return count;
}

Result<idx_t> fill_origins(DuckScan& scan, DuckScanThread& thread, duckdb_data_chunk chunk) {
  const auto columns = numbers_of<origins_columns.size()>(chunk);
  idx_t count = 0;
  while (count < duckdb_vector_size()) {
    DRAY_ASSIGN(const bool more, next_keys(scan, thread));
    if (!more) break;
    const RowKey& key = thread.block.keys[thread.row++];
    const std::int64_t object = (*scan.load.object_numbers)[key.object];
    if (object == no_object_number) continue;
    columns[0][count] = static_cast<std::int64_t>(key.uuid);
    columns[1][count] = key.received_at;
    columns[2][count] = object;
    columns[3][count] = key.line;
    ++count;
  }
  return count;
}

}  // namespace dray
