// Staged records to the columns of one of DuckDB's chunks.
#pragma once

#include <duckdb.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "model/staged.h"
#include "stage/row_shape.h"

namespace dray {

// Writes cells of records into the vectors of one chunk.
class ChunkWriter {
 public:
  // Borrows the shape; the chunk has its columns that are not refused.
  ChunkWriter(const RowShape& shape, duckdb_data_chunk chunk);

  // Returns the record behind this one. Texts stay where they are until DuckDB asks for the next
  // chunk: an insert has copied all it needs by then.
  const char* write(const RowBlock& block, std::size_t block_row, const char* record, idx_t row);

  // The texts that were written, as far as they lie outside of the vectors.
  std::uint64_t text_bytes() const { return text_bytes_; }

 private:
  struct Target {
    duckdb_vector vector = nullptr;
    void* data = nullptr;
    std::uint64_t* validity = nullptr;
  };
  class Out;

  const RowShape& shape_;
  std::vector<Target> targets_;  // by column; of a refused one nothing
  std::uint64_t text_bytes_ = 0;
};

}  // namespace dray
