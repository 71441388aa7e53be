#include "ledger/skipped_objects.h"

#include <string_view>
#include <utility>

#include "ledger/objects.h"
#include "ledger/rows.h"
#include "ledger/shape.h"
#include "sql/query_values.h"

namespace dray {

Result<std::vector<SkippedObject>> read_skipped(Session& session, const std::string& source) {
  std::vector<SkippedObject> skipped;
  DRAY_ASSIGN(const LedgerShape shape, ledger_shape(session));
  if (!shape.has_skipped) return skipped;
  SqlBuilder sql(
      "select key, reason, skipped_by, skipped_at, size_bytes, version from _dray.skipped where "
      "source = ");
  sql.text(source).code(" order by key");
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(sql).done()));
  for (const auto& row : rows.rows) {
    SkippedObject& object = skipped.emplace_back();
    object.key = *row[0];
    object.reason = *row[1];
    object.skipped_by = *row[2];
    object.skipped_at = to_time(row[3]).value_or(Timestamp());
    object.size_bytes = count_in(row[4]);
    object.version = row[5];
  }
  return skipped;
}

namespace {

Result<void> delete_skipped(Session& session, const std::string& source, const std::string& key) {
  SqlBuilder sql("delete from _dray.skipped where source = ");
  return execute_on(session, "skipped",
                    std::move(sql.text(source).code(" and key = ").text(key)).done());
}

}  // namespace

Result<void> write_skipped(Session& session, const std::string& source, SkippedObject object) {
  SqlBuilder seen("select size_bytes, version from _dray.objects where source = ");
  seen.text(source).code(" and key = ").text(object.key);
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(seen).done()));
  if (!rows.rows.empty()) {
    object.size_bytes = count_in(rows.rows[0][0]);
    object.version = rows.rows[0][1];
  }
  DRAY_TRY(forget_objects(session, source, {object.key}));
  SqlBuilder settled("update _dray.objects set changed_at = null where source = ");
  settled.text(source).code(" and key = ").text(object.key);
  DRAY_TRY(execute_on(session, "objects", std::move(settled).done()));
  DRAY_TRY(delete_skipped(session, source, object.key));
  return append_rows(session, "skipped", 1, [&](std::size_t, std::vector<PlainValue>& row) {
    row.assign({std::string_view(source), std::string_view(object.key),
                std::string_view(object.reason), std::string_view(object.skipped_by),
                object.skipped_at,
                object.size_bytes ? number_value(*object.size_bytes) : PlainValue(),
                object.version ? PlainValue(std::string_view(*object.version)) : PlainValue()});
  });
}

Result<void> forget_skipped(Session& session, const std::string& source, const std::string& key) {
  DRAY_TRY(delete_skipped(session, source, key));
  SqlBuilder sql("update _dray.sources set listed_at = null where source = ");
  return execute_on(session, "sources", std::move(sql.text(source)).done());
}

}  // namespace dray
