// The rows of a run between transform and load: in memory up to a bound, the rest compressed in a
// temporary file that has no name and vanishes with the process.
//
// Threads: add() may be called from several threads at once; views are made when all rows are in.
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/row_batch.h"
#include "model/staged.h"

namespace dray {

struct BlockStoreOptions {
  std::size_t memory_bytes = 256U << 20;
  std::string temp_directory = "/tmp";
};

class BlockStore {
 public:
  explicit BlockStore(BlockStoreOptions options);
  ~BlockStore();
  BlockStore(const BlockStore&) = delete;
  BlockStore& operator=(const BlockStore&) = delete;

  // Keeps the batch, or writes it to the temporary file when memory is full. `config` when that
  // cannot be written: no room, no rights.
  Result<void> add(RowBatch batch);

  // So many bytes of the store's memory are somebody else's from now on; what is in it stays.
  void give_up(std::size_t bytes);

  std::uint64_t row_count(TableNumber table) const;
  std::uint64_t spilled_bytes() const;

  // The rows of one table, or of several as if they were one, in this order. The view borrows the
  // store. `event` is what RowBlock::event says of the table's rows.
  struct Part {
    TableNumber table = 0;
    std::string_view event;
  };
  std::unique_ptr<StagedRows> view(const std::vector<Part>& parts) const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace dray
