// Staged rows for the tests of this folder.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/record.h"
#include "model/row_batch.h"
#include "model/staged.h"
#include "stage/block_store.h"

namespace dray {

inline void append_row(RowBatch& batch, const RowKey& key, std::string_view text) {
  batch.keys.push_back(key);
  RecordWriter record(batch.records);
  record.begin();
  record.cell(0, CellKind::text, text);
  record.end();
}

inline BlockStoreOptions store_options(std::size_t memory_bytes) {
  return {memory_bytes, testing::TempDir()};
}

// One line of text per row: its number, event, key and cells.
inline std::vector<std::string> describe_rows(const StagedRows& rows) {
  std::vector<std::string> out;
  BlockScratch scratch;
  for (std::size_t number = 0; number < rows.block_count(); ++number) {
    const auto block = rows.rows(number, scratch);
    if (!block) {
      ADD_FAILURE() << block.error().text();
      return out;
    }
    const char* at = block->records.data();
    for (std::size_t i = 0; i < block->keys.size(); ++i) {
      const RowKey& key = block->keys[i];
      std::string& text = out.emplace_back(std::to_string(block->first_row + i));
      text += " " + std::string(block->event) + " " + std::to_string(key.uuid) + " " +
              std::to_string(key.check) + " " + std::to_string(key.received_at) + " " +
              std::to_string(key.object) + ":" + std::to_string(key.line);
      CellReader cells(at);
      for (Cell cell; cells.next(cell);)
        text += " " + std::to_string(cell.slot) + "=" + std::string(cell.bytes);
      at = cells.end();
    }
    EXPECT_EQ(at, block->records.data() + block->records.size());
  }
  return out;
}

}  // namespace dray
