#include "ledger/objects.h"

#include <string_view>
#include <utility>

#include "ledger/rows.h"
#include "sql/query_values.h"

namespace dray {

Result<std::map<std::string, SetAside>> read_set_aside(Session& session, const std::string& source,
                                                       const LedgerShape& shape) {
  SqlBuilder sql("select key, reason, recorded_at");
  if (shape.has_attempts) sql.code(", set_aside_at, attempts");
  sql.code(" from _dray.objects where state = 'set_aside' and source = ").text(source);
  DRAY_ASSIGN(const QueryResult rows, session.query(std::move(sql).done()));
  std::map<std::string, SetAside> set_aside;
  for (const auto& row : rows.rows) {
    SetAside& object = set_aside[*row[0]];
    object.reason = row[1].value_or("");
    // An entry of an earlier version tells its last attempt alone.
    object.since = to_time(row[2]).value_or(Timestamp());
    object.attempts = 1;
    if (!shape.has_attempts) continue;
    object.since = to_time(row[3]).value_or(object.since);
    object.attempts = static_cast<std::uint64_t>(to_number(row[4], 1));
  }
  return set_aside;
}

Result<void> write_changed(Session& session, const std::string& source, Timestamp now,
                           const ChangedObjects& objects) {
  SqlBuilder since("update _dray.objects set changed_at = timestamp ");
  since.text(format_timestamp(to_micros(now))).code(" where changed_at is null and source = ");
  since.text(source).code(" and object_number");
  DRAY_TRY(execute_in(session, "objects", since, objects.changed));
  SqlBuilder settled("update _dray.objects set changed_at = null where source = ");
  settled.text(source).code(" and object_number");
  return execute_in(session, "objects", settled, objects.settled);
}

namespace {

Result<void> delete_objects(Session& session, const std::string& source,
                            const std::vector<std::int64_t>& numbers) {
  SqlBuilder sql("delete from _dray.objects where source = ");
  return execute_in(session, "objects", sql.text(source).code(" and object_number"), numbers);
}

Result<void> append_objects(Session& session, const std::string& source, const RunId& run_id,
                            Timestamp now, const std::vector<ObjectEntry>& objects,
                            std::string_view loaded_state) {
  return append_rows(
      session, "objects", objects.size(), [&](std::size_t i, std::vector<PlainValue>& row) {
        const ObjectEntry& entry = objects[i];
        const bool loaded = entry.set_aside_reason.empty();
        row.assign({std::string_view(source), std::string_view(entry.object.key),
                    number_value(entry.object.size_bytes), std::string_view(entry.object.version),
                    !loaded       ? std::string_view("set_aside")
                    : entry.waits ? std::string_view("waiting")
                                  : loaded_state,
                    entry.number, std::string_view(run_id.text()),
                    text_or_null(entry.set_aside_reason), number_value(entry.counts.lines),
                    number_value(entry.counts.loaded), number_value(entry.counts.duplicate),
                    number_value(entry.counts.filtered), number_value(entry.counts.rejected), now,
                    loaded ? PlainValue() : PlainValue(entry.set_aside_at.value_or(now)),
                    loaded ? PlainValue() : PlainValue(number_value(entry.attempts)),
                    std::monostate()});
      });
}

}  // namespace

Result<void> announce_objects(Session& session, const std::string& source, const RunId& run_id,
                              Timestamp now, const std::vector<ObjectEntry>& objects) {
  std::vector<ObjectEntry> made;
  std::vector<std::int64_t> kept;
  std::vector<std::int64_t> left;
  for (const ObjectEntry& entry : objects) {
    if (!entry.set_aside_reason.empty()) continue;
    if (entry.replaces == entry.number) {
      kept.push_back(entry.number);
      continue;
    }
    if (entry.replaces) left.push_back(*entry.replaces);
    made.push_back(entry);
  }
  SqlBuilder announce("update _dray.objects set state = 'loading' where source = ");
  DRAY_TRY(execute_in(session, "objects", announce.text(source).code(" and object_number"), kept));
  DRAY_TRY(delete_objects(session, source, left));
  return append_objects(session, source, run_id, now, made, "loading");
}

Result<bool> has_unfinished(Session& session, const std::string& source) {
  SqlBuilder sql("select 1 from _dray.objects where state = 'loading' and source = ");
  DRAY_ASSIGN(const QueryResult found,
              session.query(std::move(sql.text(source).code(" limit 1")).done()));
  return !found.rows.empty();
}

Result<void> forget_unfinished(Session& session, const std::string& source,
                               const SharedNumbers& shared) {
  SqlBuilder sql("select object_number from _dray.objects where state = 'loading' and source = ");
  DRAY_ASSIGN(const QueryResult loading, session.query(std::move(sql.text(source)).done()));
  std::vector<std::int64_t> numbers;
  for (const auto& row : loading.rows) {
    DRAY_ASSIGN(const std::int64_t number, needed_integer(row[0], "_dray.objects.object_number"));
    if (!shared.objects.contains(number)) numbers.push_back(number);
  }
  return forget_origins(session, numbers);
}

Result<void> forget_origins(Session& session, const std::vector<std::int64_t>& object_numbers) {
  return execute_in(session, "lineage", SqlBuilder("delete from _dray.lineage where object_number"),
                    object_numbers);
}

Result<void> write_objects(Session& session, const std::string& source, const RunId& run_id,
                           Timestamp now, const std::vector<ObjectEntry>& objects) {
  SqlBuilder announced("delete from _dray.objects where state = 'loading' and source = ");
  DRAY_TRY(execute_on(session, "objects", std::move(announced.text(source)).done()));
  std::vector<std::int64_t> replaced;
  for (const ObjectEntry& entry : objects) {
    if (entry.replaces) replaced.push_back(*entry.replaces);
  }
  DRAY_TRY(delete_objects(session, source, replaced));
  return append_objects(session, source, run_id, now, objects, "loaded");
}

Result<void> forget_objects(Session& session, const std::string& source,
                            const std::vector<std::string>& keys) {
  SqlBuilder sql("delete from _dray.objects where state = 'set_aside' and source = ");
  return execute_in(session, "objects", sql.text(source).code(" and key"), keys);
}

}  // namespace dray
