#include "ledger/pending_tables.h"

#include <string_view>
#include <utility>

#include "ledger/rows.h"
#include "ledger/shape.h"

namespace dray {

Result<std::vector<PendingTable>> read_pending(Session& session, const std::string& source) {
  std::vector<PendingTable> pending;
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  if (!shape.has_pending) return pending;
  SqlBuilder sql(
      "select table_name, run_id, files, staged_rows, recorded_at from _dray.pending where source "
      "= ");
  DRAY_ASSIGN(
      const QueryResult rows,
      session.query(std::move(sql.text(source).code(" order by run_id, table_name")).done()));
  for (const auto& row : rows.rows)
    pending.push_back({*row[0], RunId(*row[1]), *row[2],
                       static_cast<std::uint64_t>(to_number(row[3], 0)),
                       to_time(row[4]).value_or(Timestamp())});
  return pending;
}

Result<void> write_pending(Session& session, const std::string& source, Timestamp now,
                           const std::vector<PendingTable>& tables,
                           const std::vector<std::string>& reasons) {
  return append_rows(
      session, "pending", tables.size(), [&](std::size_t i, std::vector<PlainValue>& row) {
        const PendingTable& table = tables[i];
        row.assign({std::string_view(source), std::string_view(table.table),
                    std::string_view(table.run_id.text()), std::string_view(table.files),
                    number_value(table.rows), std::string_view(reasons[i]), now});
      });
}

Result<void> forget_pending(Session& session, const std::string& files) {
  SqlBuilder sql("delete from _dray.pending where files = ");
  return execute_on(session, "pending", std::move(sql.text(files)).done());
}

Result<void> forget_settled(Session& session, const std::string& source) {
  SqlBuilder sql("delete from _dray.pending where files = '' and source = ");
  sql.text(source).code(
      " and not exists (select 1 from _dray.objects o where o.state = 'waiting' ");
  sql.code("and o.source = ").text(source);
  sql.code(" and not exists (select 1 from _dray.skipped s where s.source = o.source and s.key = ");
  return execute_on(session, "pending", std::move(sql.code("o.key))")).done());
}

}  // namespace dray
