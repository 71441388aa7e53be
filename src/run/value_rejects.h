// Values that did not fit their columns, kept beside the rows until the ledger takes them.
#pragma once

#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "model/row_batch.h"
#include "model/staged.h"
#include "stage/block_store.h"

namespace dray {

// Threads: the sinks may be called from several at once.
class ValueRejects {
 public:
  // Borrows the store: they are its rows of rejects_table.
  explicit ValueRejects(BlockStore& staged) : staged_(staged) {}

  // Of the values of one table. Borrows this object.
  ValueRejectSink sink(std::string table);

  // Stages what is not staged yet. What could not be staged is an error here.
  Result<void> flush();

 private:
  void add(const std::string& table, const ValueReject& reject);
  Result<void> flush_batch();

  BlockStore& staged_;
  std::mutex mutex_;  // of what follows
  RowBatch batch_;
  std::optional<Error> error_;
};

}  // namespace dray
