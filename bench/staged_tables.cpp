#include "staged_tables.h"

#include <algorithm>
#include <iterator>
#include <map>

namespace dray {
namespace {

RowsToLoad load_of(const std::string& table, std::vector<LoadColumn> columns) {
  RowsToLoad load;
  load.table = table;
  for (const StandardColumn standard :
       {StandardColumn::received_at, StandardColumn::uuid, StandardColumn::uuid_ts}) {
    LoadColumn column{
        std::string(facts(standard).name), facts(standard).type, true, {}, standard, 0};
    load.columns.push_back(column);
  }
  std::ranges::move(columns, std::back_inserter(load.columns));
  load.value_rejects = [](const ValueReject&) {};
  return load;
}

}  // namespace

std::vector<TableToWrite> tables_of(const Registry& registry, const BlockStore& staged) {
  std::vector<TableToWrite> tables;
  std::map<Slot, LoadColumn> track_columns;
  TableToWrite tracks;
  for (const Registry::TableSeen& seen : registry.tables()) {
    const std::uint64_t rows = staged.row_count(seen.number);
    std::vector<LoadColumn> columns;
    for (const Registry::ColumnSeen& column : seen.columns) {
      columns.push_back({column.name, narrowest_type(column.bits), true, {}, {}, column.slot});
      const bool shared = column.slot < property_slot_first || column.slot >= context_slot_first;
      if (seen.type == EventType::track && shared) {
        track_columns[column.slot] = columns.back();
        track_columns[column.slot].type = ColumnType::varchar;
      }
    }
    if (seen.type == EventType::track) {
      tracks.parts.push_back({seen.number, seen.event});
      tracks.rows += rows;
    }
    tables.push_back({load_of(seen.name, std::move(columns)), {{seen.number, seen.event}}, rows});
  }
  std::vector<LoadColumn> columns;
  for (auto& [slot, column] : track_columns)
    columns.push_back(std::move(column));
  tracks.load = load_of("tracks", std::move(columns));
  tables.push_back(std::move(tracks));
  std::ranges::sort(tables, std::ranges::greater(), &TableToWrite::rows);
  return tables;
}

}  // namespace dray
