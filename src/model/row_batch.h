// Rows that one worker has made for one table and not yet handed on.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/byte_buffer.h"
#include "model/record.h"
#include "model/reject.h"

namespace dray {

// Number of a table within a run: the rejects, the five fixed tables that events become rows of,
// and then one per event in the order in which they were first seen.
using TableNumber = std::uint32_t;
constexpr TableNumber rejects_table = 0;

struct RowBatch {
  TableNumber table = 0;
  std::vector<RowKey> keys;  // one per record
  ByteBuffer records;

  std::size_t bytes() const { return records.size() + keys.size() * sizeof(RowKey); }
};

// The cells of a reject's row; object and line are its key's.
namespace reject_slot {
constexpr Slot reason = 1;
constexpr Slot table_name = 2;
constexpr Slot column_name = 3;
constexpr Slot value = 4;
constexpr Slot detail = 5;
}  // namespace reject_slot

// How much of a value or line a reject keeps. The whole of it lies in the raw log, whose place the
// reject has.
constexpr std::size_t reject_value_bytes_max = 1'024;

struct RejectedLine {
  std::uint32_t object = 0;
  std::uint32_t line = 0;
  RejectReason reason = RejectReason::not_json;
  std::string_view detail;
  std::string_view text;
};

struct RejectedValue {
  std::uint32_t object = 0;
  std::uint32_t line = 0;
  RejectReason reason = RejectReason::does_not_fit;
  std::string_view table;
  std::string_view column;
  std::string_view value;
  std::string_view detail;
};

// Appends a reject as a row of `batch`. Texts are cut to the bound at a character's boundary, and
// bytes that are not UTF-8 become U+FFFD.
void append_reject(RowBatch& batch, const RejectedLine& reject);
void append_reject(RowBatch& batch, const RejectedValue& reject);

}  // namespace dray
