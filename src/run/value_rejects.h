// Values that did not fit their columns, kept beside the rows until the ledger takes them.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/row_batch.h"
#include "model/staged.h"
#include "stage/block_store.h"

namespace dray {

// What is told before the transaction stays told. What an attempt at it tells is undone with it.
//
// Threads: the sinks may be called from several at once.
class ValueRejects {
 public:
  // Borrows the store: what is told before the transaction are its rows of rejects_table. `options`
  // are for what attempts tell.
  ValueRejects(BlockStore& staged, BlockStoreOptions options)
      : staged_(staged), options_(std::move(options)) {}

  // Takes the rejects of one table's values. Borrows this object.
  ValueRejectSink sink(std::string table);

  // Forgets what the attempt before told.
  Result<void> begin_attempt();
  // The last one has committed: what comes now is of another transaction.
  void end_attempts();

  // All that holds, those of lines in the store included, as views. What could not be staged is an
  // error here.
  Result<std::vector<std::unique_ptr<StagedRows>>> rows();

 private:
  void add(const std::string& table, const ValueReject& reject);
  Result<void> flush();
  Result<void> flush_batch();

  BlockStore& staged_;
  const BlockStoreOptions options_;
  std::mutex mutex_;  // of what follows
  std::optional<BlockStore> attempt_;
  RowBatch batch_;
  std::optional<Error> error_;
};

}  // namespace dray
