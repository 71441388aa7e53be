#include "model/row_batch.h"

#include "base/utf8.h"

namespace dray {
namespace {

void append_text(RecordWriter& record, Slot slot, std::string_view text) {
  if (text.empty()) return;
  record.cell(slot, CellKind::text, to_valid_utf8(cut_utf8(text, reject_value_bytes_max)));
}

}  // namespace

void append_reject(RowBatch& batch, const RejectedLine& reject) {
  batch.keys.push_back({.object = reject.object, .line = reject.line});
  RecordWriter record(batch.records);
  record.begin();
  record.cell(reject_slot::reason, CellKind::text, to_string(reject.reason));
  append_text(record, reject_slot::detail, reject.detail);
  append_text(record, reject_slot::value, reject.text);
  record.end();
}

void append_reject(RowBatch& batch, const RejectedValue& reject) {
  batch.keys.push_back({.object = reject.object, .line = reject.line});
  RecordWriter record(batch.records);
  record.begin();
  record.cell(reject_slot::reason, CellKind::text, to_string(reject.reason));
  append_text(record, reject_slot::table_name, reject.table);
  append_text(record, reject_slot::column_name, reject.column);
  append_text(record, reject_slot::detail, reject.detail);
  // An empty string is a value too, and not the same as none.
  record.cell(reject_slot::value, CellKind::text,
              to_valid_utf8(cut_utf8(reject.value, reject_value_bytes_max)));
  record.end();
}

}  // namespace dray
