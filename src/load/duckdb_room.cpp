#include "load/duckdb_room.h"

#include <algorithm>
#include <string>

#include "model/memory_shares.h"
#include "sql/query_values.h"
#include "sql/sql.h"

namespace dray {
namespace {

// What is there takes 1,150 and 5,600 as long as the file is open (200 MB for 10,000 tables of 13
// columns), the rest while a checkpoint writes them. Measured.
constexpr std::uint64_t noted_column_bytes = 1'500;
constexpr std::uint64_t table_bytes = 12'000;
// A vector that is read, one that is stored, and one that is compressed.
constexpr std::uint64_t written_column_bytes = 3 * (33U << 10);
// The notes of some hundred tables take so much, and without it a few small tables cannot be
// loaded.
constexpr std::uint64_t notes_least = 24U << 20;
constexpr std::uint64_t engine_least = 48U << 20;

std::uint64_t bytes_of(const Growth& tables) {
  return tables.tables * table_bytes + tables.columns * noted_column_bytes;
}

// What it takes to have the one and to grow by the other.
std::uint64_t bytes_with(const Growth& stored, const Growth& growth) {
  return bytes_of(stored) + bytes_of(growth) + notes_least +
         std::max(engine_least, growth.columns_widest * written_column_bytes);
}

}  // namespace

DuckRoom::DuckRoom(const WarehouseOptions& options)
    : all_bytes_(options.memory_bytes + options.notes_bytes),
      engine_most_(options.memory_bytes),
      threads_(threads_for(options.threads, UINT64_MAX)),
      engine_bytes_(options.memory_bytes),
      notes_bytes_(options.notes_bytes) {}

Result<void> DuckRoom::measure(DuckConnection& connection) {
  DRAY_ASSIGN(const QueryResult counted,
              connection.query(SqlBuilder("select coalesce(sum(column_count), 0), count(*) from "
                                          "duckdb_tables() where database_name = "
                                          "current_database()")
                                   .done()));
  Growth stored;
  DRAY_ASSIGN(stored.columns, needed_count(counted.rows[0][0], "duckdb_tables().column_count"));
  DRAY_ASSIGN(stored.tables, needed_count(counted.rows[0][1], "count(*) of duckdb_tables()"));
  if (const std::uint64_t wanted = bytes_with(stored, {}); wanted > all_bytes_) {
    const std::uint64_t least = least_memory_for_engine(wanted, threads_);
    return config_error("the warehouse has " + *counted.rows[0][1] + " tables of " +
                            *counted.rows[0][0] + " columns, more than DuckDB has room for",
                        "--memory " + std::to_string(least >> 20) + "MiB or more");
  }
  const std::uint64_t free = all_bytes_ - bytes_of(stored);
  const std::uint64_t engine = std::min(engine_most_, free - std::max(free / 4, notes_least));
  {
    const std::scoped_lock lock(mutex_);
    stored_ = stored;
    engine_bytes_ = engine;
    notes_bytes_ = free - engine;
    noted_bytes_ = 0;
  }
  if (engine == engine_most_) return {};
  SqlBuilder sql("set memory_limit = ");
  return connection.execute(std::move(sql.text(std::to_string(engine) + "B")).done());
}

std::optional<std::uint64_t> DuckRoom::bytes_wanting(const Growth& growth) const {
  const std::scoped_lock lock(mutex_);
  const std::uint64_t wanted = bytes_with(stored_, growth);
  return wanted > all_bytes_ ? std::optional(wanted) : std::nullopt;
}

// The first vector's note of who wrote each row, and what describes a column's data.
void DuckRoom::note_table(std::size_t columns) {
  constexpr std::uint64_t vector_bytes = 32U << 10;
  constexpr std::uint64_t written_once_bytes = 3U << 10;
  const std::scoped_lock lock(mutex_);
  noted_bytes_ += vector_bytes + columns * written_once_bytes;
}

bool DuckRoom::is_noted_full() const {
  const std::scoped_lock lock(mutex_);
  return noted_bytes_ >= notes_bytes_;
}

std::uint64_t DuckRoom::engine_bytes() const {
  const std::scoped_lock lock(mutex_);
  return engine_bytes_;
}

}  // namespace dray
