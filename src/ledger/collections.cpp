#include "ledger/collections.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "ledger/rows.h"
#include "ledger/runs.h"
#include "ledger/shape.h"

namespace dray {
namespace {

// Takes the names out of a text of names with their types, as a run has recorded it.
void add_columns_made(std::string_view joined, std::set<std::string, std::less<>>& columns) {
  while (!joined.empty()) {
    const std::size_t end = std::min(joined.find(", "), joined.size());
    columns.emplace(joined.substr(0, std::min(joined.find(' '), end)));
    joined.remove_prefix(std::min(end + 2, joined.size()));
  }
}

}  // namespace

Result<void> write_tables(Session& session, const std::string& source, const RunId& run_id,
                          const std::vector<TableEntry>& tables) {
  return append_rows(session, "tables", tables.size(),
                     [&](std::size_t i, std::vector<PlainValue>& row) {
                       row.assign({std::string_view(source), std::string_view(tables[i].table),
                                   text_or_null(tables[i].event), tables[i].number,
                                   std::string_view(run_id.text())});
                     });
}

Result<ColumnsMade> columns_made(Session& session, const std::string& source,
                                 const std::vector<std::string>& tables) {
  ColumnsMade made;
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  std::set<std::string, std::less<>> done;  // tables whose making was met
  // A statement takes so many names anywhere.
  constexpr std::size_t tables_at_once = 500;
  for (std::size_t begin = 0; begin < tables.size(); begin += tables_at_once) {
    SqlBuilder sql("select c.table_name, c.new_columns, case when c.created then 1 else 0 end ");
    sql.code("from _dray.collections c join _dray.runs r on r.run_id = c.run_id where r.source = ");
    sql.text(source);
    sql.code(" and c.new_columns <> '' and c.table_name in (");
    const std::size_t end = std::min(tables.size(), begin + tables_at_once);
    for (std::size_t i = begin; i < end; ++i)
      sql.word(i == begin ? "" : ", ").text(tables[i]);
    sql.code(")").sql(newest_first(shape));
    DRAY_ASSIGN(const QueryResult found, session.query(std::move(sql).done()));
    for (const auto& row : found.rows) {
      if (done.contains(*row[0])) continue;
      add_columns_made(*row[1], made[*row[0]]);
      if (to_number(row[2], 0) == 1) done.insert(*row[0]);
    }
  }
  return made;
}

}  // namespace dray
