#include "run/refusals.h"

#include <numeric>
#include <utility>
#include <vector>

#include "run/refused_rows.h"

namespace dray {

namespace {

bool is_about_table(const Error& error) {
  return is_refusal(error) || error.code == ErrorCode::missing_table_right;
}

}  // namespace

// A second table that refuses something may be one of many: the others are tried one by one, which
// sends the rows once more and not once more for each of them.
Result<bool> Refusals::learn(const Error& error, const RunContext& context,
                             LoadTransaction& transaction, const Tables& tables,
                             const ObjectSet& objects) {
  const auto target = transaction.table_at_work();
  if (!target || !is_about_table(error) || !tables.targets[*target].files.empty()) return false;
  const Attempt attempt{context, transaction, tables, objects};
  std::vector<std::size_t> untried = transaction.not_reached();
  bool is_news = false;
  if (transaction.refused_together().empty()) {
    DRAY_ASSIGN(is_news, blame(*target, error, attempt));
  }
  for (const auto& [other, why] : transaction.refused_together())
    is_news |= tables_.emplace(tables.targets[other].table, why).second;
  if (!is_news) return false;
  ++attempts_;
  if (attempts_ > 2 * attempts_max) {
    untried.resize(tables.targets.size());
    std::iota(untried.begin(), untried.end(), std::size_t{0});
    give_up(untried, tables);
  } else if (attempts_ > attempts_max) {
    give_up(untried, tables);
  } else if (attempts_ > 1) {
    DRAY_TRY(try_others(untried, attempt));
  }
  return true;
}

// Whether that was not known yet. What a row refers to may come behind it, so its table is written
// last before any row is blamed, and the rows are looked for behind those of the others.
Result<bool> Refusals::blame(std::size_t target, const Error& error, const Attempt& attempt) {
  using Beside = LoadTransaction::Beside;
  const Target& refusing = attempt.tables.targets[target];
  // A profile follows from many rows, and none of those at hand is to blame for it.
  const bool may_be_rows = is_refusal(error) && attempt.transaction.at_rows();
  const bool is_reference = error.code == ErrorCode::reference;
  if (may_be_rows && is_reference && last_.insert(refusing.table).second) return true;
  const bool is_searched =
      may_be_rows && searched_.size() < searches_max && searched_.insert(refusing.table).second;
  if (is_searched) {
    auto found = find_rows(target, is_reference ? Beside::others : Beside::nothing, attempt);
    if (!found && found.error().cause == Cause::cancelled) return std::move(found).error();
    if (rows_.contains(refusing.table)) return true;
  }
  return tables_.emplace(refusing.table, error).second;
}

// Whether a row refers to something is left to an attempt that writes what it refers to. If a table
// fails for a reason that is not its own the next attempt will tell.
Result<void> Refusals::try_others(const std::vector<std::size_t>& targets, const Attempt& attempt) {
  attempt.context.step("find the other tables that refuse something");
  for (const std::size_t target : targets) {
    const std::string& table = attempt.tables.targets[target].table;
    if (tables_.contains(table) || rows_.contains(table)) continue;
    auto tried = attempt.transaction.try_table(target);
    if (tried) continue;
    if (tried.error().cause == Cause::cancelled) return tried;
    if (!is_about_table(tried.error())) return {};
    if (tried.error().code == ErrorCode::reference) continue;
    DRAY_TRY(blame(target, tried.error(), attempt));
  }
  return {};
}

// What the attempts so far have loaded before they failed the next one can load as well.
void Refusals::give_up(const std::vector<std::size_t>& targets, const Tables& tables) {
  for (const std::size_t target : targets) {
    tables_.emplace(tables.targets[target].table,
                    config_error("not tried, because in " + std::to_string(attempts_) +
                                     " attempts one table after the other refused its rows",
                                 "mend what is told of the other tables"));
  }
}

// None are found if all are refused, or if the search itself fails: then the table's rows wait.
Result<void> Refusals::find_rows(std::size_t target, LoadTransaction::Beside beside,
                                 const Attempt& attempt) {
  const Target& refusing = attempt.tables.targets[target];
  const std::vector<std::string>& keys = attempt.objects.keys;
  attempt.context.step("find the rows that " + refusing.table + " refuses");
  DRAY_ASSIGN(const auto refused, find_refused_rows(*refusing.rows, [&](StagedRows& rows) {
                return attempt.transaction.try_rows(target, rows, beside);
              }));
  if (!refused) return {};
  std::map<Line, std::string>& lines = rows_[refusing.table];
  auto next = refused->begin();
  return each_key(*refusing.rows, [&](const RowKey& key, std::uint64_t row) -> Result<void> {
    if (next == refused->end() || next->row != row) return {};
    lines.emplace(Line(keys[key.object], key.line), one_line(next->why));
    ++next;
    return {};
  });
}

Result<void> Refusals::leave_out(const RunContext& context, const ObjectSet& objects,
                                 ValueRejects& value_rejects, Tables& tables,
                                 LoadTransaction& transaction) const {
  for (std::size_t i = 0; i < tables.targets.size(); ++i) {
    Target& target = tables.targets[i];
    if (last_.contains(target.table)) transaction.write_last(i);
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
