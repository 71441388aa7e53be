// Staged records to the columns of one of DuckDB's chunks.
#pragma once

#include <duckdb.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "model/record.h"
#include "model/reject.h"
#include "model/staged.h"

namespace dray {

// Writes cells of records into the vectors of one chunk.
class ChunkWriter {
 public:
  ChunkWriter(const RowsToLoad& load, duckdb_data_chunk chunk);

  // Returns the record behind this one.
  const char* write(const RowBlock& block, std::size_t block_row, const char* record, idx_t row);

  // The texts that were written, as far as they lie outside of the vectors.
  std::uint64_t text_bytes() const { return text_bytes_; }

 private:
  struct Target {
    duckdb_vector vector = nullptr;
    void* data = nullptr;
    std::uint64_t* validity = nullptr;
  };
  static constexpr std::int16_t absent = -1;

  template <typename T>
  static void put(Target& target, idx_t row, T value) {
    static_cast<T*>(target.data)[row] = value;
    target.validity[row / 64] |= std::uint64_t{1} << (row % 64);
  }

  // A text that stays where it is until DuckDB asks for the next chunk: an insert has copied all
  // it needs by then. Up to 12 bytes lie in the vector itself (duckdb.h, duckdb_string_t).
  void put_text(Target& target, idx_t row, std::string_view text);
  void write_standard(std::size_t i, const RowBlock& block, const RowKey& key, idx_t row);
  void write_cell(std::size_t i, const Cell& cell, const RowKey& key, idx_t row);
  void write_varchar(Target& target, const Cell& cell, idx_t row);
  void reject(const LoadColumn& column, RejectReason reason, const Cell& cell, const RowKey& key);

  const RowsToLoad& load_;
  std::vector<Target> vectors_;                 // by load column
  std::vector<std::size_t> standard_;           // load columns that no cell fills
  std::array<std::int16_t, slot_end> slots_{};  // slot to load column
  idx_t shown_ = 0;
  std::uint64_t text_bytes_ = 0;
};

}  // namespace dray
