#include "ledger/sources.h"

#include <string_view>
#include <utility>

#include "ledger/rows.h"

namespace dray {

Result<std::vector<std::string>> sources_beginning_with(Session& session, const std::string& name) {
  std::vector<std::string> others;
  DRAY_ASSIGN(const bool there, has_ledger(session));
  if (!there) return others;
  SqlBuilder sql("select source from _dray.sources where substr(source, 1, ");
  sql.number(static_cast<std::uint64_t>(name.size())).code(") = ").text(name);
  sql.code(" and source <> ").text(name).code(" order by 1");
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(sql).done()));
  for (const auto& row : rows.rows)
    others.push_back(*row[0]);
  return others;
}

Result<std::optional<SourceEntry>> read_source(Session& session, const std::string& source,
                                               const LedgerShape& shape) {
  SqlBuilder sql("select location, listed_at");
  if (shape.has_looks) sql.code(", looked_at, newest_event");
  sql.code(" from _dray.sources where source = ").text(source);
  DRAY_ASSIGN(const QueryResult found, session.query(std::move(sql).done()));
  if (found.rows.empty()) return std::optional<SourceEntry>();
  const LedgerRow& row = found.rows.front();
  SourceEntry entry{text_of(row[0]), to_time(row[1]), {}, {}};
  if (shape.has_looks) {
    entry.looked_at = time_of(row[2]);
    entry.newest_event = to_time(row[3]);
  }
  return std::optional(std::move(entry));
}

Result<void> write_source(Session& session, const std::string& source, const SourceEntry& entry) {
  DRAY_TRY(execute_on(
      session, "sources",
      std::move(SqlBuilder("delete from _dray.sources where source = ").text(source)).done()));
  const auto time = [](const std::optional<Timestamp>& value) {
    return value ? PlainValue(*value) : PlainValue();
  };
  return append_rows(session, "sources", 1, [&](std::size_t, std::vector<PlainValue>& row) {
    row.assign({std::string_view(source), std::string_view(entry.location), time(entry.listed_at),
                time(entry.looked_at), std::monostate(), time(entry.newest_event)});
  });
}

// An update, so that of two runs that look at once each leaves one entry.
Result<void> write_look(Session& session, const std::string& source, Timestamp looked_at,
                        std::optional<Timestamp> listed_at) {
  const auto time = [](Timestamp value) { return format_timestamp(to_micros(value)); };
  SqlBuilder sql("update _dray.sources set looked_at = timestamp ");
  sql.text(time(looked_at));
  if (listed_at) sql.code(", listed_at = timestamp ").text(time(*listed_at));
  sql.code(", looked_run = (select max(run_number) from _dray.runs where source = ").text(source);
  return execute_on(session, "sources",
                    std::move(sql.code(") where source = ").text(source)).done());
}

}  // namespace dray
