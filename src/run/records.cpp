#include "run/records.h"

#include "ledger/numbers.h"
#include "run/notes.h"

namespace dray {

Result<std::vector<RunReport>> recent_runs(Warehouse& warehouse,
                                           const std::optional<std::string>& source,
                                           std::size_t count_max) {
  DRAY_ASSIGN(const auto session, warehouse.open_session());
  DRAY_ASSIGN(std::vector<RunReport> runs, recent_runs(*session, source, count_max));
  for (RunReport& run : runs)
    run.warehouse = warehouse.location();
  return runs;
}

Result<std::vector<std::string>> recent_run_ids(Warehouse& warehouse, std::size_t count_max) {
  DRAY_ASSIGN(const auto session, warehouse.open_session());
  return recent_run_ids(*session, count_max);
}

Result<std::optional<RunReport>> find_run(Warehouse& warehouse, const std::string& run_id) {
  DRAY_ASSIGN(const auto session, warehouse.open_session());
  DRAY_ASSIGN(std::optional<RunReport> run, find_run(*session, run_id));
  if (run) run->warehouse = warehouse.location();
  return run;
}

Result<std::vector<std::string>> source_names(Warehouse& warehouse) {
  DRAY_ASSIGN(const auto session, warehouse.open_session());
  return source_names(*session);
}

Result<std::vector<SourceStatus>> source_statuses(Warehouse& warehouse) {
  std::vector<SourceStatus> statuses;
  DRAY_ASSIGN(const auto session, warehouse.open_session());
  DRAY_ASSIGN(const std::vector<std::string> names, source_names(*session));
  if (names.empty()) return statuses;
  DRAY_ASSIGN(const auto sharing, count_shared_numbers(*session));
  for (const std::string& name : names) {
    const auto note = read_note(warehouse, NoteKind::look, name);
    const auto looked = note && *note ? parse_timestamp(**note) : std::nullopt;
    const auto noted = looked ? std::optional(from_micros(*looked)) : std::nullopt;
    DRAY_ASSIGN(SourceStatus status, source_status(*session, name, noted));
    status.last_run.warehouse = warehouse.location();
    const auto shared = sharing.find(name);
    if (shared != sharing.end()) status.objects_sharing = shared->second;
    statuses.push_back(std::move(status));
  }
  return statuses;
}

Result<std::vector<std::string>> known_tables(Warehouse& warehouse,
                                              const std::optional<std::string>& source) {
  DRAY_ASSIGN(const auto session, warehouse.open_session());
  return known_tables(*session, source);
}

Result<bool> knows_object(Warehouse& warehouse, const std::string& key) {
  DRAY_ASSIGN(const auto session, warehouse.open_session());
  return knows_object(*session, key);
}

Result<std::vector<Reject>> find_rejects(Warehouse& warehouse, const RejectFilter& filter) {
  DRAY_ASSIGN(const auto session, warehouse.open_session());
  return find_rejects(*session, filter);
}

Result<std::vector<RejectGroup>> group_rejects(Warehouse& warehouse, const RejectFilter& filter) {
  DRAY_ASSIGN(const auto session, warehouse.open_session());
  return group_rejects(*session, filter);
}

}  // namespace dray
