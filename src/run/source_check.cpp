#include "run/source_check.h"

#include <string>
#include <vector>

#include "base/path_text.h"
#include "base/quotable.h"
#include "ledger/shape.h"
#include "ledger/sources.h"
#include "run/ledger_lock.h"

namespace dray {
namespace {

// Why the warehouse does not take the schema's name as it is; "" when it does.
Result<std::string> why_not_schema(const RunContext& context, Session& session) {
  const std::string& schema = context.report.source;
  const std::size_t bytes_max = context.warehouse.dialect().limits().name_bytes_max;
  if (context.warehouse.dialect().keeps_schema(schema)) {
    return "a source cannot have the schema " + schema + ": the warehouse keeps it for itself";
  }
  if (schema.size() > bytes_max) {
    return "the schema " + schema + " has " + std::to_string(schema.size()) +
           " bytes, and names in the warehouse have " + std::to_string(bytes_max) + " at most";
  }
  if (schema.size() < bytes_max) return std::string();
  // A longer one was cut in silence once.
  DRAY_ASSIGN(const auto others, sources_beginning_with(session, schema));
  if (others.empty()) return std::string();
  return "the schema " + schema + " has the rows of the source " + others.front() +
         ", whose name was cut there";
}

}  // namespace

Result<void> mend_ledger(const RunContext& context, std::unique_ptr<WarehouseSession>& session) {
  if (context.request.mode == SyncMode::plan) return {};
  DRAY_ASSIGN(const std::vector<std::string> gone, ledger_tables_gone(*session));
  if (gone.empty()) return {};
  DRAY_TRY(begin_locked(*session, record_wait_max));
  DRAY_TRY(session->commit());
  DRAY_ASSIGN(session, context.warehouse.open_session());
  for (const std::string& table : gone) {
    context.notice("ledger_table",
                   "_dray." + table +
                       " was gone and is made again: what it said of earlier "
                       "runs is lost, and no row of any other table",
                   1);
  }
  return {};
}

Result<void> check_schema(const RunContext& context, Session& session, const LedgerState& ledger) {
  DRAY_ASSIGN(const std::string why, why_not_schema(context, session));
  if (why.empty()) return {};
  if (!ledger.location) {
    return config_error(why,
                        "call the source something else (--source NAME, or its name "
                        "in dray.yaml)");
  }
  context.notice("schema_name", why + "; the source was loaded before and goes on", 1);
  return {};
}

bool is_elsewhere(const RunContext& context, const LedgerState& ledger) {
  return ledger.location && *ledger.location != context.report.location;
}

Result<void> check_location(const RunContext& context, const LedgerState& ledger) {
  if (!is_elsewhere(context, ledger) || context.request.moved || !ledger.mark.has_loaded) return {};
  // Where nothing is nobody knows what was given (base/quotable.h).
  const std::string& location = context.report.location;
  const bool is_path = location.find("://") == std::string::npos;
  const std::string place =
      is_path
          ? path_to_text(quotable_path(text_to_path(location), "what is given, where nothing is"))
          : location;
  return config_error("the schema " + context.report.source + " is loaded from " +
                          *ledger.location + ", not from " + place,
                      "--source with another name, or --moved if the same logs lie there "
                      "now");
}

void tell_shared_numbers(const RunContext& context, const LedgerState& ledger) {
  const SharedNumbers& shared = ledger.shared;
  if (shared.objects.empty()) return;
  std::string others;
  for (const std::string& source : shared.sources)
    others += (others.empty() ? "" : ", ") + source;
  context.notice(
      "shared_numbers",
      "an earlier version gave objects of this source and of " + others +
          " the same numbers: which of them a row came from nobody can tell, and what one source "
          "loaded again has taken origins from the other; to part them load these objects again "
          "(docs/cli.md, \"Loading an object again\")",
      shared.objects.size());
}

}  // namespace dray
