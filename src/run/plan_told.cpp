#include "run/plan_told.h"

#include <algorithm>
#include <utility>
#include <variant>

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
                       ObjectSet& objects) {
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
  return {};
}

}  // namespace dray
