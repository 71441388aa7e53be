#include "cli/commands.h"
#include "cli/query_output.h"
#include "cli/selection.h"

namespace dray {
namespace {

std::string output_of(const QueryResult& result, OutputForm form, const Terminal& terminal) {
  switch (form) {
    case OutputForm::json:
      return query_json(result);
    case OutputForm::csv:
      return query_csv(result);
    case OutputForm::text:
      return query_text(result, terminal.columns);
  }
  return "";
}

Result<QueryResult> result_of(const QueryCommand& command) {
  DRAY_ASSIGN(const std::string address, select_warehouse(command.selection));
  DRAY_ASSIGN(const std::unique_ptr<Warehouse> warehouse, open_to_read(address));
  DRAY_ASSIGN(const std::unique_ptr<WarehouseSession> session, warehouse->open_session());
  return session->query(Sql::typed_by_user(command.sql));
}

}  // namespace

int run_command(const QueryCommand& command, const Environment& environment) {
  const auto result = result_of(command);
  if (!result.ok()) return tell_failure(environment, command.form, result.error());
  environment.out << output_of(*result, command.form, environment.out_terminal) << std::flush;
  return exit_success;
}

}  // namespace dray
