#include "run/plan_told.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include "model/record.h"
#include "model/row_batch.h"
#include "run/line_counts.h"
#include "run/load_transaction.h"

namespace dray {
namespace {

Result<void> tell_profiles(const RunContext& context, const RunMemory& memory, const Tables& tables,
                           const Target& target) {
  const Profiles* profiles = tables.profiles_of(target);
  if (profiles == nullptr || profiles->plan.unusable) return {};
  CollectionReport& collection =
      context.report.collections.emplace_back(collection_of(profiles->plan));
  DRAY_ASSIGN(const auto count, count_profiles(target, memory.shares.settling));
  collection.rows_loaded = count.value_or(0);
  return {};
}

void tell_unusable(const RunContext& context, const std::string& table, const Error& why) {
  context.notice("table_pending", table + ": " + one_line(why) + "; its rows would wait", 1);
  context.fell_short("would not be loaded: " + table);
}

// Those of one reason.
struct WouldReject {
  std::uint64_t count = 0;
  std::pair<std::uint32_t, std::uint32_t> first{UINT32_MAX, UINT32_MAX};  // object, line
  std::string detail;                                                     // of the first
};

std::string text_in(CellReader cells, Slot slot) {
  for (Cell cell; cells.next(cell);) {
    if (cell.slot == slot) return std::string(cell.bytes);
  }
  return "";
}

Result<void> tell_rejects(const RunContext& context, const StagedRows& rejects,
                          const ObjectSet& objects) {
  std::map<std::string, WouldReject> by_reason;
  BlockScratch scratch;
  for (std::size_t number = 0; number < rejects.block_count(); ++number) {
    DRAY_ASSIGN(const RowBlock block, rejects.rows(number, scratch));
    const char* record = block.records.data();
    for (const RowKey& key : block.keys) {
      const CellReader cells(record);
      record = cells.end();
      if (objects.unusable[key.object]) continue;
      WouldReject& rejected = by_reason[text_in(cells, reject_slot::reason)];
      ++rejected.count;
      const std::pair place(key.object, key.line);
      if (place >= rejected.first) continue;
      rejected.first = place;
      rejected.detail = text_in(cells, reject_slot::detail);
    }
  }
  for (const auto& [reason, rejected] : by_reason) {
    const auto [object, line] = rejected.first;
    context.notice("would_reject",
                   "would be " + std::string(rejected.count == 1 ? "a reject" : "rejects") + ", " +
                       reason + ": " + (rejected.count == 1 ? "" : "first ") +
                       objects.keys[object] + ":" + std::to_string(line) + ": " + rejected.detail,
                   rejected.count);
  }
  return {};
}

}  // namespace

void tell_of_new_schema(const RunContext& context, const Plan& plan) {
  for (const SchemaChange& change : plan.changes) {
    if (!std::holds_alternative<CreateSchema>(change)) continue;
    if (auto notice = context.warehouse.dialect().notice_of_schema(context.report.source)) {
      context.report.notices.push_back(*std::move(notice));
    }
  }
}

Result<void> tell_plan(const RunContext& context, const RunMemory& memory, const Tables& tables,
                       const StagedRows& rejects, ObjectSet& objects) {
  for (const SchemaChange& change : tables.plan.changes) {
    context.report.ddl.push_back(ddl_of(context.warehouse.dialect(), change).text());
  }
  for (std::size_t i = 0; i < tables.targets.size(); ++i) {
    if (const Error* const why = tables.unusable(i)) {
      tell_unusable(context, tables.targets[i].table, *why);
      continue;
    }
    CollectionReport& collection =
        context.report.collections.emplace_back(collection_of(tables.plan.tables[i]));
    const StagedRows& rows = *tables.targets[i].rows;
    for (std::uint64_t row = 0; row < rows.row_count(); ++row)
      ++(rows.is_dropped(row) ? collection.duplicates : collection.rows_loaded);
    DRAY_TRY(tell_profiles(context, memory, tables, tables.targets[i]));
  }
  std::ranges::sort(context.report.collections, {}, &CollectionReport::table);
  DRAY_ASSIGN(const CountedLines counted, count_lines(tables, objects));
  context.report.counts = counted.counts;
  return tell_rejects(context, rejects, objects);
}

}  // namespace dray
