#include "run/room.h"

#include <algorithm>
#include <cstddef>
#include <string>

namespace dray {
namespace {

Result<void> too_little_memory(const RunContext& context, const std::string& why,
                               std::uint64_t least) {
  return config_error(why, "--memory " + std::to_string(least >> 20) + "MiB or more (it is " +
                               std::to_string(context.request.memory_bytes >> 20) + "MiB)");
}

}  // namespace

Result<void> check_room_to_plan(const RunContext& context, const RunMemory& memory,
                                const Registry& registry, const Catalog& catalog) {
  // Every table has some beside those of values.
  constexpr std::size_t further_columns = 6;
  const Registry::Seen seen = registry.seen();
  const std::size_t columns = seen.columns + seen.tables * further_columns;
  const std::uint64_t bytes = columns * planned_column_bytes;
  if (bytes <= memory.shares.plan) return {};
  std::size_t stored = 0;
  for (const LiveTable& table : catalog.tables)
    stored += table.columns.size();
  const Growth growth{seen.tables - std::min(seen.tables, catalog.tables.size()),
                      columns - std::min(columns, stored), 0};
  const auto engine_bytes = context.warehouse.bytes_wanting(growth);
  return too_little_memory(
      context,
      "the events make " + std::to_string(columns) + " columns of " + std::to_string(seen.tables) +
          " tables, and there is no room to plan them",
      std::max(least_memory_for_plan(bytes, memory.threads),
               least_memory_for_engine(engine_bytes.value_or(0), memory.threads)));
}

Result<void> check_room_to_load(const RunContext& context, const RunMemory& memory,
                                const Tables& tables) {
  Growth growth;
  std::string widest;
  for (const TablePlan& table : tables.plan.tables) {
    growth.columns += table.new_columns.size();
    growth.tables += table.created ? 1 : 0;
    const auto written = static_cast<std::size_t>(std::ranges::count_if(
        table.columns, [](const LoadColumn& column) { return !column.refused; }));
    if (written <= growth.columns_widest) continue;
    widest = table.table;
    growth.columns_widest = written;
  }
  const auto bytes = context.warehouse.bytes_wanting(growth);
  if (!bytes) return {};
  return too_little_memory(context,
                           "DuckDB has no room to load them: " + std::to_string(growth.columns) +
                               " new columns in " + std::to_string(tables.targets.size()) +
                               " tables, of which " + widest + " has " +
                               std::to_string(growth.columns_widest),
                           least_memory_for_engine(*bytes, memory.threads));
}

}  // namespace dray
