#include "run/run_record.h"

#include <algorithm>
#include <chrono>
#include <memory>

#include "ledger/objects.h"
#include "ledger/rejects.h"
#include "run/ledger_lock.h"

namespace dray {
namespace {

// What failed twice is not over by running it again.
std::string what_to_do(const Failures& before) {
  if (before.count == 0) return run_it_again;
  const Timestamp begun = std::chrono::floor<std::chrono::seconds>(before.since);
  return "; it has failed " + std::to_string(before.count + 1) + " times in a row since " +
         format_timestamp(to_micros(begun)) +
         ": mend the cause, nothing is loaded twice (dray history shows each)";
}

}  // namespace

void tell_if_future(const RunContext& context, std::optional<Timestamp> newest) {
  if (!newest || *newest <= context.report.started + std::chrono::days(1)) return;
  context.notice("future_received_at",
                 "an event has a receivedAt of " + format_timestamp(to_micros(*newest)) +
                     ", which is yet to come; its traits win over all until then",
                 1);
}

void tell_shared_ids(const RunContext& context) {
  for (const CollectionReport& table : context.report.collections) {
    if (table.rows_replaced <= table.rows_loaded) continue;
    context.notice("shared_ids_replaced",
                   context.report.source + "." + table.table + ": " +
                       std::to_string(table.rows_loaded) + " rows took the place of " +
                       std::to_string(table.rows_replaced) + ", some of which had one id",
                   table.rows_replaced - table.rows_loaded);
  }
}

Result<void> record_objects(const RunContext& context, Session& session, const LedgerState& ledger,
                            const ObjectSet& objects, const std::vector<std::string>& gone) {
  DRAY_TRY(forget_objects(session, context.report.source, gone));
  return each_entries(objects, ledger, [&](std::vector<ObjectEntry>& entries) -> Result<void> {
    // An object that could not be loaded again is still loaded as it was.
    ChangedObjects as_before;
    std::erase_if(entries, [&](const ObjectEntry& entry) {
      const bool is_kept = !entry.set_aside_reason.empty() && entry.replaces &&
                           ledger.objects.at(entry.object.key).loaded &&
                           ledger.objects.at(entry.object.key).size_bytes > 0;
      if (is_kept) as_before.changed.push_back(entry.number);
      return is_kept;
    });
    DRAY_TRY(write_changed(session, context.report.source, context.report.started, as_before));
    DRAY_TRY(write_objects(session, context.report.source, context.report.run_id,
                           context.report.started, entries));
    // Loaded again: what was wrong with the old content is no longer open.
    std::vector<std::string> again;
    for (const ObjectEntry& entry : entries) {
      if (entry.set_aside_reason.empty() && entry.replaces) again.push_back(entry.object.key);
    }
    return resolve_rejects(session, context.report.source, context.report.run_id, again);
  });
}

Result<void> resolve_retried(const RunContext& context, Session& session,
                             const ObjectSet& objects) {
  const RejectedLines* const retried = context.retried();
  if (retried == nullptr) return {};
  LinesOfObjects read = retried->by_object;
  std::erase_if(read, [&](const auto& object) { return !objects.was_read(object.first); });
  return resolve_rejects(session, context.report.source, context.report.run_id, read);
}

Result<void> tell_mended(const RunContext& context, Session& session) {
  if (!context.is_retry()) return {};
  constexpr const char* code = "rejects_retried";
  std::erase_if(context.report.notices, [](const Notice& notice) { return notice.code == code; });
  DRAY_ASSIGN(const ResolvedRejects resolved,
              count_resolved(session, context.report.source, context.report.run_id));
  if (resolved.count == 0) return {};
  const std::uint64_t mended = resolved.count - resolved.again;
  context.notice(code,
                 std::to_string(mended) + " of " + std::to_string(resolved.count) +
                     (resolved.count == 1 ? " open reject" : " open rejects") +
                     (mended == 1 ? " is" : " are") + " mended; " + std::to_string(resolved.again) +
                     (resolved.again == 1 ? " is a reject" : " are rejects") +
                     " again, now of this run",
                 1);
  return {};
}

Result<void> record_value_rejects(const RunContext& context, Session& session,
                                  ValueRejects& value_rejects, const std::vector<std::string>& keys,
                                  const std::vector<bool>& unusable) {
  DRAY_ASSIGN(const auto told, value_rejects.rows());
  for (const std::unique_ptr<StagedRows>& rejects : told) {
    DRAY_ASSIGN(const ValuesRejected rejected,
                write_rejects(session, context.report.source, context.report.run_id, context.now(),
                              *rejects, keys, unusable));
    for (const auto& [table, count] : rejected)
      context.report.values_rejected += count;
    for (CollectionReport& collection : context.report.collections) {
      const auto count = rejected.find(collection.table);
      if (count != rejected.end()) collection.values_rejected += count->second;
    }
  }
  return {};
}

void fail(RunReport& report, Error error, const Failures& before) {
  if (error.cause == Cause::transient) error.message += what_to_do(before);
  report.status = RunStatus::failure;
  report.collections.clear();
  report.counts = {};
  report.values_rejected = 0;
  report.objects_loaded = report.objects_set_aside = 0;
  report.error = one_line(error);
  report.failure = std::move(error);
}

void fail_and_record(const RunContext& context, Error error) {
  // A run in doubt may have a record already, which says that it was a success.
  const bool is_recorded = context.request.mode == SyncMode::load && error.cause != Cause::in_doubt;
  auto session = is_recorded ? context.warehouse.open_session()
                             : Result<std::unique_ptr<WarehouseSession>>(nullptr);
  const auto before = session && *session ? failures_in_a_row(**session, context.report.source)
                                          : Result<Failures>(Failures());
  fail(context.report, std::move(error), before ? *before : Failures());
  if (!is_recorded) return;
  const auto recorded = [&]() -> Result<void> {
    if (!session) return session.error();
    if (!before) return before.error();
    DRAY_TRY(begin_locked(**session, record_wait_max));
    DRAY_TRY(write_run(**session, context.report, 0));
    return (*session)->commit();
  }();
  if (recorded) return;
  context.report.failure->message +=
      "; that it failed could not be recorded: " + one_line(recorded.error());
  context.report.error = one_line(*context.report.failure);
}

}  // namespace dray
