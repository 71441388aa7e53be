#include "run/refusals.h"

#include <utility>

#include "run/refused_rows.h"

namespace dray {

Result<bool> Refusals::learn(const Error& error, const RunContext& context,
                             LoadTransaction& transaction, const Tables& tables,
                             const ObjectSet& objects) {
  const auto target = transaction.table_at_work();
  const bool is_of_rows = error.code == ErrorCode::constraint;
  if (!target || (!is_of_rows && error.code != ErrorCode::missing_table_right)) return false;
  const Target& refusing = tables.targets[*target];
  if (!refusing.files.empty() || tables_.size() >= tables_max) return false;
  // A profile follows from many rows, and none of those at hand is to blame for it.
  const bool is_first =
      is_of_rows && transaction.at_rows() && searched_.insert(refusing.table).second;
  if (is_first) {
    auto found = find_rows(*target, context, transaction, tables, objects);
    if (!found && found.error().cause == Cause::cancelled) return std::move(found).error();
  }
  if (is_first && rows_.contains(refusing.table)) return true;
  return tables_.emplace(refusing.table, error).second;
}

// None are found if all are refused, or if the search itself fails: then the table's rows wait.
Result<void> Refusals::find_rows(std::size_t target, const RunContext& context,
                                 LoadTransaction& transaction, const Tables& tables,
                                 const ObjectSet& objects) {
  const Target& refusing = tables.targets[target];
  context.step("find the rows that " + refusing.table + " refuses");
  DRAY_ASSIGN(const auto refused, find_refused_rows(*refusing.rows, [&](StagedRows& rows) {
                return transaction.try_rows(target, rows);
              }));
  if (!refused) return {};
  std::map<Line, std::string>& lines = rows_[refusing.table];
  auto next = refused->begin();
  return each_key(*refusing.rows, [&](const RowKey& key, std::uint64_t row) -> Result<void> {
    if (next == refused->end() || next->row != row) return {};
    lines.emplace(Line(objects.keys[key.object], key.line), one_line(next->why));
    ++next;
    return {};
  });
}

Result<void> Refusals::leave_out(const RunContext& context, const ObjectSet& objects,
                                 ValueRejects& value_rejects, Tables& tables,
                                 LoadTransaction& transaction) const {
  for (std::size_t i = 0; i < tables.targets.size(); ++i) {
    Target& target = tables.targets[i];
    const auto waits = tables_.find(target.table);
    if (waits != tables_.end()) {
      target.waits = true;
      transaction.leave_out(i, waits->second);
    } else if (rows_.contains(target.table)) {
      DRAY_TRY(leave_out_rows(context, objects, value_rejects, target));
    }
  }
  return {};
}

Result<void> Refusals::leave_out_rows(const RunContext& context, const ObjectSet& objects,
                                      ValueRejects& value_rejects, Target& target) const {
  const std::map<Line, std::string>& refused = rows_.at(target.table);
  const ValueRejectSink tell = value_rejects.sink(target.table);
  DRAY_TRY(each_key(*target.rows, [&](const RowKey& key, std::uint64_t row) -> Result<void> {
    const auto why = refused.find({objects.keys[key.object], key.line});
    if (why == refused.end() || target.rows->is_dropped(row)) return {};
    target.rows->drop(row);
    target.rows_left_out.push_back(row);
    tell({key.object, key.line, RejectReason::refused_by_table, "", ColumnType::varchar,
          why->second});
    return {};
  }));
  context.notice(
      "rows_refused",
      target.table + ": the table refuses rows, which are rejects: " + refused.begin()->second,
      target.rows_left_out.size());
  return {};
}

}  // namespace dray
