#include "load/postgres_session.h"

#include <algorithm>

#include "ledger/tables.h"
#include "load/postgres_sql.h"
#include "load/rivals.h"
#include "load/wide_profiles.h"
#include "sql/pq_connection.h"
#include "sql/query_values.h"

namespace dray {
namespace {

// Rows that are too wide for a page, or an index's.
constexpr std::string_view program_limit_exceeded = "54000";

}  // namespace

// First as if every long text were moved out of its row. What the server then has no room for
// after all is left out of a second copy, that it takes for certain.
Result<std::uint64_t> PostgresSession::insert(const RowsToLoad& load,
                                              std::vector<std::uint64_t>& refused) {
  DRAY_ASSIGN(const RowLayout layout, layout_of(load));
  SqlBuilder name;
  const Sql table = std::move(name.table(load.schema, load.table)).done();
  if (!layout.may_be_refused(load.columns.size())) {
    return copy_rows(load, table, layout, RowRoom::likely, load.value_rejects);
  }
  DRAY_TRY(execute(SqlBuilder("savepoint dray_rows").done()));
  bool any_rejects = false;
  auto rows = copy_rows(load, table, layout, RowRoom::likely,
                        [&](const ValueReject&) { any_rejects = true; });
  if (!rows && connection_->last_sqlstate() == program_limit_exceeded) {
    DRAY_TRY(execute(SqlBuilder("rollback to savepoint dray_rows").done()));
    return copy_rows(load, table, layout, RowRoom::certain, load.value_rejects, &refused);
  }
  if (rows && any_rejects) {
    DRAY_TRY(write_rows(load, layout, RowRoom::likely, load.value_rejects, nullptr));
  }
  return rows;
}

std::vector<std::string> PostgresSession::names_of_columns(const RowsToLoad& load) {
  std::vector<std::string> names;
  for (const LoadColumn& column : load.columns) {
    if (!column.refused) names.push_back(column.name);
  }
  return names;
}

Result<std::uint64_t> PostgresSession::copy_rows(const RowsToLoad& load, const Sql& table,
                                                 const RowLayout& layout, RowRoom room,
                                                 const ValueRejectSink& value_rejects,
                                                 std::vector<std::uint64_t>* refused) {
  SqlBuilder sql("copy ");
  sql.sql(table).code(" (").names(names_of_columns(load));
  CopyStream copy(*connection_);
  DRAY_TRY(copy.begin(std::move(sql.code(") from stdin (format binary)")).done()));
  DRAY_TRY(write_rows(load, layout, room, value_rejects, &copy, refused));
  return copy.end();
}

// Without a copy only to tell of the values that have no place.
Result<void> PostgresSession::write_rows(const RowsToLoad& load, const RowLayout& layout,
                                         RowRoom room, const ValueRejectSink& value_rejects,
                                         CopyStream* copy, std::vector<std::uint64_t>* refused) {
  StagedRowWriter writer(load, layout, room, value_rejects);
  ByteBuffer unsent;
  BlockScratch scratch;
  for (std::size_t number = 0; number < load.rows->block_count(); ++number) {
    DRAY_ASSIGN(const RowBlock block, load.rows->rows(number, scratch));
    const char* record = block.records.data();
    for (std::size_t i = 0; i < block.keys.size(); ++i) {
      if (load.rows->is_dropped(block.first_row + i)) {
        record = CellReader(record).end();
        continue;
      }
      record = writer.write(block, i, record, copy == nullptr ? unsent : copy->buffer());
      unsent.clear();
      if (writer.has_refused()) {
        load.rows->drop(block.first_row + i);
        if (refused != nullptr) refused->push_back(block.first_row + i);
      }
      if (copy != nullptr) DRAY_TRY(copy->pass_on());
    }
  }
  return {};
}

// Nothing needs to be known of a table that this transaction made with few columns.
Result<RowLayout> PostgresSession::layout_of(const RowsToLoad& load) {
  RowLayout layout;
  if (load.created && load.columns.size() <= columns_always_fitting) return layout;
  std::map<std::string_view, std::uint32_t> numbers;
  for (std::uint32_t i = 0; i < load.columns.size(); ++i) {
    if (!load.columns[i].refused) numbers.emplace(load.columns[i].name, i);
  }
  DRAY_ASSIGN(const QueryResult columns, query(postgres_columns_query(load.schema, load.table)));
  layout.table_columns = columns.rows.size();
  std::int64_t index_columns = 1;
  for (const auto& column : columns.rows) {
    const auto found = numbers.find(*column[0]);
    if (found == numbers.end()) {
      if (column[1] == "true") layout.bytes_of_others += value_bytes_max;
      continue;
    }
    layout.order.push_back(found->second);
    if (load.columns[found->second].type != ColumnType::varchar) continue;
    if (!column[2]) continue;
    layout.indexed.push_back(found->second);
    DRAY_ASSIGN(const std::int64_t count, needed_integer(column[2], "pg_index.indnatts"));
    index_columns = std::max(index_columns, count);
  }
  layout.indexed_text_bytes_max = index_row_bytes_max / static_cast<std::size_t>(index_columns);
  layout.values_always_fitting =
      values_always_fitting(layout.table_columns, layout.bytes_of_others);
  return layout;
}

// Dropped duplicates have lineage too.
Result<void> PostgresSession::write_lineage(const RowsToLoad& load) {
  is_lineage_written_ = true;
  CopyStream copy(*connection_);
  SqlBuilder sql("copy ");
  sql.word(lineage_columns).code(" from stdin (format binary)");
  DRAY_TRY(copy.begin(std::move(sql).done()));
  DRAY_TRY(each_key(*load.rows, [&](const RowKey& key, std::uint64_t) -> Result<void> {
    const std::int64_t object = (*load.object_numbers)[key.object];
    if (object == no_object_number) return {};
    copy.begin_row(5);
    copy.put(static_cast<std::int64_t>(key.uuid));
    copy.put_time(key.received_at);
    copy.put(*load.lineage_table);
    copy.put(object);
    copy.put(std::int64_t{key.line});
    return copy.pass_on();
  }));
  DRAY_ASSIGN(const std::uint64_t rows, copy.end());
  (void)rows;
  return {};
}

}  // namespace dray
