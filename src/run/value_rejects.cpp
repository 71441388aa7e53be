#include "run/value_rejects.h"

#include <utility>

#include "model/reject.h"

namespace dray {
namespace {

constexpr std::size_t batch_bytes_max = 256U << 10;

// What happened and what to do about it.
std::string detail_of(const std::string& table, const ValueReject& reject) {
  const bool is_of_profiles = table == "users" || table == "accounts";
  if (reject.reason == RejectReason::too_long && is_of_profiles) {
    return "the value is longer than its column can hold; widen the column and retry";
  }
  std::string detail(explain(reject.reason));
  if (reject.reason != RejectReason::does_not_fit) return detail;
  detail.append(" (the type is ").append(to_string(reject.column_type));
  if (table == "identifies") detail.append("; change it in users too");
  if (table == "groups") detail.append("; change it in accounts too");
  return detail.append(")");
}

}  // namespace

ValueRejectSink ValueRejects::sink(std::string table) {
  return [this, table = std::move(table)](const ValueReject& reject) { add(table, reject); };
}

void ValueRejects::add(const std::string& table, const ValueReject& reject) {
  const std::scoped_lock lock(mutex_);
  append_reject(batch_, RejectedValue{reject.object, reject.line, reject.reason, table,
                                      reject.column, reject.value, detail_of(table, reject)});
  if (batch_.bytes() < batch_bytes_max) return;
  if (auto staged = flush_batch(); !staged) error_ = staged.error();
}

Result<void> ValueRejects::begin_attempt() {
  if (attempt_) {
    end_attempts();
  } else {
    DRAY_TRY(flush());
  }
  attempt_.emplace(options_);
  return {};
}

void ValueRejects::end_attempts() {
  batch_ = {};
  error_.reset();
  attempt_.reset();
}

Result<std::vector<std::unique_ptr<StagedRows>>> ValueRejects::rows() {
  DRAY_TRY(flush());
  std::vector<std::unique_ptr<StagedRows>> rows;
  rows.push_back(staged_.view({{rejects_table, {}}}));
  if (attempt_) rows.push_back(attempt_->view({{rejects_table, {}}}));
  return rows;
}

Result<void> ValueRejects::flush() {
  const std::scoped_lock lock(mutex_);
  if (error_) return *error_;
  return flush_batch();
}

Result<void> ValueRejects::flush_batch() {
  if (batch_.keys.empty()) return {};
  RowBatch batch{rejects_table, std::move(batch_.keys), std::move(batch_.records)};
  batch_ = {};
  return (attempt_ ? *attempt_ : staged_).add(std::move(batch));
}

}  // namespace dray
